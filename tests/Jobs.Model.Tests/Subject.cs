using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Jobs.Generated;
using Jobs.Postgres;
using Jobs.Store;
using Jobs.Testing.Database;
using Npgsql;
using NpgsqlTypes;

namespace Jobs.Model.Tests;

/// <summary>The store that is held to the model, in a database whose clock stands still until it is moved.</summary>
sealed class Subject : IAsyncDisposable
{
    /// <summary>What the clock shows when a history starts.</summary>
    public static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    const int HistoriesBetweenTruncations = 100;

    readonly TestDatabase _test;
    readonly PostgresDatabase _database;
    readonly NpgsqlDataSource _connections;
    readonly ConcurrentDictionary<long, string> _labels = new();
    int _histories;

    Subject(TestDatabase test)
    {
        _test = test;
        // Nothing here outlives the server, so nothing need wait for its disk.
        var settings = new NpgsqlConnectionStringBuilder(test.ConnectionString) { Options = "-c synchronous_commit=off" };
        _database = new PostgresDatabase(new NpgsqlConnectionStringBuilder(settings.ConnectionString), new SchemaName("jobs"));
        _connections = new NpgsqlSlimDataSourceBuilder(settings.ConnectionString).EnableArrays().Build();
        Store = new PostgresStore(_database);
    }

    public PostgresStore Store { get; }

    public static async Task<Subject> StartAsync(CancellationToken cancellationToken)
    {
        var subject = new Subject(await TestDatabase.CreateAsync(cancellationToken));
        await subject.Store.MigrateAsync(cancellationToken);
        await subject.ExecuteAsync("CREATE TABLE public.history AS SELECT timestamptz '2030-01-01Z' AS clock");
        await subject.ExecuteAsync("CREATE OR REPLACE FUNCTION jobs.clock() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS 'SELECT clock FROM public.history'");
        await subject.ExecuteAsync("CREATE TABLE public.inserted (id bigint PRIMARY KEY, args text NOT NULL)");
        await subject.ExecuteAsync("CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.inserted VALUES (NEW.id, NEW.args::text); RETURN NULL; END'");
        await subject.ExecuteAsync("CREATE TRIGGER note AFTER INSERT ON jobs.jobs FOR EACH ROW EXECUTE FUNCTION public.note()");
        return subject;
    }

    /// <summary>Has every change of a row take up to two milliseconds, so that calls at the same time get into each other's way.</summary>
    public async Task DawdleAsync()
    {
        await ExecuteAsync("CREATE FUNCTION public.dawdle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(random() * 0.002); RETURN NEW; END'");
        await ExecuteAsync("CREATE TRIGGER dawdle BEFORE INSERT OR UPDATE ON jobs.jobs FOR EACH ROW EXECUTE FUNCTION public.dawdle()");
        await ExecuteAsync("CREATE TRIGGER dawdle BEFORE INSERT OR UPDATE ON jobs.batches FOR EACH ROW EXECUTE FUNCTION public.dawdle()");
        await ExecuteAsync("CREATE TRIGGER dawdle BEFORE INSERT OR UPDATE ON jobs.unique_keys FOR EACH ROW EXECUTE FUNCTION public.dawdle()");
    }

    /// <summary>Has the store run a statement that is wrong.</summary>
    /// <param name="statement">The name of the store's field that holds it.</param>
    /// <param name="text">What it says, as often as it says it.</param>
    /// <param name="wrong">What it says from now on.</param>
    /// <returns>Mends it.</returns>
    public IDisposable Break(string statement, string text, string wrong)
    {
        var field = typeof(PostgresStore).GetField(statement, BindingFlags.Instance | BindingFlags.NonPublic);
        Assert.NotNull(field);
        var sql = (string)field.GetValue(Store)!;
        var schema = _database.Schema;
        Assert.Contains(schema.Qualify(text), sql, StringComparison.Ordinal);
        field.SetValue(Store, sql.Replace(schema.Qualify(text), schema.Qualify(wrong), StringComparison.Ordinal));
        return new Mending(() => field.SetValue(Store, sql));
    }

    sealed class Mending(Action mend) : IDisposable
    {
        public void Dispose() => mend();
    }

    /// <summary>Empties the tables and sets the clock to <see cref="Start"/>.</summary>
    public Task BeginHistoryAsync()
    {
        _labels.Clear();
        return ExecuteAsync($"""
            {(_histories++ % HistoriesBetweenTruncations == 0
                ? "TRUNCATE public.inserted, jobs.jobs, jobs.batches, jobs.nodes, jobs.leader, jobs.unique_keys, jobs.queue_settings;"
                : "DELETE FROM jobs.jobs; DELETE FROM jobs.batches; DELETE FROM jobs.nodes; DELETE FROM jobs.leader; DELETE FROM jobs.unique_keys; DELETE FROM jobs.queue_settings;")}
            UPDATE public.history SET clock = '2030-01-01Z'
            """);
    }

    public Task MoveClockAsync(TimeSpan by) => ExecuteAsync(string.Create(
        CultureInfo.InvariantCulture, $"UPDATE public.history SET clock = clock + interval '{by.TotalSeconds} seconds'"));

    public async Task ExecuteAsync(string sql)
    {
        await using var command = _connections.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>A connection of the user's, for transactions of his own.</summary>
    public ValueTask<NpgsqlConnection> OpenAsync() => _connections.OpenConnectionAsync(TestContext.Current.CancellationToken);

    /// <summary>Remembers whose id this is.</summary>
    public void Know(string label, long id) => _labels[id] = label;

    /// <summary>The ids of the jobs that were named, by their labels.</summary>
    public IEnumerable<KeyValuePair<string, long>> Ids => _labels.Select(static named => KeyValuePair.Create(named.Value, named.Key));

    /// <summary>The label of a job.</summary>
    public string LabelOf(long id) => _labels.TryGetValue(id, out var label) ? label : LabelOf(id, ArgsAtInsert(id));

    // Members of a batch that another client has just enqueued are known by nothing else, and may be gone again.
    string ArgsAtInsert(long id)
    {
        using var command = _connections.CreateCommand($"SELECT args FROM public.inserted WHERE id = {id}");
        return (string)command.ExecuteScalar()!;
    }

    // A job keeps the label that it was inserted with, whatever becomes of its args.
    string LabelOf(long id, string args)
    {
        lock (_labels)
            return _labels.GetOrAdd(id, _ => LabelIn(args));
    }

    string LabelIn(string args)
    {
        var json = JsonDocument.Parse(args).RootElement;
        if (json.TryGetProperty("job", out var label))
            return label.GetString()!;

        var batch = json.GetProperty("batch_id").GetString()!;
        for (var before = 0; ; before++)
        {
            var callback = World.CallbackOf(json.GetProperty("status").GetString()!, batch, before);
            if (!_labels.Values.Contains(callback))
                return callback;
        }
    }

    const string JobsSql = """
        SELECT
            j.id, j.args::text, j.worker, j.queue, j.state::text, j.scheduled_at, j.inserted_at, j.priority, j.max_attempts, j.attempt, j.run, j.crashes,
            j.node, j.attempted_at, j.finished_at,
            CASE WHEN j.batch IS NOT NULL THEN coalesce(b.id, '(pruned)') END,
            CASE WHEN j.callback_of IS NOT NULL THEN coalesce(c.id, '(pruned)') || replace(': ' || j.callback, ': complete', '') END, j.errors::text,
            j.cancel_requested_at, array_to_string(j.tags, ','), j.meta::text, j.progress::text, j.output::text,
            j.batch IS NOT NULL AND (j.attempted IS TRUE OR j.finished_at IS NOT NULL), j.unique_key, i.args
        FROM jobs.jobs AS j
        JOIN public.inserted AS i USING (id)
        LEFT JOIN jobs.batches AS b ON b.key = j.batch
        LEFT JOIN jobs.batches AS c ON c.key = j.callback_of
        ORDER BY j.id
        """;

    const string BatchesSql = """
        SELECT
            id, inserted_at, sealed_at, closed_at, total, completed, cancelled, discarded, pending,
            callback_worker, callback_queue, callback_priority, callback_max_attempts, unattempted, told,
            (SELECT coalesce(sum(c.kind), 0)::integer FROM jobs.batch_callbacks AS c WHERE c.batch = b.key AND c.worker = b.callback_worker)
        FROM jobs.batches AS b
        ORDER BY key
        """;

    const string NodesSql = "SELECT id, name, queues, workers, started_at, expires_at, concurrency FROM jobs.nodes ORDER BY id";

    const string SettingsSql = "SELECT queue, node, state, state_set_at, concurrency, concurrency_set_at, seen_at FROM jobs.queue_settings";

    const string KeysSql = "SELECT key, job_id, expires_at, held_in::text[] FROM jobs.unique_keys ORDER BY key";

    const string LeaderSql = "SELECT node, elected_at, expires_at FROM jobs.leader WHERE only_one";

    /// <summary>Reads everything that a history may change.</summary>
    public async Task<Tables> ReadAsync()
    {
        await using var batch = _connections.CreateBatch();
        foreach (var sql in (string[])[JobsSql, BatchesSql, NodesSql, LeaderSql, SettingsSql, KeysSql])
            batch.BatchCommands.Add(new NpgsqlBatchCommand(sql));
        await using var reader = await batch.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        return new Tables(
            await RowsAsync(reader, ReadJob),
            await RowsAsync(reader, ReadBatch),
            await RowsAsync(reader, ReadLease),
            (await RowsAsync(reader, ReadLeader)).SingleOrDefault(),
            await RowsAsync(reader, ReadSetting),
            await RowsAsync(reader, ReadKey));
    }

    /// <summary>The columns of the schema's tables that <see cref="ReadAsync"/> does not read, as "table.column".</summary>
    public async Task<IReadOnlyList<string>> UnreadColumnsAsync()
    {
        await using var command = _connections.CreateCommand(
            "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'jobs' AND table_name <> 'migrations' ORDER BY table_name, ordinal_position");
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var columns = await RowsAsync(reader, static row => row.GetString(0));
        var read = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["jobs"] = JobsSql,
            ["batches"] = BatchesSql,
            ["batch_callbacks"] = BatchesSql,
            ["nodes"] = NodesSql,
            ["leader"] = LeaderSql,
            ["queue_settings"] = SettingsSql,
            ["unique_keys"] = KeysSql,
        };
        return [.. columns.Where(column => column.Split('.') is not [var table, var name] || !read.TryGetValue(table, out var sql) || !Regex.IsMatch(sql, $@"\b{name}\b"))];
    }

    static async Task<ImmutableList<T>> RowsAsync<T>(NpgsqlDataReader reader, Func<NpgsqlDataReader, T> read)
    {
        var rows = ImmutableList.CreateBuilder<T>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
            rows.Add(read(reader));
        await reader.NextResultAsync(TestContext.Current.CancellationToken);
        return rows.ToImmutable();
    }

    JobRow ReadJob(NpgsqlDataReader row)
    {
        var args = row.GetString(1);
        return new JobRow(LabelOf(row.GetInt64(0), row.GetString(25)))
        {
            Worker = row.GetString(2),
            Queue = row.GetString(3),
            State = JobStates.FromSql(row.GetString(4)),
            ScheduledAt = Time(row, 5)!.Value,
            InsertedAt = Time(row, 6)!.Value,
            Args = args,
            Priority = row.GetInt16(7),
            MaxAttempts = row.GetInt16(8),
            Attempt = row.GetInt16(9),
            Run = row.GetInt64(10),
            Crashes = row.GetInt16(11),
            Node = row.IsDBNull(12) ? null : row.GetGuid(12),
            AttemptedAt = Time(row, 13),
            FinishedAt = Time(row, 14),
            Batch = Text(row, 15),
            CallbackOf = Text(row, 16),
            Errors = Errors(Text(row, 17)),
            CancelRequestedAt = Time(row, 18),
            Tags = Text(row, 19),
            Meta = Text(row, 20),
            Progress = Text(row, 21),
            Output = Text(row, 22),
            IsAttempted = row.GetBoolean(23),
            UniqueKey = row.IsDBNull(24) ? null : UniqueName.Of(row.GetGuid(24)),
        };
    }

    static string Errors(string? json) => json is null
        ? ""
        : string.Join('\n', JsonDocument.Parse(json).RootElement.EnumerateArray().Select(error => string.Create(
            CultureInfo.InvariantCulture,
            $"{error.GetProperty("attempt").GetInt32()} at {(error.GetProperty("at").GetDateTimeOffset() - Start).TotalSeconds:0}: {error.GetProperty("error").GetString()}")));

    static BatchRow ReadBatch(NpgsqlDataReader row)
    {
        var batch = new BatchRow(row.GetString(0))
        {
            InsertedAt = Time(row, 1)!.Value,
            SealedAt = Time(row, 2),
            ClosedAt = Time(row, 3),
            Total = row.GetInt32(4),
            Completed = row.GetInt32(5),
            Cancelled = row.GetInt32(6),
            Discarded = row.GetInt32(7),
            CallbackWorker = Text(row, 9),
            CallbackQueue = Text(row, 10),
            CallbackPriority = row.IsDBNull(11) ? null : row.GetInt16(11),
            CallbackMaxAttempts = row.IsDBNull(12) ? null : row.GetInt16(12),
            Unattempted = row.GetInt32(13),
            Told = (BatchCallbacks)row.GetInt16(14),
            Heard = (BatchCallbacks)row.GetInt32(15),
        };
        Assert.Equal(batch.Pending, row.GetInt32(8));
        return batch;
    }

    static LeaseRow ReadLease(NpgsqlDataReader row) => new(
        row.GetGuid(0), row.GetString(1), string.Join(',', row.GetFieldValue<string[]>(2)), string.Join(',', row.GetFieldValue<int[]>(6)), string.Join(',', row.GetFieldValue<string[]>(3)),
        Time(row, 4)!.Value, Time(row, 5)!.Value);

    static LeaderRow ReadLeader(NpgsqlDataReader row) => new(row.GetGuid(0), Time(row, 1)!.Value, Time(row, 2)!.Value);

    static SettingRow ReadSetting(NpgsqlDataReader row) => new(row.GetString(0), row.GetString(1))
    {
        State = Text(row, 2) is { } state ? QueueStates.FromSql(state) : null,
        StateSetAt = Time(row, 3),
        Concurrency = row.IsDBNull(4) ? null : row.GetInt32(4),
        ConcurrencySetAt = Time(row, 5),
        SeenAt = Time(row, 6)!.Value,
    };

    KeyRow ReadKey(NpgsqlDataReader row) => new(
        UniqueName.Of(row.GetGuid(0)), row.GetGuid(0), LabelOf(row.GetInt64(1)),
        row.GetFieldValue<DateTimeOffset>(2) is var end && end == DateTimeOffset.MaxValue ? null : end - Start,
        string.Join(',', row.GetFieldValue<string[]>(3).Select(state => JobStates.FromSql(state).ToString()).Order(StringComparer.Ordinal)));

    static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    static TimeSpan? Time(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column) - Start;

    public async ValueTask DisposeAsync()
    {
        await _connections.DisposeAsync();
        await _database.DisposeAsync();
        await _test.DisposeAsync();
    }
}
