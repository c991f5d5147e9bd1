using System.Diagnostics;
using Jobs.Runtime.Tests.Conformance;
using Jobs.Store;

namespace Jobs.Runtime.Tests.Maintenance;

/// <summary>Claims a few jobs every few milliseconds, and gives them back: at first alone, then beside what is tested.</summary>
sealed class ClaimLoop : IAsyncDisposable
{
    public const string InsertSql = "INSERT INTO jobs.jobs (worker, queue) SELECT 'Mailer', 'mail' FROM generate_series(1, 1000)";

    const int AtOnce = 5;

    readonly PostgresHarness _harness;
    readonly CancellationTokenSource _stopping = new();
    readonly List<TimeSpan> _alone = [];
    readonly List<TimeSpan> _beside = [];
    Task _claiming = Task.CompletedTask;

    ClaimLoop(PostgresHarness harness) => _harness = harness;

    /// <summary>Has claimed alone for a while when it returns, and goes on.</summary>
    public static async Task<ClaimLoop> StartAsync(PostgresHarness harness)
    {
        var loop = new ClaimLoop(harness);
        var node = await harness.RegisterNodeAsync(TimeSpan.FromHours(1));
        for (var i = 0; i < 100; i++)
            await loop.ClaimAsync(node, loop._alone);
        loop._claiming = Task.Run(async () =>
        {
            while (!loop._stopping.IsCancellationRequested)
                await loop.ClaimAsync(node, loop._beside);
        });
        return loop;
    }

    public async Task<string> StopAsync()
    {
        await _stopping.CancelAsync();
        await _claiming;
        return $"claims: alone {Text(_alone)}, meanwhile {Text(_beside)}";
    }

    /// <summary>No claim waited for maintenance: it would have done so for a whole step, or for all of them.</summary>
    public void AssertWentOn()
    {
        Assert.True(_beside.Count > 100, $"There were {_beside.Count} claims.");
        Assert.InRange(At(_beside, 0.5), TimeSpan.Zero, At(_alone, 0.5) * 10 + TimeSpan.FromMilliseconds(20));
        Assert.InRange(At(_beside, 0.99), TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    async Task ClaimAsync(Guid node, List<TimeSpan> times)
    {
        var watch = Stopwatch.StartNew();
        var claim = await _harness.Store.ClaimAsync("mail", StoreHarness.Known, AtOnce, node, CancellationToken.None);
        times.Add(watch.Elapsed);
        Assert.Equal(AtOnce, claim.Jobs.Count);
        await _harness.Store.AcknowledgeAsync([.. claim.Jobs.Select(job => StoreHarness.Outcome(job, JobState.Available))], CancellationToken.None);
        await Task.Delay(20);
    }

    static TimeSpan At(List<TimeSpan> times, double part) => times.Order().ElementAt((int)(times.Count * part));

    static string Text(List<TimeSpan> times) => $"p50 {At(times, 0.5).TotalMilliseconds:N1} ms, p99 {At(times, 0.99).TotalMilliseconds:N1} ms ({times.Count})";

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
    }
}
