using System.Data;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Jobs.Store;
using Npgsql;
using NpgsqlTypes;

namespace Jobs.Postgres;

sealed partial class PostgresStore
{
    // A source of jobs is read in chunks: while it is asked for more it may use the caller's connection itself, so no COPY is
    // open then. 2,000 rows of 300 bytes take 4 ms, of which the two round trips are a tenth.
    const int ChunkRows = 2_000;
    const int ChunkBytes = 1024 * 1024;

    // Below it one statement is faster than a COPY, which needs three round trips.
    const int SmallestCopy = 50;

    // The ids are taken before the insert, so that they come back in the order of the jobs: the rows that
    // INSERT … SELECT returns have no promised order. Delays are added in UTC: a day is 24 hours, also where the clocks of
    // the caller's session change. Args are text, here and in every statement that may be prepared: one that fails while its parameters are
    // read leaves Npgsql, where it prepares by itself, with a connection that is out of step.
    const string InputRows = """
        WITH input AS MATERIALIZED (
            SELECT coalesce(t.given_id, nextval(':schema.job_ids')) AS id, t.*, coalesce(
                t.due_at, (:schema.clock() AT TIME ZONE 'UTC' + t.due_in) AT TIME ZONE 'UTC', :schema.clock()) AS due
            FROM unnest(
                $1::text[], $2::text[], $3::text[], $4::smallint[], $5::smallint[], $6::timestamptz[], $7::interval[], $9::text[], $10::text[],
                $11::uuid[], $12::bigint[])
                WITH ORDINALITY AS t (worker, queue, args, priority, max_attempts, due_at, due_in, tags, meta, unique_key, given_id, place)
        )
        """;

    const string InsertRows = """
        INSERT INTO :schema.jobs (id, batch, scheduled_at, state, max_attempts, priority, queue, worker, args, tags, meta, unique_key)
            SELECT
                id, $8, due, CAST(CASE WHEN due > :schema.clock() THEN 'scheduled' ELSE 'available' END AS :schema.job_state),
                max_attempts, priority, queue, worker, args::jsonb, tags::text[], meta::jsonb, unique_key
            FROM input
        """;

    internal const string InsertSql = $"""
        {InputRows}, inserted AS (
            {InsertRows}
        )
        SELECT id
        FROM input
        ORDER BY place
        """;

    // One job that is due at once, which is most enqueues, without the arrays of many.
    internal const string InsertDueSql = """
        INSERT INTO :schema.jobs (max_attempts, priority, queue, worker, args, tags, meta)
        VALUES ($3::smallint, $4::smallint, $2::text, $1::text, $5::text::jsonb, $6::text[], $7::text::jsonb)
        RETURNING id
        """;

    // One job that may be due later, as the database's clock says.
    internal const string InsertOneSql = """
        INSERT INTO :schema.jobs (scheduled_at, state, max_attempts, priority, queue, worker, args, tags, meta)
        SELECT
            due.at, CAST(CASE WHEN due.at > :schema.clock() THEN 'scheduled' ELSE 'available' END AS :schema.job_state),
            $3::smallint, $4::smallint, $2::text, $1::text, $5::text::jsonb, $6::text[], $7::text::jsonb
        FROM (
            SELECT coalesce($8::timestamptz, (:schema.clock() AT TIME ZONE 'UTC' + $9::interval) AT TIME ZONE 'UTC', :schema.clock()) AS at
        ) AS due
        RETURNING id
        """;

    // As the claim would have left it, without the row that waited for it. Durable, unlike a claim, for it is an enqueue too.
    internal const string InsertStartedSql = """
        INSERT INTO :schema.jobs (run, attempted_at, node, state, attempt, max_attempts, priority, queue, worker, args, tags, meta)
        VALUES (1, :schema.clock(), $8::uuid, 'executing', 1, $3::smallint, $4::smallint, $2::text, $1::text, $5::text::jsonb, $6::text[], $7::text::jsonb)
        RETURNING id, args, meta
        """;

    internal const string TakeIdsSql = """
        SELECT :schema.clock(), array_agg(nextval(':schema.job_ids'))
        FROM generate_series(1, $1)
        """;

    internal const string ClockSql = "SELECT :schema.clock()";

    internal const string CopyColumns = "batch, scheduled_at, state, max_attempts, priority, queue, worker, args, tags, meta, unique_key";
    const string CopyWithIds = $"COPY :schema.jobs (id, {CopyColumns}) FROM STDIN (FORMAT binary)";
    const string CopyMembers = $"COPY :schema.jobs ({CopyColumns}) FROM STDIN (FORMAT binary)";

    // The commit of the caller's transaction sends it, to each queue once, and a rollback does not.
    internal const string NotifyQueuesSql = "SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS t (payload)";

    public override async Task<EnqueuedJob> EnqueueAsync(NewJob job, EnqueueTerms terms, CancellationToken cancellationToken)
    {
        // To replace takes several statements, and so a transaction.
        if (job.Terms is { OnConflict: UniqueConflict.Replace } && UniqueKey.Of(job, batch: null) is not null)
            return (await EnqueueAsync(AsyncEnumerable.Repeat(job, 1), terms, cancellationToken).ConfigureAwait(false))[0];

        return terms.Transaction is { } callers
            ? await JoinAsync(job, EnqueueTransaction.Usable(callers).Connection, terms, cancellationToken).ConfigureAwait(false)
            : await EnqueueAloneAsync(job, connection => InsertAsync(connection, job, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    public override Task<ClaimedJob> EnqueueStartedAsync(NewJob job, Guid node, CancellationToken cancellationToken) =>
        EnqueueAloneAsync(job, connection => InsertStartedAsync(connection, job, node, cancellationToken), cancellationToken);

    async Task<EnqueuedJob> JoinAsync(NewJob job, NpgsqlConnection connection, EnqueueTerms terms, CancellationToken cancellationToken)
    {
        var enqueued = default(EnqueuedJob);
        await EnqueueTransaction.RefusingBusyAsync(async () =>
        {
            await _database.RefuseOtherAsync(connection, cancellationToken).ConfigureAwait(false);
            await NamingRefusedAsync([job], before: 0, "Nothing was stored, and the transaction can only be rolled back now.", async () =>
                enqueued = await InsertAsync(connection, job, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
        }).ConfigureAwait(false);
        await WakeByCommitAsync(connection, terms, cancellationToken).ConfigureAwait(false);
        return enqueued;
    }

    Task<T> EnqueueAloneAsync<T>(NewJob job, Func<NpgsqlConnection, Task<T>> insert, CancellationToken cancellationToken) =>
        RepeatingAsync(() => EnqueueAloneOnceAsync(job, insert, cancellationToken), cancellationToken);

    async Task<T> EnqueueAloneOnceAsync<T>(NewJob job, Func<NpgsqlConnection, Task<T>> insert, CancellationToken cancellationToken)
    {
        await using var own = await _database.OpenForCallerAsync(cancellationToken).ConfigureAwait(false);
        await using var transaction = _database.IsolatesOtherwise
            ? await own.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken).ConfigureAwait(false)
            : null;
        T? enqueued = default;
        await NamingRefusedAsync([job], before: 0, "Nothing was stored.", async () =>
            enqueued = await insert(own).ConfigureAwait(false)).ConfigureAwait(false);
        if (transaction is not null)
            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return enqueued!;
    }

    // Where the default level was changed since, a pooler may give a session that has another one than the session that was asked. Then two
    // enqueues that race for a key may be told to try again.
    static async Task<T> RepeatingAsync<T>(Func<Task<T>> enqueue, CancellationToken cancellationToken)
    {
        const int mostTimes = 10;
        for (var times = 1; ; times++)
        {
            try
            {
                return await enqueue().ConfigureAwait(false);
            }
            catch (PostgresException exception) when (
                exception.SqlState is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected && times < mostTimes)
            {
                await Task.Delay(Random.Shared.Next(1, 5 * times), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public override async Task<IReadOnlyList<EnqueuedJob>> EnqueueAsync(IAsyncEnumerable<NewJob> jobs, EnqueueTerms terms, CancellationToken cancellationToken)
    {
        await using var transaction = await EnqueueTransaction.BeginAsync(_database, terms.Transaction, cancellationToken).ConfigureAwait(false);
        var call = new EnqueueCall(transaction, batch: null, terms);
        await InsertAsync(call, jobs, cancellationToken).ConfigureAwait(false);
        await WakeByCommitAsync(transaction.Connection, terms, cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return call.Result();
    }

    /// <summary>Stores the jobs of a call, in the transaction that it is committed by.</summary>
    async Task InsertAsync(EnqueueCall call, IAsyncEnumerable<NewJob> jobs, CancellationToken cancellationToken)
    {
        await foreach (var chunk in ChunksOf(jobs, cancellationToken).ConfigureAwait(false))
        {
            await NamingRefusedAsync(chunk, call.Count, NothingStored(call.Terms), () => EnqueueTransaction.RefusingBusyAsync(async () =>
            {
                var rows = await FindFreeAsync(call, chunk, cancellationToken).ConfigureAwait(false);
                await InsertAsync(call, rows, cancellationToken).ConfigureAwait(false);
            })).ConfigureAwait(false);
            call.Terms.Progress?.Report(call.Count);
        }

        await EnqueueTransaction.RefusingBusyAsync(() => TakeKeysAsync(call, cancellationToken)).ConfigureAwait(false);
    }

    async Task InsertAsync(EnqueueCall call, NewRow[] rows, CancellationToken cancellationToken)
    {
        IReadOnlyList<long> ids =
            rows.Length == 0 ? []
            : rows.Length < SmallestCopy ? await InsertAsync(call.Connection, rows, call.Batch, [], cancellationToken).ConfigureAwait(false)
            : call.WantsIds || rows.Any(static row => row.Claim is not null) ? await CopyWithIdsAsync(call, rows, cancellationToken).ConfigureAwait(false)
            : await CopyAsync(call, rows, cancellationToken).ConfigureAwait(false);
        for (var i = 0; i < ids.Count; i++)
            call.Inserted(rows[i], ids[i]);
    }

    // A writer of the user's own may write what jsonb refuses, and PostgreSQL does not say in which of many jobs. Its answer is not
    // kept as the cause: it quotes the args.
    async Task NamingRefusedAsync(NewJob[] jobs, int before, string whatBecame, Func<Task> insert)
    {
        try
        {
            await insert().ConfigureAwait(false);
        }
        catch (PostgresException exception) when (exception.SqlState is ['2', '2', ..] or ['5', '4', ..])
        {
            if (await FindRefusedAsync(jobs).ConfigureAwait(false) is not { } place)
                throw;
            throw new InvalidArgsException(string.Create(
                CultureInfo.InvariantCulture,
                $"Job {before + place + 1} of the call ({jobs[place].Worker}) has args that PostgreSQL cannot store: {exception.MessageText} ({exception.SqlState}). {whatBecame}"));
        }
    }

    static string NothingStored(EnqueueTerms terms) =>
        terms.Transaction is null ? "Nothing was stored." : "Nothing was stored, and the transaction is as it was before the call.";

    internal const string TryArgsSql = "SELECT count(args::jsonb::text) FROM unnest($1::text[]) AS t (args)";

    /// <summary>The place of the first job whose args PostgreSQL refuses; <see langword="null"/> if it refuses none, or cannot be asked.</summary>
    async Task<int?> FindRefusedAsync(NewJob[] jobs)
    {
        try
        {
            await using var connection = await _database.OpenAsync(CancellationToken.None).ConfigureAwait(false);
            if (await AcceptsAsync(connection, jobs).ConfigureAwait(false))
                return null;
            var (first, count) = (0, jobs.Length);
            while (count > 1)
            {
                var half = count / 2;
                if (await AcceptsAsync(connection, jobs[first..(first + half)]).ConfigureAwait(false))
                    (first, count) = (first + half, count - half);
                else
                    count = half;
            }

            return first;
        }
        catch (Exception exception) when (exception is NpgsqlException or DatabaseUnavailableException)
        {
            return null;
        }
    }

    static async Task<bool> AcceptsAsync(NpgsqlConnection connection, NewJob[] jobs)
    {
        try
        {
            await ExecuteAsync(
                connection,
                TryArgsSql,
                parameters => parameters.BindArray(Array.ConvertAll(jobs, job => Encoding.UTF8.GetString(job.Args.Span)), NpgsqlDbType.Text),
                CancellationToken.None).ConfigureAwait(false);
            return true;
        }
        catch (PostgresException exception) when (exception.SqlState is ['2', '2', ..] or ['5', '4', ..])
        {
            return false;
        }
    }

    static async IAsyncEnumerable<NewJob[]> ChunksOf(IAsyncEnumerable<NewJob> jobs, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var chunk = new List<NewJob>();
        var bytes = 0;
        await foreach (var job in jobs.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            chunk.Add(job);
            bytes += job.Args.Length;
            if (chunk.Count < ChunkRows && bytes < ChunkBytes)
                continue;
            yield return [.. chunk];
            chunk.Clear();
            bytes = 0;
        }

        if (chunk.Count > 0)
            yield return [.. chunk];
    }

    async Task<IReadOnlyList<long>> CopyWithIdsAsync(EnqueueCall call, NewRow[] rows, CancellationToken cancellationToken)
    {
        var ids = await TakeIdsAsync(call, rows.Length, cancellationToken).ConfigureAwait(false);
        call.CopyWithIds.Begin();
        for (var i = 0; i < rows.Length; i++)
            call.CopyWithIds.Add(rows[i].Job, ids[i], call.Batch, call.Clock!.Value, rows[i].Claim?.Key);
        call.CopyWithIds.End();
        await SendAsync(call.Connection, _copyWithIds, call.CopyWithIds, cancellationToken).ConfigureAwait(false);
        return ids;
    }

    async Task<IReadOnlyList<long>> CopyAsync(EnqueueCall call, NewRow[] rows, CancellationToken cancellationToken)
    {
        call.Clock ??= await ClockAsync(call.Connection, cancellationToken).ConfigureAwait(false);
        call.Copy.Begin();
        foreach (var row in rows)
            call.Copy.Add(row.Job, id: 0, call.Batch, call.Clock.Value, key: null);
        call.Copy.End();
        await SendAsync(call.Connection, _copyMembers, call.Copy, cancellationToken).ConfigureAwait(false);
        return [];
    }

    async Task<long[]> TakeIdsAsync(EnqueueCall call, int count, CancellationToken cancellationToken)
    {
        var (clock, ids) = await QueryAsync(
            call.Connection,
            _takeIds,
            parameters => parameters.Bind(count, NpgsqlDbType.Integer),
            static async (reader, token) =>
            {
                await reader.ReadAsync(token).ConfigureAwait(false);
                return (reader.GetDateTime(0), reader.GetFieldValue<long[]>(1));
            },
            cancellationToken).ConfigureAwait(false);
        call.Clock = clock;
        return ids;
    }

    static async Task SendAsync(NpgsqlConnection connection, string command, JobCopy copy, CancellationToken cancellationToken)
    {
        await using var stream = await connection.BeginRawBinaryCopyAsync(command, cancellationToken).ConfigureAwait(false);
        await stream.WriteAsync(copy.Bytes, cancellationToken).ConfigureAwait(false);
    }

    Task<DateTime> ClockAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        QueryAsync(
            connection,
            _clock,
            static _ => { },
            static async (reader, token) =>
            {
                await reader.ReadAsync(token).ConfigureAwait(false);
                return reader.GetDateTime(0);
            },
            cancellationToken);

    Task WakeByCommitAsync(NpgsqlConnection connection, EnqueueTerms terms, CancellationToken cancellationToken) =>
        terms.WokenByCommit.Count == 0
            ? Task.CompletedTask
            : ExecuteAsync(connection, NotifyQueuesSql, parameters => BindPayloads(parameters, _channels.Queues, terms.WokenByCommit), cancellationToken);

    async Task<EnqueuedJob> InsertAsync(NpgsqlConnection connection, NewJob job, CancellationToken cancellationToken)
    {
        if (UniqueKey.Of(job, batch: null) is { } key)
            return await InsertUniqueAsync(connection, job, key, cancellationToken).ConfigureAwait(false);
        var isDue = job is { ScheduleAt: null, ScheduleIn: null };
        return await QueryAsync(
            connection,
            isDue ? _insertDue : _insertOne,
            parameters =>
            {
                BindOne(parameters, job);
                if (isDue)
                    return;
                parameters.Bind(job.ScheduleAt?.UtcDateTime, NpgsqlDbType.TimestampTz);
                parameters.Bind(job.ScheduleIn, NpgsqlDbType.Interval);
            },
            static async (reader, token) =>
            {
                await reader.ReadAsync(token).ConfigureAwait(false);
                return new EnqueuedJob(reader.GetInt64(0), IsNew: true);
            },
            cancellationToken).ConfigureAwait(false);
    }

    Task<ClaimedJob> InsertStartedAsync(NpgsqlConnection connection, NewJob job, Guid node, CancellationToken cancellationToken) =>
        QueryAsync(
            connection,
            _insertStarted,
            parameters =>
            {
                BindOne(parameters, job);
                parameters.Bind(node, NpgsqlDbType.Uuid);
            },
            async (reader, token) =>
            {
                await reader.ReadAsync(token).ConfigureAwait(false);
                return new ClaimedJob(
                    reader.GetInt64(0), Run: 1, node, job.Worker, job.Queue, reader.GetFieldValue<byte[]>(1), Attempt: 1, job.MaxAttempts, Batch: null)
                {
                    Tags = job.Tags,
                    Meta = reader.IsDBNull(2) ? default : reader.GetFieldValue<byte[]>(2),
                };
            },
            cancellationToken);

    static void BindOne(NpgsqlParameterCollection parameters, NewJob job)
    {
        parameters.Bind(job.Worker, NpgsqlDbType.Text);
        parameters.Bind(job.Queue, NpgsqlDbType.Text);
        parameters.Bind((short)job.MaxAttempts, NpgsqlDbType.Smallint);
        parameters.Bind((short)job.Priority, NpgsqlDbType.Smallint);
        parameters.Bind(job.Args, NpgsqlDbType.Text);
        parameters.BindArray(job.Tags.Count == 0 ? null : job.Tags.ToArray(), NpgsqlDbType.Text);
        parameters.Bind(job.StoredMeta, NpgsqlDbType.Text);
    }

    /// <summary>Inserts rows, and returns their ids in the order given.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="batch">The key of their batch.</param>
    /// <param name="ids">Their ids; empty if they are to be taken now.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    Task<List<long>> InsertAsync(NpgsqlConnection connection, NewRow[] rows, long? batch, long[] ids, CancellationToken cancellationToken) =>
        QueryAsync(
            connection,
            _insert,
            parameters => BindRows(parameters, Array.ConvertAll(rows, static row => row.Job), Array.ConvertAll(rows, static row => row.Claim?.Key), batch, ids),
            static async (reader, token) =>
            {
                var inserted = new List<long>();
                while (await reader.ReadAsync(token).ConfigureAwait(false))
                    inserted.Add(reader.GetInt64(0));
                return inserted;
            },
            cancellationToken);

    static void BindRows(NpgsqlParameterCollection parameters, NewJob[] jobs, Guid?[] keys, long? batch, long[] ids)
    {
        parameters.BindArray(Array.ConvertAll(jobs, job => job.Worker), NpgsqlDbType.Text);
        parameters.BindArray(Array.ConvertAll(jobs, job => job.Queue), NpgsqlDbType.Text);
        parameters.BindArray(Array.ConvertAll(jobs, job => job.Args), NpgsqlDbType.Text);
        parameters.BindArray(Array.ConvertAll(jobs, job => (short)job.Priority), NpgsqlDbType.Smallint);
        parameters.BindArray(Array.ConvertAll(jobs, job => (short)job.MaxAttempts), NpgsqlDbType.Smallint);
        parameters.BindArray(Array.ConvertAll(jobs, job => job.ScheduleAt?.UtcDateTime), NpgsqlDbType.TimestampTz);
        parameters.BindArray(Array.ConvertAll(jobs, job => job.ScheduleIn), NpgsqlDbType.Interval);
        parameters.Bind(batch is { } key ? key : (object)DBNull.Value, NpgsqlDbType.Bigint);
        parameters.BindArray(Array.ConvertAll(jobs, TagsLiteral), NpgsqlDbType.Text);
        parameters.BindArray(Array.ConvertAll(jobs, job => job.StoredMeta), NpgsqlDbType.Text);
        parameters.BindArray(keys, NpgsqlDbType.Uuid);
        parameters.BindArray(ids, NpgsqlDbType.Bigint);
    }

    // As PostgreSQL writes an array: unnest would take the items of an array of arrays one by one.
    static string? TagsLiteral(NewJob job)
    {
        if (job.Tags.Count == 0)
            return null;
        var literal = new StringBuilder("{");
        foreach (var tag in job.Tags)
            literal.Append('"').Append(tag.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)).Append("\",");
        literal[^1] = '}';
        return literal.ToString();
    }
}
