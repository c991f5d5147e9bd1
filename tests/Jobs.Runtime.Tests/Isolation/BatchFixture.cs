using Jobs.Generated;
using Jobs.Postgres;
using Jobs.Runtime.Tests.Conformance;
using Jobs.Store;
using Jobs.Testing.Database;
using Npgsql;

namespace Jobs.Runtime.Tests.Isolation;

/// <summary>A migrated database in which sessions meet at batches, and all that is needed to bring these to where it gets interesting.</summary>
public sealed class BatchFixture : IAsyncLifetime
{
    // Each callback that anybody has inserted, also where the unique index was in the way afterwards: the counters have to see to it that
    // there is one, and the index only stands behind them. One that is rolled back is gone here too.
    const string TellSql = """
        CREATE TABLE public.told (batch text NOT NULL);
        CREATE INDEX told_batch ON public.told (batch);
        CREATE FUNCTION public.tell() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO public.told VALUES (NEW.args ->> 'batch_id');
            RETURN NEW;
        END $$;
        CREATE TRIGGER tell BEFORE INSERT ON jobs.jobs FOR EACH ROW WHEN (NEW.args ->> 'status' = 'complete') EXECUTE FUNCTION public.tell();
        """;

    static readonly WorkerDefinition Worker = new()
    {
        Name = "Isolation.Worker",
        Queue = "isolation",
        MaxAttempts = 20,
        Priority = 0,
        Create = static _ => throw new NotSupportedException("No job of these tests is performed."),
        Callbacks = BatchCallbacks.Complete,
    };

    TestDatabase? _database;
    PostgresDatabase? _jobs;
    int _batches;

    internal NpgsqlDataSource DataSource { get; private set; } = null!;

    internal SchemaName Schema => _jobs!.Schema;

    internal PostgresStore Store { get; private set; } = null!;

    internal IsolationTester Tester => new(DataSource);

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync();
        DataSource = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(_database.ConnectionString) { MaxAutoPrepare = 50, AutoPrepareMinUsages = 2 });
        _jobs = new PostgresDatabase(new NpgsqlConnectionStringBuilder(_database.ConnectionString), new SchemaName("jobs"));
        Store = new PostgresStore(_jobs);
        await Store.MigrateAsync(CancellationToken.None);
        await ExecuteAsync(TellSql);
    }

    /// <summary>Another store on the same database.</summary>
    internal PostgresStore CreateStore() => new(_jobs!);

    /// <summary>A job for the members of a batch, in the queue of that batch alone.</summary>
    internal NewJob NewJob(string batch) => Jobs.NewJob.Create(Worker, Worker, static (json, _) =>
    {
        json.WriteStartObject();
        json.WriteEndObject();
    }) with
    { Queue = batch };

    /// <summary>Stores a batch and claims all its jobs, for a node without a row.</summary>
    internal async Task<(BatchRef Batch, IReadOnlyList<ClaimedJob> Jobs)> ExecuteBatchAsync(int size)
    {
        var batch = await StartAsync(size);
        return (new BatchRef(batch.Id, size), batch.Executing);
    }

    /// <summary>Stores a sealed batch with members that execute on a node without a row, and others that wait.</summary>
    internal async Task<TestBatch> StartAsync(int executing, int waiting = 0)
    {
        var id = NextId();
        await Store.EnqueueBatchAsync(id, Members(id, executing + waiting), static () => Worker, EnqueueTerms.Alone, CancellationToken.None);
        return await ClaimAsync(id, executing);
    }

    /// <summary>Opens a batch, with members that execute on a node without a row.</summary>
    internal async Task<TestBatch> OpenAsync(int executing, string? parent = null)
    {
        var id = NextId();
        await Store.OpenBatchAsync(
            new NewBatch(id) { Parent = parent, OpenFor = TimeSpan.FromDays(1) }, [StoreHarness.Listener(BatchCallbacks.Complete, Worker)], EnqueueTerms.Alone, CancellationToken.None);
        if (executing > 0)
            await Store.AddToBatchAsync(id, Members(id, executing), static () => [], EnqueueTerms.Alone, CancellationToken.None);
        return await ClaimAsync(id, executing);
    }

    string NextId() => $"isolation-{++_batches}";

    IAsyncEnumerable<NewJob> Members(string batch, int count) => Enumerable.Range(0, count).Select(_ => NewJob(batch)).ToAsyncEnumerable();

    async Task<TestBatch> ClaimAsync(string id, int executing)
    {
        var key = await ScalarAsync<long>("SELECT key FROM jobs.batches WHERE id = $1", id);
        return new TestBatch(id, key, executing == 0 ? [] : (await Store.ClaimAsync(id, [Worker.Name], executing, Guid.NewGuid(), CancellationToken.None)).Jobs);
    }

    /// <summary>Seals a batch, and has what waits of it run to a normal end.</summary>
    /// <returns>What is wrong with it then, if it is not as expected; empty if nothing.</returns>
    internal async Task<string> EndAsync(TestBatch batch, string expected)
    {
        await Store.SealBatchAsync(batch.Id, EnqueueTerms.Alone, CancellationToken.None);
        await Store.StageAsync(100_000, CancellationToken.None);
        var jobs = (await Store.ClaimAsync(batch.Id, [Worker.Name], 100, Guid.NewGuid(), CancellationToken.None)).Jobs.ToList();
        while (await Store.ClaimSuspectAsync([batch.Id], [Worker.Name], Guid.NewGuid(), CancellationToken.None) is { } suspect)
            jobs.Add(suspect);
        if (jobs.Count > 0)
            await Store.AcknowledgeAsync([.. jobs.Select(static job => StoreVerbs.Outcome(job, JobState.Completed))], CancellationToken.None);
        return await ExpectAsync(batch, expected);
    }

    /// <returns>What is wrong with a batch, if it is not as expected; empty if nothing.</returns>
    internal async Task<string> ExpectAsync(TestBatch batch, string expected)
    {
        var facts = await LookAsync(batch);
        var wrong = facts.Wrong(static _ => true);
        return wrong.Length > 0 ? wrong : $"{facts}" == expected ? "" : $"{facts}, and not {expected}";
    }

    internal Task<BatchFacts> LookAsync(TestBatch batch) => BatchFacts.ReadAsync(DataSource, batch.Key);

    internal Task<long> CountCallbacksAsync(BatchRef batch) => ScalarAsync<long>("SELECT count(*) FROM public.told WHERE batch = $1", batch.Id);

    internal async Task<BatchStatus> FindAsync(BatchRef batch) => (await Store.FindBatchAsync(batch.Id, CancellationToken.None))!;

    /// <summary>The state of a job as others see it; <see langword="null"/> if it is gone.</summary>
    internal Task<string?> StateAsync(long id) => ScalarAsync<string?, long>("SELECT state::text FROM jobs.jobs WHERE id = $1", id);

    internal Task<T> ScalarAsync<T>(string sql, string text) => ScalarAsync<T, string>(sql, text);

    internal async Task<T> ScalarAsync<T, TValue>(string sql, TValue value)
    {
        await using var command = DataSource.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter<TValue> { TypedValue = value });
        return (T)(await command.ExecuteScalarAsync())!;
    }

    internal async Task ExecuteAsync(string sql)
    {
        await using var command = DataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Has sessions meet in every order of their steps.</summary>
    /// <param name="begin">Makes what they meet at, once for each order.</param>
    internal async Task<IReadOnlyList<Met>> MeetAsync(Func<Task<Meeting>> begin)
    {
        var met = new List<Met>();
        var next = await begin();
        foreach (var order in Step.Orders([.. next.Actors.Select(static actor => actor.Steps().Count)]))
        {
            met.Add(await (met.Count == 0 ? next : await begin()).MeetAsync(this, order));
        }

        return met;
    }

    /// <summary>Has sessions meet in every order of their steps, and demands that it all goes well.</summary>
    /// <param name="orders">How many orders there are.</param>
    /// <param name="begin">Makes what they meet at, once for each order.</param>
    internal async Task AssertAllRightAsync(int orders, Func<Task<Meeting>> begin)
    {
        var met = await MeetAsync(begin);

        Assert.Equal(orders, met.Count);
        Assert.All(met, static order => Assert.True(order.Wrong == "", $"{order.Wrong}: {order.Trace}"));
    }

    /// <summary>Has sessions meet in every order of their steps, and demands that something goes wrong in some of them.</summary>
    /// <param name="wrong">How what goes wrong begins.</param>
    /// <param name="begin">Makes what they meet at, once for each order.</param>
    internal async Task AssertSomeWrongAsync(string wrong, Func<Task<Meeting>> begin) =>
        Assert.Contains((await MeetAsync(begin)).Select(static order => order.Wrong), found => found.StartsWith(wrong, StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        await DataSource.DisposeAsync();
        await _jobs!.DisposeAsync();
        await _database!.DisposeAsync();
    }
}

/// <summary>A batch of a test, and its members that execute.</summary>
sealed record TestBatch(string Id, long Key, IReadOnlyList<ClaimedJob> Executing);
