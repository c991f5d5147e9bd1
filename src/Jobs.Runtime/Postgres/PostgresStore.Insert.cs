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
    // the caller's session change.
    internal const string InsertSql = """
        WITH input AS MATERIALIZED (
            SELECT nextval(':schema.job_ids') AS id, t.*, coalesce(
                t.due_at, (:schema.clock() AT TIME ZONE 'UTC' + t.due_in) AT TIME ZONE 'UTC', :schema.clock()) AS due
            FROM unnest($1::text[], $2::text[], $3::jsonb[], $4::smallint[], $5::smallint[], $6::timestamptz[], $7::interval[], $9::text[], $10::text[])
                WITH ORDINALITY AS t (worker, queue, args, priority, max_attempts, due_at, due_in, tags, meta, place)
        ), inserted AS (
            INSERT INTO :schema.jobs (id, batch, scheduled_at, state, max_attempts, priority, queue, worker, args, tags, meta)
            SELECT
                id, $8, due, CAST(CASE WHEN due > :schema.clock() THEN 'scheduled' ELSE 'available' END AS :schema.job_state),
                max_attempts, priority, queue, worker, args, tags::text[], meta::jsonb
            FROM input
        )
        SELECT id
        FROM input
        ORDER BY place
        """;

    internal const string TakeIdsSql = """
        SELECT :schema.clock(), array_agg(nextval(':schema.job_ids'))
        FROM generate_series(1, $1)
        """;

    internal const string ClockSql = "SELECT :schema.clock()";

    internal const string CopyColumns = "batch, scheduled_at, state, max_attempts, priority, queue, worker, args, tags, meta";
    const string CopyWithIds = $"COPY :schema.jobs (id, {CopyColumns}) FROM STDIN (FORMAT binary)";
    const string CopyMembers = $"COPY :schema.jobs ({CopyColumns}) FROM STDIN (FORMAT binary)";

    // The commit of the caller's transaction sends it, to each queue once, and a rollback does not.
    internal const string NotifyQueuesSql = "SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS t (payload)";

    public override async Task<EnqueuedJob> EnqueueAsync(NewJob job, EnqueueTerms terms, CancellationToken cancellationToken)
    {
        if (terms.Transaction is { } callers)
        {
            var connection = EnqueueTransaction.Usable(callers).Connection;
            var enqueued = new List<EnqueuedJob>();
            await EnqueueTransaction.RefusingBusyAsync(async () =>
            {
                await _database.RefuseOtherAsync(connection, cancellationToken).ConfigureAwait(false);
                await NamingRefusedAsync([job], before: 0, "Nothing was stored, and the transaction can only be rolled back now.", async () =>
                    enqueued = await InsertAsync(connection, [job], batch: null, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
            }).ConfigureAwait(false);
            await WakeByCommitAsync(connection, terms, cancellationToken).ConfigureAwait(false);
            return enqueued[0];
        }

        await using var own = await _database.OpenForCallerAsync(cancellationToken).ConfigureAwait(false);
        var stored = new List<EnqueuedJob>();
        await NamingRefusedAsync([job], before: 0, NothingStored(terms), async () =>
            stored = await InsertAsync(own, [job], batch: null, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
        return stored[0];
    }

    public override async Task<IReadOnlyList<EnqueuedJob>> EnqueueAsync(IAsyncEnumerable<NewJob> jobs, EnqueueTerms terms, CancellationToken cancellationToken)
    {
        await using var transaction = await EnqueueTransaction.BeginAsync(_database, terms.Transaction, cancellationToken).ConfigureAwait(false);
        var enqueued = new List<EnqueuedJob>();
        var copy = new JobCopy(withIds: true);
        await foreach (var chunk in ChunksOf(jobs, cancellationToken).ConfigureAwait(false))
        {
            await NamingRefusedAsync(chunk, enqueued.Count, NothingStored(terms), () =>
                EnqueueTransaction.RefusingBusyAsync(async () => enqueued.AddRange(chunk.Length < SmallestCopy
                    ? await InsertAsync(transaction.Connection, chunk, batch: null, cancellationToken).ConfigureAwait(false)
                    : await CopyWithIdsAsync(transaction.Connection, copy, chunk, cancellationToken).ConfigureAwait(false)))).ConfigureAwait(false);
            terms.Progress?.Report(enqueued.Count);
        }

        await WakeByCommitAsync(transaction.Connection, terms, cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return enqueued;
    }

    /// <summary>Stores the members of a batch, in the transaction that opened it, and returns how many there are.</summary>
    async Task<int> InsertMembersAsync(
        EnqueueTransaction transaction, long batch, IAsyncEnumerable<NewJob> jobs, EnqueueTerms terms, CancellationToken cancellationToken)
    {
        var total = 0;
        var copy = new JobCopy(withIds: false);
        DateTime? clock = null;
        await foreach (var chunk in ChunksOf(jobs, cancellationToken).ConfigureAwait(false))
        {
            var connection = transaction.Connection;
            await NamingRefusedAsync(chunk, total, NothingStored(terms), () => EnqueueTransaction.RefusingBusyAsync(async () =>
            {
                if (chunk.Length < SmallestCopy)
                {
                    await InsertAsync(connection, chunk, batch, cancellationToken).ConfigureAwait(false);
                    return;
                }

                // Within a transaction the clock stands still.
                clock ??= await ClockAsync(connection, cancellationToken).ConfigureAwait(false);
                copy.Begin();
                foreach (var job in chunk)
                    copy.Add(job, id: 0, batch, clock.Value);
                copy.End();
                await SendAsync(connection, _copyMembers, copy, cancellationToken).ConfigureAwait(false);
            })).ConfigureAwait(false);
            total = checked(total + chunk.Length);
            terms.Progress?.Report(total);
        }

        return total;
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

    // From text, so that what is refused is refused when the statement runs: one that fails while its parameters are read leaves Npgsql, where
    // it prepares by itself, with a connection that is out of step.
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

    async Task<IReadOnlyList<EnqueuedJob>> CopyWithIdsAsync(NpgsqlConnection connection, JobCopy copy, NewJob[] jobs, CancellationToken cancellationToken)
    {
        var (clock, ids) = await QueryAsync(
            connection,
            _takeIds,
            parameters => parameters.Bind(jobs.Length, NpgsqlDbType.Integer),
            static async (reader, token) =>
            {
                await reader.ReadAsync(token).ConfigureAwait(false);
                return (reader.GetDateTime(0), reader.GetFieldValue<long[]>(1));
            },
            cancellationToken).ConfigureAwait(false);
        copy.Begin();
        for (var i = 0; i < jobs.Length; i++)
            copy.Add(jobs[i], ids[i], batch: null, clock);
        copy.End();
        await SendAsync(connection, _copyWithIds, copy, cancellationToken).ConfigureAwait(false);
        return Array.ConvertAll(ids, static id => new EnqueuedJob(id, IsNew: true));
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

    Task<List<EnqueuedJob>> InsertAsync(NpgsqlConnection connection, NewJob[] jobs, long? batch, CancellationToken cancellationToken) =>
        QueryAsync(
            connection,
            _insert,
            parameters =>
            {
                parameters.BindArray(Array.ConvertAll(jobs, job => job.Worker), NpgsqlDbType.Text);
                parameters.BindArray(Array.ConvertAll(jobs, job => job.Queue), NpgsqlDbType.Text);
                parameters.BindArray(Array.ConvertAll(jobs, job => job.Args), NpgsqlDbType.Jsonb);
                parameters.BindArray(Array.ConvertAll(jobs, job => (short)job.Priority), NpgsqlDbType.Smallint);
                parameters.BindArray(Array.ConvertAll(jobs, job => (short)job.MaxAttempts), NpgsqlDbType.Smallint);
                parameters.BindArray(Array.ConvertAll(jobs, job => job.ScheduleAt?.UtcDateTime), NpgsqlDbType.TimestampTz);
                parameters.BindArray(Array.ConvertAll(jobs, job => job.ScheduleIn), NpgsqlDbType.Interval);
                parameters.Bind(batch is { } key ? key : (object)DBNull.Value, NpgsqlDbType.Bigint);
                parameters.BindArray(Array.ConvertAll(jobs, TagsLiteral), NpgsqlDbType.Text);
                parameters.BindArray(Array.ConvertAll(jobs, job => job.StoredMeta), NpgsqlDbType.Text);
            },
            static async (reader, token) =>
            {
                var enqueued = new List<EnqueuedJob>();
                while (await reader.ReadAsync(token).ConfigureAwait(false))
                    enqueued.Add(new EnqueuedJob(reader.GetInt64(0), IsNew: true));
                return enqueued;
            },
            cancellationToken);

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
