using System.Diagnostics;
using Jobs.Runtime.Tests.Behaviour;

namespace Jobs.Runtime.Tests.HostileArgs;

/// <summary>Alone, since what is measured is that of the process.</summary>
[CollectionDefinition(nameof(MemoryTests), DisableParallelization = true)]
[Collection(nameof(MemoryTests))]
public sealed class MemoryTests
{
    const long Bound = 64L * 1024 * 1024;

    // 12 rows of a few kilobytes, which are 630 MB as text.
    const string Amplified = """
        INSERT INTO jobs.jobs (queue, worker, max_attempts, args)
        SELECT 'tests', 'shipping', 1, (SELECT jsonb_agg('1e131071'::jsonb) FROM generate_series(1, 400))
        FROM generate_series(1, 12)
        """;

    // 300 MB that may be read, one after the other.
    const string Large = """
        INSERT INTO jobs.jobs (queue, worker, max_attempts, priority, args)
        SELECT 'tests', 'shipping', 1, 9, jsonb_build_object('order', i, 'address', repeat('x', 1000000))
        FROM generate_series(1, 300) AS i
        """;

    [Fact]
    public async Task Args_that_would_fill_the_memory_do_not()
    {
        await using var host = await TestHost.StartAsync();
        var (heap, workingSet) = Now();
        var (mostHeap, mostWorkingSet) = (0L, 0L);

        await host.ExecuteAsync($"{Large}; {Amplified}");
        var ended = host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE finished_at IS NULL", open => open == 0, TimeSpan.FromSeconds(60));
        while (!ended.IsCompleted)
        {
            var (heapNow, workingSetNow) = Now();
            (mostHeap, mostWorkingSet) = (Math.Max(mostHeap, heapNow), Math.Max(mostWorkingSet, workingSetNow));
            await Task.WhenAny(ended, Task.Delay(20, TestContext.Current.CancellationToken));
            host.Script.Received.Clear();
        }

        await ended;
        Assert.InRange(mostHeap - heap, long.MinValue, Bound);
        Assert.InRange(mostWorkingSet - workingSet, long.MinValue, Bound * 2);
        Assert.Equal(300, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'completed'"));
        Assert.Equal(12, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'discarded' AND errors->0->>'error' LIKE '%has args of 52,429,600 bytes as text, more than the 1,048,576 %'"));
    }

    // What is held, not what nobody has collected yet.
    static (long Heap, long WorkingSet) Now()
    {
        GC.Collect();
        using var process = Process.GetCurrentProcess();
        return (GC.GetTotalMemory(forceFullCollection: false), process.WorkingSet64);
    }
}
