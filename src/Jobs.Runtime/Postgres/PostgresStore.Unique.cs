using Npgsql;
using NpgsqlTypes;

namespace Jobs.Postgres;

/// <remarks>
/// <para>
/// A key is taken by an insert into the table of keys. Whether somebody else holds it is decided under the lock of its row, by a function that
/// looks with a snapshot of its own, so that of two enqueues that race the second sees what the first has committed, or finds that it was
/// rolled back.
/// </para>
/// <para>
/// One job takes its key and then gets its row. A call with many looks up the keys of each chunk without locks, inserts the jobs whose keys are
/// free, and takes all of its keys at the end, in their order: two calls that wait for each other's keys would never end. The jobs that lost a
/// race in between are deleted before anybody has seen them.
/// </para>
/// </remarks>
sealed partial class PostgresStore
{
    // An UPDATE that its WHERE refuses locks the row all the same, so who holds the key stays so until the end of the transaction.
    const string UnlessHeld = """
        ON CONFLICT (key) DO UPDATE
            SET job_id = excluded.job_id, expires_at = excluded.expires_at, held_in = excluded.held_in
            WHERE NOT :schema.holds(taken.job_id, taken.expires_at, taken.held_in)
        """;

    internal const string InsertUniqueSql = $"""
        {InputRows}, won AS (
            INSERT INTO :schema.unique_keys AS taken (key, job_id, expires_at, held_in)
            SELECT
                unique_key, id, coalesce(CASE WHEN $14 THEN greatest(due, :schema.clock()) ELSE :schema.clock() END + make_interval(secs => $13), 'infinity'),
                $15::text[]::{StatesType}
            FROM input
            {UnlessHeld}
            RETURNING job_id
        ), inserted AS (
            {InsertRows}
            WHERE id IN (SELECT job_id FROM won)
        )
        SELECT job_id
        FROM won
        """;

    const string StatesType = ":schema.job_state[]";

    // In a statement of its own, whose snapshot shows what was committed while the one before waited.
    internal const string HolderSql = "SELECT job_id FROM :schema.unique_keys WHERE key = $1";

    internal const string HoldersSql = "SELECT key, job_id FROM :schema.unique_keys WHERE key = ANY ($1)";

    internal const string HeldKeysSql = """
        SELECT key, job_id
        FROM :schema.unique_keys
        WHERE key = ANY ($1) AND :schema.holds(job_id, expires_at, held_in)
        """;

    internal const string TakeKeysSql = $"""
        INSERT INTO :schema.unique_keys AS taken (key, job_id, expires_at, held_in)
        SELECT
            t.key, t.job_id,
            coalesce(
                greatest(coalesce(t.due_at, (:schema.clock() AT TIME ZONE 'UTC' + t.due_in) AT TIME ZONE 'UTC'), :schema.clock()) + make_interval(secs => t.seconds),
                'infinity'),
            t.held_in::{StatesType}
        FROM unnest($1::uuid[], $2::bigint[], $3::float8[], $4::timestamptz[], $5::interval[], $6::text[]) AS t (key, job_id, seconds, due_at, due_in, held_in)
        ORDER BY t.key
        {UnlessHeld}
        RETURNING key
        """;

    internal const string DeleteLosersSql = "DELETE FROM :schema.jobs WHERE id = ANY ($1)";

    // What JobFields says of each bit.
    internal const string ReplaceSql = """
        WITH input AS MATERIALIZED (
            SELECT t.*, coalesce(t.due_at, (:schema.clock() AT TIME ZONE 'UTC' + t.due_in) AT TIME ZONE 'UTC', :schema.clock()) AS due
            FROM unnest(
                $1::bigint[], $2::integer[], $3::text[], $4::smallint[], $5::smallint[], $6::timestamptz[], $7::interval[], $8::text[], $9::text[],
                $10::uuid[], $11::float8[])
                AS t (id, fields, args, priority, max_attempts, due_at, due_in, tags, meta, key, seconds)
        ), waiting AS MATERIALIZED (
            SELECT id
            FROM :schema.jobs
            WHERE id = ANY ($1) AND state IN ('scheduled', 'available', 'retryable')
            ORDER BY id
            FOR NO KEY UPDATE
        ), replaced AS (
            UPDATE :schema.jobs AS j
            SET
                args = CASE WHEN i.fields & 1 > 0 THEN i.args::jsonb ELSE j.args END,
                priority = CASE WHEN i.fields & 2 > 0 THEN i.priority ELSE j.priority END,
                scheduled_at = CASE WHEN i.fields & 4 > 0 THEN i.due ELSE j.scheduled_at END,
                state = CASE
                    WHEN i.fields & 4 = 0 THEN j.state
                    WHEN i.due > :schema.clock() THEN 'scheduled'
                    ELSE 'available'
                END,
                max_attempts = CASE WHEN i.fields & 8 > 0 THEN i.max_attempts ELSE j.max_attempts END,
                tags = CASE WHEN i.fields & 16 > 0 THEN i.tags::text[] ELSE j.tags END,
                meta = CASE WHEN i.fields & 32 > 0 THEN i.meta::jsonb ELSE j.meta END
            FROM input AS i
            WHERE j.id = i.id AND j.id = ANY (ARRAY(SELECT id FROM waiting))
            RETURNING j.id
        )
        UPDATE :schema.unique_keys AS k
        SET expires_at = greatest(i.due, :schema.clock()) + make_interval(secs => i.seconds)
        FROM input AS i
        WHERE k.key = i.key AND k.job_id = i.id AND i.seconds IS NOT NULL AND i.id IN (SELECT id FROM replaced)
        """;

    /// <summary>Inserts a job, or finds the one that holds its key: one round trip, in which the key stays locked.</summary>
    /// <exception cref="JobExistsException">Another job holds the key, and the worker wants it so.</exception>
    async Task<EnqueuedJob> InsertUniqueAsync(NpgsqlConnection connection, NewJob job, Guid key, CancellationToken cancellationToken)
    {
        var terms = job.Terms!;
        await using var batch = new NpgsqlBatch(connection);
        var insert = new NpgsqlBatchCommand(_insertUnique);
        BindRows(insert.Parameters, [job], [key], batch: null, []);
        insert.Parameters.Bind(Seconds(terms) is { } seconds ? seconds : (object)DBNull.Value, NpgsqlDbType.Double);
        insert.Parameters.Bind(terms.Since is UniqueSince.Due, NpgsqlDbType.Boolean);
        insert.Parameters.BindArray(StatesOf(terms), NpgsqlDbType.Text);
        var holder = new NpgsqlBatchCommand(_holder);
        holder.Parameters.Bind(key, NpgsqlDbType.Uuid);
        batch.BatchCommands.Add(insert);
        batch.BatchCommands.Add(holder);

        await using var reader = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        var isNew = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        await reader.NextResultAsync(cancellationToken).ConfigureAwait(false);
        await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        var enqueued = new EnqueuedJob(reader.GetInt64(0), isNew);
        await reader.NextResultAsync(cancellationToken).ConfigureAwait(false);
        return isNew || terms.OnConflict is not UniqueConflict.Fail ? enqueued : throw new JobExistsException(enqueued.Id, job.Worker);
    }

    /// <summary>The rows that a chunk needs: of the jobs whose keys are held, none.</summary>
    async Task<NewRow[]> FindFreeAsync(EnqueueCall call, NewJob[] chunk, CancellationToken cancellationToken)
    {
        var keys = Array.ConvertAll(chunk, call.KeyOf);
        if (Array.TrueForAll(keys, static key => key is null))
            return Array.ConvertAll(chunk, call.Add);

        var held = await KeysAsync(call, _heldKeys, [.. keys.OfType<Guid>().Where(key => !call.Claims(key)).Distinct()], cancellationToken).ConfigureAwait(false);
        var rows = new List<NewRow>(chunk.Length);
        for (var i = 0; i < chunk.Length; i++)
        {
            if ((keys[i] is { } key ? call.Add(chunk[i], key) : call.Add(chunk[i])) is not { } row)
                continue;
            if (row.Claim is not { } claim || !held.TryGetValue(claim.Key, out var holder))
                rows.Add(row);
            else if (claim.Replacement is null)
                claim.Meet(holder);
        }

        return [.. rows];
    }

    const int KeysPerStatement = 5_000;

    /// <summary>Takes the keys of the call's jobs, and deletes the jobs that lost a race for theirs.</summary>
    async Task TakeKeysAsync(EnqueueCall call, CancellationToken cancellationToken)
    {
        var open = call.Open();
        if (open.Count == 0)
            return;

        var waiting = open.FindAll(static claim => !claim.IsInserted);
        if (waiting.Count > 0)
        {
            var ids = await TakeIdsAsync(call, waiting.Count, cancellationToken).ConfigureAwait(false);
            for (var i = 0; i < ids.Length; i++)
                waiting[i].Id = ids[i];
        }

        var losers = new List<long>();
        foreach (var claims in open.Chunk(KeysPerStatement))
            losers.AddRange(await TakeKeysAsync(call, claims, cancellationToken).ConfigureAwait(false));

        foreach (var ids in losers.Chunk(KeysPerStatement))
            await ExecuteAsync(call.Connection, _deleteLosers, parameters => parameters.BindArray(ids, NpgsqlDbType.Bigint), cancellationToken).ConfigureAwait(false);
        foreach (var claims in waiting.Where(static claim => claim.Outcome is ClaimOutcome.Won).Chunk(ChunkRows))
            await InsertAsync(call.Connection, Array.ConvertAll(claims, static claim => new NewRow(claim.Replacement!, 0, claim)), call.Batch, Array.ConvertAll(claims, static claim => claim.Id), cancellationToken).ConfigureAwait(false);
        foreach (var claims in open.Where(static claim => claim is { Outcome: ClaimOutcome.Met, Replacement: not null }).OrderBy(static claim => claim.Id).Chunk(ChunkRows))
            await ReplaceAsync(call.Connection, claims, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Decides claims, and returns the ids of the rows that are not to stay.</summary>
    async Task<IReadOnlyList<long>> TakeKeysAsync(EnqueueCall call, KeyClaim[] claims, CancellationToken cancellationToken)
    {
        var taken = await QueryAsync(
            call.Connection,
            _takeKeys,
            parameters => BindClaims(parameters, claims),
            static async (reader, token) =>
            {
                var keys = new HashSet<Guid>();
                while (await reader.ReadAsync(token).ConfigureAwait(false))
                    keys.Add(reader.GetGuid(0));
                return keys;
            },
            cancellationToken).ConfigureAwait(false);

        var lost = new List<KeyClaim>();
        foreach (var claim in claims)
        {
            if (taken.Contains(claim.Key))
                claim.Win();
            else
                lost.Add(claim);
        }

        if (lost.Count == 0)
            return [];
        var losers = lost.Where(static claim => claim.IsInserted).Select(static claim => claim.Id).ToList();
        var holders = await KeysAsync(call, _holders, [.. lost.Select(static claim => claim.Key)], cancellationToken).ConfigureAwait(false);
        foreach (var claim in lost)
            claim.Meet(holders[claim.Key]);
        return losers;
    }

    static void BindClaims(NpgsqlParameterCollection parameters, KeyClaim[] claims)
    {
        parameters.BindArray(Array.ConvertAll(claims, static claim => claim.Key), NpgsqlDbType.Uuid);
        parameters.BindArray(Array.ConvertAll(claims, static claim => claim.Id), NpgsqlDbType.Bigint);
        parameters.BindArray(Array.ConvertAll(claims, static claim => Seconds(claim.Terms)), NpgsqlDbType.Double);
        parameters.BindArray(Array.ConvertAll(claims, static claim => claim.Due.At), NpgsqlDbType.TimestampTz);
        parameters.BindArray(Array.ConvertAll(claims, static claim => claim.Due.In), NpgsqlDbType.Interval);
        parameters.BindArray(Array.ConvertAll(claims, static claim => $"{{{string.Join(',', StatesOf(claim.Terms))}}}"), NpgsqlDbType.Text);
    }

    Task<Dictionary<Guid, long>> KeysAsync(EnqueueCall call, string sql, Guid[] keys, CancellationToken cancellationToken) =>
        QueryAsync(
            call.Connection,
            sql,
            parameters => parameters.BindArray(keys, NpgsqlDbType.Uuid),
            static async (reader, token) =>
            {
                var jobs = new Dictionary<Guid, long>();
                while (await reader.ReadAsync(token).ConfigureAwait(false))
                    jobs.Add(reader.GetGuid(0), reader.GetInt64(1));
                return jobs;
            },
            cancellationToken);

    Task ReplaceAsync(NpgsqlConnection connection, KeyClaim[] claims, CancellationToken cancellationToken) =>
        ExecuteAsync(
            connection,
            _replace,
            parameters =>
            {
                var jobs = Array.ConvertAll(claims, static claim => claim.Replacement!);
                parameters.BindArray(Array.ConvertAll(claims, static claim => claim.Id), NpgsqlDbType.Bigint);
                parameters.BindArray(Array.ConvertAll(claims, static claim => (int)claim.Terms.Replaces), NpgsqlDbType.Integer);
                parameters.BindArray(Array.ConvertAll(jobs, static job => job.Args), NpgsqlDbType.Text);
                parameters.BindArray(Array.ConvertAll(jobs, static job => (short)job.Priority), NpgsqlDbType.Smallint);
                parameters.BindArray(Array.ConvertAll(jobs, static job => (short)job.MaxAttempts), NpgsqlDbType.Smallint);
                parameters.BindArray(Array.ConvertAll(jobs, static job => job.ScheduleAt?.UtcDateTime), NpgsqlDbType.TimestampTz);
                parameters.BindArray(Array.ConvertAll(jobs, static job => job.ScheduleIn), NpgsqlDbType.Interval);
                parameters.BindArray(Array.ConvertAll(jobs, TagsLiteral), NpgsqlDbType.Text);
                parameters.BindArray(Array.ConvertAll(jobs, static job => job.StoredMeta), NpgsqlDbType.Text);
                parameters.BindArray(Array.ConvertAll(claims, static claim => claim.Key), NpgsqlDbType.Uuid);
                parameters.BindArray(Array.ConvertAll(claims, SecondsOfReplaced), NpgsqlDbType.Double);
            },
            cancellationToken);

    // The period of a job that is due at another time now begins there.
    static double? SecondsOfReplaced(KeyClaim claim) =>
        claim.Terms.Since is UniqueSince.Due && claim.Terms.Replaces.HasFlag(JobFields.Schedule) ? Seconds(claim.Terms) : null;

    static double? Seconds(Uniqueness terms) => terms.Period?.TotalSeconds;

    static string[] StatesOf(Uniqueness terms) => terms.States switch
    {
        UniqueStates.Unfinished => Unfinished,
        UniqueStates.Successful => Successful,
        UniqueStates.All => All,
        _ => throw new ArgumentOutOfRangeException(nameof(terms), terms.States, "Not a choice of states."),
    };

    static readonly string[] Unfinished =
        [JobStates.ToSql(JobState.Scheduled), JobStates.ToSql(JobState.Available), JobStates.ToSql(JobState.Executing), JobStates.ToSql(JobState.Retryable)];

    static readonly string[] Successful = [.. Unfinished, JobStates.ToSql(JobState.Completed)];

    static readonly string[] All = [.. Enum.GetValues<JobState>().Select(JobStates.ToSql)];
}
