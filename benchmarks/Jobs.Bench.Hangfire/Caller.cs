using System.Diagnostics;
using System.Globalization;
using Hangfire;

namespace Jobs.Bench.Hangfire;

/// <summary>Stores jobs as the bench asks for them. Hangfire has no call that stores several, so <c>bulk</c> is <c>insert</c> with eight callers.</summary>
sealed class Caller(IBackgroundJobClient client)
{
    const int BulkCallers = 8;

    public async Task RunAsync(TextReader commands)
    {
        Protocol.Say("ready", 0, Stopwatch.GetTimestamp());
        while (await commands.ReadLineAsync() is { } line)
        {
            var words = line.Split(' ');
            var jobs = int.Parse(words[1], CultureInfo.InvariantCulture);
            var callers = words[0] == "bulk" ? BulkCallers : int.Parse(words[2], CultureInfo.InvariantCulture);
            var calledAt = Stopwatch.GetTimestamp();
            InsertEach(jobs, callers);
            var doneAt = Stopwatch.GetTimestamp();
            Protocol.Say("called", jobs, calledAt);
            Protocol.Say("done", jobs, doneAt);
        }
    }

    // Its calls block, so each caller has a thread.
    void InsertEach(int jobs, int callers)
    {
        if (jobs == 1)
        {
            client.Enqueue(() => NoOpJob.Perform(1));
            return;
        }

        var next = 0;
        var threads = Enumerable.Range(0, callers).Select(_ => new Thread(() =>
        {
            while (Interlocked.Increment(ref next) is var number && number <= jobs)
                client.Enqueue(() => NoOpJob.Perform(number));
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
    }
}
