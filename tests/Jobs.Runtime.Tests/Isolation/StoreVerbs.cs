using System.Reflection;
using Jobs.Postgres;
using Jobs.Store;
using Npgsql;
using NpgsqlTypes;

namespace Jobs.Runtime.Tests.Isolation;

/// <summary>The verbs of a store in transactions that a test ends: its own methods where they take a transaction, else its own statements.</summary>
sealed class StoreVerbs(BatchFixture fixture)
{
    const int All = 100_000;

    readonly PostgresStore _store = fixture.CreateStore();

    /// <summary>A store one of whose statements is wrong.</summary>
    /// <param name="statement">The name of the store's field that holds it.</param>
    /// <param name="changes">What it says, and what it says instead.</param>
    public StoreVerbs Broken(string statement, params IReadOnlyList<(string Text, string Wrong)> changes)
    {
        var broken = new StoreVerbs(fixture);
        var sql = Sql(statement);
        foreach (var (text, wrong) in changes)
        {
            Assert.Contains(fixture.Schema.Qualify(text), sql, StringComparison.Ordinal);
            sql = sql.Replace(fixture.Schema.Qualify(text), fixture.Schema.Qualify(wrong), StringComparison.Ordinal);
        }

        Field(statement).SetValue(broken._store, sql);
        return broken;
    }

    /// <summary>One whose statement counts in its batch by what its snapshot shows, though it waits for whoever changes the batch.</summary>
    public StoreVerbs CountingBySnapshot(string statement) => Broken(statement, ("FOR NO KEY UPDATE OF b\n), counted AS", "), counted AS"));

    public Change Acknowledge(ClaimedJob job, JobState state, Answer<AcknowledgeResult>? answer = null) => new("acknowledge", async transaction =>
    {
        var result = await AcknowledgeAsync(transaction.Connection!, Outcome(job, state));
        answer?.Value = result;
    });

    public Change Rescue() => new("rescue", transaction => RescueAsync(transaction.Connection!));

    /// <summary>Adds a job, by the store's own method, which others may interrupt between its look at the batch and its first change.</summary>
    public Change Add(TestBatch batch, Answer<bool> isAdded, string? key = null)
    {
        var addition = Task.CompletedTask;
        var goOn = new TaskCompletionSource();
        return new Change(
            "add",
            async transaction =>
            {
                goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                var looked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                addition = AddAsync(transaction, looked);
                await await Task.WhenAny(looked.Task, addition);
            },
            async _ =>
            {
                goOn.TrySetResult();
                await addition;
            })
        { JudgeAsync = async () => isAdded.Value == (await fixture.LookAsync(batch)).IsOpen ? "" : isAdded.Value ? "added to a batch that takes no more" : "refused by an open batch" };

        async Task AddAsync(NpgsqlTransaction transaction, TaskCompletionSource looked)
        {
            try
            {
                await _store.AddToBatchAsync(batch.Id, Source(), static () => [], new EnqueueTerms(transaction, null, []), CancellationToken.None);
                isAdded.Value = true;
            }
            catch (BatchSealedException)
            {
                isAdded.Value = false;
            }

            async IAsyncEnumerable<NewJob> Source()
            {
                looked.SetResult();
                await goOn.Task;
                yield return fixture.NewJob(batch.Id) with { Key = key };
            }
        }
    }

    /// <summary>The same without an interruption.</summary>
    public Change AddAtOnce(TestBatch batch, Answer<bool> isAdded, string? key = null)
    {
        var add = Add(batch, isAdded, key);
        return new Change("add", async transaction =>
        {
            foreach (var part in add.Parts)
                await part(transaction);
        })
        { JudgeAsync = add.JudgeAsync };
    }

    public Change Seal(TestBatch batch) => new("seal", transaction => _store.SealBatchAsync(batch.Id, new EnqueueTerms(transaction, null, []), CancellationToken.None));

    /// <summary>Seals a batch whose builder was not heard of, which others may interrupt between its two statements.</summary>
    public Change Expire(TestBatch batch, Answer<bool> isExpired) => new(
        "seal",
        async transaction => isExpired.Value = await ExecuteAsync(transaction.Connection!, "_expireBatch", parameters => parameters.Bind(batch.Key, NpgsqlDbType.Bigint)) == 1,
        transaction => isExpired.Value ? _store.SealBatchAsync(transaction.Connection!, batch.Key, 0, CancellationToken.None) : Task.CompletedTask);

    /// <summary>The two transactions of the cancel of a batch.</summary>
    public IReadOnlyList<Change> CancelBatch(TestBatch batch) =>
    [
        Mark(batch),
        new("mark members", transaction => QueryAsync(transaction.Connection!, "_cancelExecuting", parameters => parameters.Bind(batch.Key, NpgsqlDbType.Bigint), static reader => reader.GetInt32(0))),
    ];

    /// <summary>The first of them.</summary>
    public Change Mark(TestBatch batch)
    {
        var isMarked = false;
        return new Change("mark", async transaction => isMarked = await QueryAsync(
            transaction.Connection!, "_cancelBatch", parameters => parameters.Bind(batch.Id, NpgsqlDbType.Text), static reader => reader.GetBoolean(2)))
        {
            JudgeAsync = async () => await fixture.LookAsync(batch) is var facts && isMarked == (!facts.IsClosed && !facts.IsCancelled)
                ? ""
                : $"marked: {isMarked}, a batch that is {(facts.IsClosed ? "closed" : "not closed")}",
        };
    }

    /// <summary>Cancels the members that are in one of these states, as the sweep does.</summary>
    public Change CancelMembers(TestBatch batch, params IReadOnlyCollection<JobState> states) =>
        ChangeMembers("cancel", PostgresStore.Cancellable, new JobFilter { Batch = batch.Id, States = states });

    public Change DeleteMembers(TestBatch batch) => ChangeMembers("delete", PostgresStore.Deletable, new JobFilter { Batch = batch.Id });

    Change ChangeMembers(string name, string possible, JobFilter filter) =>
        new(name, transaction => ChangeAsync(transaction.Connection!, name, possible, new JobSelection(filter, long.MinValue, 1_000)));

    public Change Delete(ClaimedJob job, Answer<bool> isDeleted) =>
        new("delete", async transaction => isDeleted.Value = await ChangeAsync(transaction.Connection!, "delete", job.Id));

    public Change Retry(ClaimedJob job, Answer<bool> isRetried) =>
        new("retry", async transaction => isRetried.Value = await ChangeAsync(transaction.Connection!, "retry", job.Id));

    /// <summary>Prunes members of one batch that are in one state, however young.</summary>
    public Change Prune(TestBatch batch, JobState state)
    {
        var pruned = 0;
        return new Change("prune", async transaction => pruned = (await QueryAsync(
            transaction.Connection!,
            "_prune",
            parameters => PostgresStore.BindPrune(parameters, new PruneRule(state, TimeSpan.Zero, [], [], [batch.Id], [], AndTheRest: false), WalkMark.Start, All),
            PostgresStore.ReadPrunedAsync)).Pruned)
        { JudgeAsync = async () => pruned == 0 || (await fixture.LookAsync(batch)).IsClosed ? "" : $"{pruned} members of an open batch pruned" };
    }

    /// <summary>Prunes all batches that have told of their ends, however young.</summary>
    public Change PruneBatches() => new("prune", transaction => QueryAsync(
        transaction.Connection!, "_pruneBatches", static parameters => PostgresStore.BindPruneBatches(parameters, TimeSpan.Zero, WalkMark.Start, All), PostgresStore.ReadPrunedAsync));

    /// <summary>Compares the counters of a batch with its rows, in the two steps that a check takes.</summary>
    public Change Check(TestBatch batch, int expected)
    {
        (string Id, int Pending)? locked = null;
        var drift = 0;
        return new Change(
            "check",
            async transaction => locked = await _store.LockBatchAsync(transaction.Connection!, batch.Key, CancellationToken.None),
            async transaction =>
            {
                drift = locked is not { } counted ? expected : counted.Pending - await _store.CountMembersAsync(transaction.Connection!, batch.Key, CancellationToken.None);
                if (locked is not null && drift != 0)
                    await _store.RepairAsync(transaction.Connection!, batch.Key, drift, CancellationToken.None);
            })
        { JudgeAsync = () => Task.FromResult(drift == expected ? "" : $"a drift of {drift}") };
    }

    public Change CountInParent(TestBatch child) => new("count", transaction => ExecuteAsync(
        transaction.Connection!,
        "_countChildren",
        parameters =>
        {
            parameters.BindArray([child.Key], NpgsqlDbType.Bigint);
            parameters.BindLockWait(null);
        }));

    public async Task<AcknowledgeResult> AcknowledgeAsync(NpgsqlConnection connection, params IEnumerable<Acknowledgement> outcomes) =>
        await QueryAsync(connection, "_acknowledge", parameters => PostgresStore.BindOutcomes(parameters, [.. outcomes]), PostgresStore.ReadAcknowledgedAsync);

    public Task RescueAsync(NpgsqlConnection connection) => ExecuteAsync(connection, "_rescue", static parameters => parameters.Bind(500, NpgsqlDbType.Integer));

    /// <summary>Changes one job, and tells whether that was possible.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="change">"cancel", "delete" or "retry".</param>
    /// <param name="id">The job.</param>
    public async Task<bool> ChangeAsync(NpgsqlConnection connection, string change, long id)
    {
        var result = await ChangeAsync(connection, change, possible: "", JobSelection.One(id));
        return result.Jobs is [{ IsChanged: true }];
    }

    async Task<ChangeResult> ChangeAsync(NpgsqlConnection connection, string change, string possible, JobSelection jobs)
    {
        await using var command = new NpgsqlCommand("", connection);
        command.CommandText = fixture.Schema.Qualify(PostgresStore.WriteChange(command.Parameters, Sql($"_{change}Jobs"), jobs, possible, parameters =>
        {
            if (change == "retry")
                parameters.Bind(default(long?), NpgsqlDbType.Bigint);
        }));
        await using var reader = await command.ExecuteReaderAsync();
        return await _store.ReadChangedAsync(reader, CancellationToken.None);
    }

    public static Acknowledgement Outcome(ClaimedJob job, JobState state) => Acknowledgement.Of(job, state);

    async Task<int> ExecuteAsync(NpgsqlConnection connection, string statement, Action<NpgsqlParameterCollection> bind)
    {
        await using var command = new NpgsqlCommand(Sql(statement), connection);
        bind(command.Parameters);
        return await command.ExecuteNonQueryAsync();
    }

    Task<T> QueryAsync<T>(NpgsqlConnection connection, string statement, Action<NpgsqlParameterCollection> bind, Func<NpgsqlDataReader, T> read) =>
        QueryAsync(connection, statement, bind, async (reader, token) =>
        {
            await reader.ReadAsync(token);
            return read(reader);
        });

    async Task<T> QueryAsync<T>(
        NpgsqlConnection connection, string statement, Action<NpgsqlParameterCollection> bind, Func<NpgsqlDataReader, CancellationToken, Task<T>> read)
    {
        await using var command = new NpgsqlCommand(Sql(statement), connection);
        bind(command.Parameters);
        await using var reader = await command.ExecuteReaderAsync();
        return await read(reader, CancellationToken.None);
    }

    string Sql(string statement) => (string)Field(statement).GetValue(_store)!;

    static FieldInfo Field(string statement)
    {
        var field = typeof(PostgresStore).GetField(statement, BindingFlags.Instance | BindingFlags.NonPublic);
        Assert.NotNull(field);
        return field;
    }
}
