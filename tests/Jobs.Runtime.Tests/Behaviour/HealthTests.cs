using Jobs.Nodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Jobs.Runtime.Tests.Behaviour;

public sealed class HealthTests
{
    readonly FakeTimeProvider _time = new();
    readonly JobsHealth _health;

    public HealthTests() => _health = new JobsHealth(_time);

    [Fact]
    public void A_loop_is_late_from_the_time_by_which_it_wanted_to_be_seen_until_it_is_seen()
    {
        var pulse = _health.PulseOf("loop");
        pulse.Expect(TimeSpan.FromSeconds(10));

        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.False(_health.IsLate);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal([new LoopHealth("loop", TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(5))], _health.Loops);
        Assert.True(_health.IsLate);
        pulse.Expect(TimeSpan.FromSeconds(10));

        Assert.False(_health.IsLate);
    }

    [Fact]
    public void A_loop_that_waits_for_work_is_never_late()
    {
        var pulse = _health.PulseOf("loop");
        pulse.Expect(TimeSpan.FromSeconds(10));
        pulse.Rest();

        _time.Advance(TimeSpan.FromDays(100));

        Assert.False(_health.IsLate);
        Assert.Equal(TimeSpan.FromDays(100), Assert.Single(_health.Loops).SinceLastSign);
    }

    [Fact]
    public void The_watchdog_says_once_that_a_loop_is_late_and_once_that_it_is_in_time_again()
    {
        var logs = new LogRecorder();
        var watchdog = new Watchdog(_health, _time, LoggerFactory.Create(builder => builder.AddProvider(logs)).CreateLogger<Watchdog>());
        var pulse = _health.PulseOf("Stager");
        pulse.Expect(TimeSpan.FromSeconds(10));

        watchdog.Look();
        _time.Advance(TimeSpan.FromSeconds(11));
        watchdog.Look();
        watchdog.Look();
        pulse.Rest();
        watchdog.Look();
        watchdog.Look();

        Assert.Collection(
            logs.Lines,
            line => Assert.StartsWith("Warning: Stager is late by 00:00:01", line, StringComparison.Ordinal),
            line => Assert.StartsWith("Information: Stager is in time again.", line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1.5, 0)]   // shorter than any lease could run out in: who is silent is dead
    [InlineData(6, 6)]
    [InlineData(600, 10)]
    public void After_an_outage_of_a_lease_or_more_silent_nodes_have_time_to_come_back(double seconds, double time)
    {
        var outage = new Outage(TimeSpan.FromSeconds(3), _time);
        Assert.True(outage.IsOver);

        _time.Advance(TimeSpan.FromSeconds(1));
        outage.Began();
        Assert.False(outage.IsOver);
        _time.Advance(TimeSpan.FromSeconds(seconds - 1));
        outage.Reached();

        _time.Advance(TimeSpan.FromSeconds(Math.Max(0, time - 0.1)));
        Assert.Equal(time == 0, outage.IsOver);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.True(outage.IsOver);
        outage.Reached();
        Assert.True(outage.IsOver);
    }

    [Fact]
    public async Task A_loop_that_dies_is_logged_and_started_again_and_ends_with_its_token()
    {
        var logs = new LogRecorder();
        var again = new TaskCompletionSource();
        using var ends = new CancellationTokenSource();
        var starts = 0;

        var loop = _health.SuperviseAsync(
            "Fragile",
            async (_, token) =>
            {
                if (++starts == 1)
                    throw new FormatException("The loop broke.");
                again.SetResult();
                await new TaskCompletionSource().Task.WaitAsync(token);
            },
            LoggerFactory.Create(builder => builder.AddProvider(logs)).CreateLogger("Jobs"),
            ends.Token);
        await again.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        // It has nothing to do, and nobody expects a sign.
        _time.Advance(TimeSpan.FromHours(1));
        Assert.False(_health.IsLate);
        await ends.CancelAsync();
        await loop.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.Equal(2, starts);
        Assert.Contains("Fragile failed in a way that it does not know", Assert.Single(logs.Lines), StringComparison.Ordinal);
    }
}
