using System.Reflection;
using Jobs.Torture.Scenarios;
using Microsoft.Extensions.Logging;

namespace Jobs.Torture.Tests;

/// <summary>A log is asked for events by their ids: it would be silent for ever about one whose id is another by now.</summary>
public sealed class BatchEventsTests
{
    [Fact]
    public void The_events_that_are_counted_are_those_that_the_engine_logs()
    {
        var logged = typeof(JobClient).Assembly.GetType("Jobs.Log", throwOnError: true)!
            .GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
            .Select(static method => (method.Name, Id: method.GetCustomAttribute<LoggerMessageAttribute>()?.EventId))
            .ToList();

        Assert.All(Batches.Events, expected => Assert.Contains((expected.Value, expected.Key), logged.Select(static log => (log.Name, log.Id ?? -1))));
    }
}
