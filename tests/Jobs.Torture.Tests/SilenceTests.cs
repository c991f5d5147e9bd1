using Jobs.Testing.Database;
using Jobs.Torture.Checking;
using Jobs.Torture.Nodes;
using Jobs.Torture.Proxy;
using Jobs.Torture.Scenarios;
using Jobs.Torture.Work;
using Microsoft.Extensions.DependencyInjection;

namespace Jobs.Torture.Tests;

/// <summary>A node that is stopped, or cut off without a word, when it has asked for the end of a job and has not heard of it.</summary>
public sealed class SilenceTests : IDisposable
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("jobs-silence-");

    [Fact]
    public async Task A_node_that_falls_silent_while_it_completes_a_job_holds_up_nobody()
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

        // Who is asked for the commit only when the answer has arrived holds the batch's row until then.
        Assert.Equal(1, await observer.AskAsync<int>("SELECT completed FROM jobs.batches FOR UPDATE NOWAIT", [], cancellationToken));
        await using var other = await NodeProcess.StartAsync(Settings(database.ConnectionString));

        await observer.WaitUntilAsync(
            $"the other node goes on with the batch", "SELECT completed > 20 FROM jobs.batches", [], TimeSpan.FromSeconds(20), cancellationToken);
        Assert.Equal(0L, await observer.AskAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state IN ('retryable', 'discarded')", [], cancellationToken));
    }

    NodeSettings Settings(string connectionString) => new(connectionString, _folder.FullName, Lease: TimeSpan.FromSeconds(10), Concurrency: 1);

    public void Dispose() => _folder.Delete(recursive: true);
}
