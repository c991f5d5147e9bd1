using Jobs.Testing.Database;
using Jobs.Torture.Checking;
using Jobs.Torture.Nodes;
using Jobs.Torture.Proxy;
using Jobs.Torture.Scenarios;
using Jobs.Torture.Work;
using Microsoft.Extensions.DependencyInjection;

namespace Jobs.Torture.Tests;

/// <summary>A node that is stopped, or cut off without a word, in the one moment in which it holds the row of its batch.</summary>
public sealed class SilenceTests : IDisposable
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("jobs-silence-");

    [Fact]
    public async Task A_node_that_falls_silent_between_acknowledgement_and_commit_holds_up_its_batch_for_seconds_only()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var database = await TestDatabase.CreateAsync(cancellationToken);
        await using var observer = new Observer(database.ConnectionString);
        await UserTable.CreateAsync(observer, cancellationToken);
        using var client = await Run.StartClientAsync(database.ConnectionString, cancellationToken);
        await client.Services.GetRequiredService<JobClient>().EnqueueBatchAsync(
            "batch", Enumerable.Range(0, 100).Select(number => TortureWorker.New(new Write(number, Milliseconds: 1))), cancellationToken: cancellationToken);
        var plan = new CutPlan(new Random(1), each: 0);
        await using var proxy = new PostgresProxy(database.ConnectionString, plan);
        var frozen = plan.FreezeOnce(StatementKind.Acknowledge);

        await using var silent = await NodeProcess.StartAsync(Settings(proxy.ConnectionString));
        await frozen.WaitAsync(TimeSpan.FromMinutes(1), cancellationToken);
        silent.Pause();
        await using var other = await NodeProcess.StartAsync(Settings(database.ConnectionString));

        await observer.WaitUntilAsync(
            $"the other node goes on with the batch", "SELECT completed > 20 FROM jobs.batches", [], TimeSpan.FromSeconds(20), cancellationToken);
        Assert.Equal(0L, await observer.AskAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state IN ('retryable', 'discarded')", [], cancellationToken));
    }

    NodeSettings Settings(string connectionString) => new(connectionString, _folder.FullName, Lease: TimeSpan.FromSeconds(10), Concurrency: 1);

    public void Dispose() => _folder.Delete(recursive: true);
}
