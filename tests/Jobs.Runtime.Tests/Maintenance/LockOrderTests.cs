using System.Collections.Concurrent;
using System.Text.Json;
using Jobs.Generated;
using Jobs.Postgres;
using Jobs.Runtime.Tests.Conformance;
using Jobs.Store;
using Jobs.Testing.Database;
using Npgsql;

namespace Jobs.Runtime.Tests.Maintenance;

/// <summary>All that changes many rows in one statement, at once, and on the same rows.</summary>
[Collection("A million jobs")]
public sealed class LockOrderTests(ITestOutputHelper output)
{
    const int Acknowledgers = 8;
    const int Chunk = 200;

    static readonly TimeSpan Load = TimeSpan.FromSeconds(10);
    static readonly TimeSpan MaintainsEvery = TimeSpan.FromMilliseconds(50);

    static readonly WorkerDefinition Teller = new()
    {
        Name = "Teller",
        Queue = "tell",
        MaxAttempts = 20,
        Priority = 0,
        Create = static _ => throw new NotSupportedException("No job of this test is performed."),
        Callbacks = BatchCallbacks.Complete,
    };

    readonly ConcurrentBag<string> _batches = [];
    readonly ConcurrentBag<string> _told = [];
    readonly ConcurrentDictionary<string, int> _turns = new();
    readonly ConcurrentQueue<string> _deadlocks = new();

    [Fact]
    public async Task Statements_that_change_many_rows_never_wait_for_each_other_in_a_circle_and_each_batch_tells_once()
    {
        await using var test = await TestDatabase.CreateAsync(TestContext.Current.CancellationToken);

        // The server counts what a session has seen when it ends at the latest.
        await using (var database = new PostgresDatabase(new NpgsqlConnectionStringBuilder(test.ConnectionString), new SchemaName("jobs")))
        {
            var store = new PostgresStore(database);
            await store.MigrateAsync(TestContext.Current.CancellationToken);
            using var ends = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            ends.CancelAfter(Load);
            await Task.WhenAll(Everybody(store).Select(one => RunAsync(one.Name, one.Turn, one.Rests, ends.Token)));
            await EndAllAsync(test, store);
        }

        output.WriteLine($"{_batches.Count} batches; turns: {string.Join(", ", _turns.OrderBy(static turns => turns.Key).Select(static turns => $"{turns.Value} × {turns.Key}"))}");
        Assert.Equal("", string.Join('\n', _deadlocks));
        Assert.Equal(0, await ScalarAsync<long>(test, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"));
        Assert.Equal(_batches.Order(), _told.Order());
        Assert.All(_turns, static turns => Assert.True(turns.Value >= 10, $"{turns.Key} had {turns.Value} turns only."));
    }

    IEnumerable<(string Name, Func<CancellationToken, Task> Turn, TimeSpan Rests)> Everybody(PostgresStore store)
    {
        var (none, short_) = (TimeSpan.Zero, TimeSpan.FromMilliseconds(20));
        for (var i = 0; i < Acknowledgers; i++)
        {
            var node = Guid.NewGuid();
            yield return ("acknowledge", async token => node = await WorkAsync(store, node, token), none);
        }

        for (var twice = 0; twice < 2; twice++)
        {
            yield return ("enqueue", token => EnqueueAsync(store, token), none);
            yield return ("enqueue unique", token => EnqueueUniqueAsync(store, token), short_);
            yield return ("cancel", token => store.CancelAsync(Some(JobState.Available, JobState.Executing, JobState.Retryable), token), short_);
            yield return ("retry", token => store.RetryAsync(Some(JobState.Cancelled, JobState.Discarded, JobState.Retryable), token), short_);
            yield return ("delete", token => store.DeleteAsync(Some(JobState.Retryable, JobState.Scheduled, JobState.Completed, JobState.Cancelled), token), short_);
            yield return ("edit", token => store.EditAsync(Some(JobState.Available, JobState.Retryable), new JobEdit { Priority = Random.Shared.Next(10) }, token), short_);
            yield return ("stage", token => store.StageAsync(Chunk, token), MaintainsEvery);
            yield return ("rescue", token => store.RescueAsync(Chunk, token), MaintainsEvery);
            yield return ("prune", token => PruneAsync(store, token), MaintainsEvery);
            yield return ("sweep keys", token => store.SweepKeysAsync(Guid.Empty, Chunk, token), MaintainsEvery);
            yield return ("sweep settings", token => store.SweepQueueSettingsAsync(TimeSpan.Zero, token), MaintainsEvery);
            yield return ("tell", token => TellAsync(store, token), short_);
        }
    }

    async Task RunAsync(string name, Func<CancellationToken, Task> turn, TimeSpan rests, CancellationToken ends)
    {
        await Task.Yield();
        while (!ends.IsCancellationRequested)
        {
            try
            {
                // A turn is not cut off: what it has begun, such as a batch that is to be told, would not be known.
                await turn(CancellationToken.None);
                _turns.AddOrUpdate(name, 1, static (_, turns) => turns + 1);
            }
            catch (Exception exception) when (Deadlock(exception) is { } deadlock)
            {
                _deadlocks.Enqueue($"{name}: {deadlock.Detail} {deadlock.Where}");
            }

            await Task.Delay(rests, ends).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    static PostgresException? Deadlock(Exception exception) => exception switch
    {
        PostgresException { SqlState: PostgresErrorCodes.DeadlockDetected } deadlock => deadlock,
        { InnerException: { } cause } => Deadlock(cause),
        _ => null,
    };

    // Of random priorities, so that a claim brings jobs of many batches.
    async Task EnqueueAsync(PostgresStore store, CancellationToken cancellationToken)
    {
        if (_batches.Count - _told.Count > 60)
        {
            await Task.Delay(MaintainsEvery, cancellationToken);
            return;
        }

        var id = $"{Guid.NewGuid()}";
        var members = Enumerable.Range(0, Random.Shared.Next(5, 60)).Select(static i => StoreHarness.NewJob($"{i}") with { Priority = Random.Shared.Next(10) });
        await store.EnqueueBatchAsync(id, members.ToAsyncEnumerable(), static () => Teller, EnqueueTerms.Alone, cancellationToken);
        _batches.Add(id);
    }

    static async Task EnqueueUniqueAsync(PostgresStore store, CancellationToken cancellationToken)
    {
        var terms = new Uniqueness { OnConflict = Random.Shared.Next(2) == 0 ? UniqueConflict.Replace : UniqueConflict.ReturnExisting, States = UniqueStates.Unfinished };
        var jobs = Enumerable.Range(0, 30).Select(_ => StoreHarness.UniqueJob($"{Random.Shared.Next(50)}", terms)).ToList();
        await store.EnqueueAsync(jobs[0], EnqueueTerms.Alone, cancellationToken);
        await store.EnqueueAsync(jobs.ToAsyncEnumerable(), EnqueueTerms.Alone, cancellationToken);
    }

    /// <summary>Claims, and acknowledges all at once in any order, sometimes twice; or dies, and comes back as another node.</summary>
    static async Task<Guid> WorkAsync(PostgresStore store, Guid node, CancellationToken cancellationToken)
    {
        var row = new NodeRow(node, $"{node}", [new("mail", 100)], StoreHarness.Known);
        if (Random.Shared.Next(20) == 0)
        {
            await store.RemoveNodeAsync(node, cancellationToken);
            row = row with { Id = Guid.NewGuid() };
        }

        if (!(await store.RenewNodeAsync(row.Id, TimeSpan.FromMinutes(1), [], cancellationToken)).IsRenewed)
            await store.RegisterNodeAsync(row, TimeSpan.FromMinutes(1), cancellationToken);
        var claimed = (await store.ClaimAsync("mail", StoreHarness.Known, 100, row.Id, cancellationToken)).Jobs.ToList();
        while (claimed.Count < 100 && await store.ClaimSuspectAsync(["mail"], StoreHarness.Known, row.Id, cancellationToken) is { } suspect)
            claimed.Add(suspect);
        if (Random.Shared.Next(20) == 0)
        {
            await store.RemoveNodeAsync(row.Id, cancellationToken);
            return Guid.NewGuid();
        }

        var outcomes = claimed.Select(static job => StoreHarness.Outcome(job, Outcome())).ToArray();
        await Task.WhenAll(Enumerable.Range(0, Random.Shared.Next(1, 3)).Select(_ =>
            store.AcknowledgeAsync([.. outcomes.OrderBy(static _ => Random.Shared.Next())], cancellationToken)));
        return row.Id;
    }

    static JobState Outcome() => Random.Shared.Next(100) switch
    {
        < 60 => JobState.Completed,
        < 70 => JobState.Discarded,
        < 85 => JobState.Retryable,
        < 95 => JobState.Scheduled,
        _ => JobState.Available,
    };

    JobSelection Some(params JobState[] states) => new(
        new JobFilter { Queues = ["mail"], States = states, Batch = Random.Shared.Next(2) == 0 && _batches.TryPeek(out var batch) ? batch : null },
        long.MinValue,
        Random.Shared.Next(2) == 0 ? Chunk : 20);

    static async Task PruneAsync(PostgresStore store, CancellationToken cancellationToken)
    {
        foreach (var state in new[] { JobState.Completed, JobState.Cancelled, JobState.Discarded })
            await store.PruneAsync(new PruneRule(state, TimeSpan.Zero, [], [], [], [], AndTheRest: true), WalkMark.Start, Chunk, cancellationToken);
        await store.PruneBatchesAsync(TimeSpan.Zero, WalkMark.Start, Chunk, cancellationToken);
    }

    async Task TellAsync(PostgresStore store, CancellationToken cancellationToken)
    {
        var node = Guid.NewGuid();
        await store.RegisterNodeAsync(new NodeRow(node, $"{node}", [new("tell", 100)], [Teller.Name]), TimeSpan.FromMinutes(1), cancellationToken);
        var callbacks = (await store.ClaimAsync("tell", [Teller.Name], 100, node, cancellationToken)).Jobs;
        foreach (var callback in callbacks)
            _told.Add(JsonDocument.Parse(callback.Args!.Value).RootElement.GetProperty("batch_id").GetString()!);
        await store.AcknowledgeAsync([.. callbacks.Select(static job => StoreHarness.Outcome(job, JobState.Completed))], cancellationToken);
        await store.RemoveNodeAsync(node, cancellationToken);
    }

    async Task EndAllAsync(TestDatabase test, PostgresStore store)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(TimeSpan.FromMinutes(1));
        await ExecuteAsync(test, "DELETE FROM jobs.nodes");
        while (await ScalarAsync<long>(test, "SELECT count(*) FROM jobs.jobs WHERE NOT jobs.is_final(state)") > 0)
        {
            await store.RescueAsync(1_000, timeout.Token);
            await store.StageAsync(1_000, timeout.Token);
            await store.CancelAsync(new JobSelection(new JobFilter { Queues = ["mail"] }, long.MinValue, 1_000), timeout.Token);
            await TellAsync(store, timeout.Token);
        }
    }

    static Task ExecuteAsync(TestDatabase test, string sql) => ScalarAsync<object?>(test, sql);

    static async Task<T> ScalarAsync<T>(TestDatabase test, string sql)
    {
        await using var connection = new NpgsqlConnection($"{test.ConnectionString};Pooling=false");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
