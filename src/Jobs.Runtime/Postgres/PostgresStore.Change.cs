using Jobs.Store;
using Npgsql;
using NpgsqlTypes;

namespace Jobs.Postgres;

sealed partial class PostgresStore
{
    const string Waits = "j.state IN ('scheduled', 'available', 'retryable')";

    // The beginning of every change by hand: up to $2 jobs behind $1, locked in the order of their ids. Whether the change is possible
    // is asked here, where a row that was waited for shows its latest version. The UPDATE begins with the snapshot's, and checks the
    // constraints on what it makes of that, before it finds the latest: so it sets all that has to fit the new state.
    const string Locked = $"""
        locked AS MATERIALIZED (
            SELECT j.id, j.state, j.batch, j.unique_key, {IsAttempted} AS attempted,
        """;

    const string First = """
        AS is_possible
            FROM :schema.jobs AS j
            WHERE j.id > $1 AND :filter
            ORDER BY j.id
            LIMIT $2
        """;

    // "moved" has the jobs that were changed, with their new states; "woken" the queues that have work now.
    const string Answer = """
        SELECT
            array_agg(locked.id ORDER BY locked.id),
            array_agg(coalesce(moved.state, locked.state)::text ORDER BY locked.id),
            array_agg(moved.id IS NOT NULL ORDER BY locked.id),
            (SELECT coalesce(array_agg(DISTINCT queue), '{}') FROM woken)
        """;

    const string OfLocked = """
        FROM locked
        LEFT JOIN moved ON moved.id = locked.id
        """;

    const string MovedMembers = """
        members AS (
            SELECT moved.batch, locked.state AS was, moved.state, locked.attempted AS was_attempted, moved.attempted
            FROM moved
            JOIN locked ON locked.id = moved.id
        )
        """;

    internal const string Cancellable = $"({Waits} OR j.state = 'executing' AND j.cancel_requested_at IS NULL)";

    // A job that waits ends here. One that executes is asked to: from then on, whatever becomes of it but a normal end is a cancel.
    internal const string CancelJobs = $$"""
        WITH {{Locked}} {{Cancellable}} {{First}}
            FOR NO KEY UPDATE
        ), moved AS (
            UPDATE :schema.jobs AS j
            SET
                state = CASE WHEN j.state = 'executing' THEN j.state ELSE 'cancelled' END,
                cancel_requested_at = CASE WHEN j.state = 'executing' THEN :schema.clock() END,
                finished_at = CASE WHEN j.state <> 'executing' THEN :schema.clock() END
            WHERE j.id = ANY (ARRAY(SELECT id FROM locked WHERE is_possible))
            RETURNING j.id, j.batch, j.state, {{IsAttempted}} AS attempted
        ), {{MovedMembers}}, {{MemberChanges}}, {{BatchTail}}, woken AS (
            SELECT queue FROM told
        )
        {{Answer}}, {{Doubles}}
        {{OfLocked}}
        """;

    internal const string Retriable = "j.state IN ('scheduled', 'retryable', 'completed', 'cancelled', 'discarded')";

    // A finished member goes back only into a batch that is not closed, which is decided under the lock on the batch: it holds
    // the batch open from then on. A job that has ended and whose key another one holds by now stays as it is; if nobody holds the key, it has it
    // again. With $3 the members of a batch that is closed go into that one, as if they were new. Nobody waits for a key while he holds a job: one that somebody is taking at the moment is his. Crashes stay: a job that killed its
    // node goes on running alone. A member that ended without a run is counted as attempted, which an acknowledgement looks up from the second run on.
    internal const string RetryJobs = $$"""
        WITH {{Locked}} {{Retriable}} {{First}}
            FOR NO KEY UPDATE
        ), ended AS MATERIALIZED (
            SELECT id, batch, unique_key
            FROM locked
            WHERE is_possible AND :schema.is_final(state)
        ), known AS MATERIALIZED (
            SELECT key
            FROM :schema.unique_keys
            WHERE key = ANY (ARRAY(SELECT unique_key FROM ended WHERE unique_key IS NOT NULL))
        ), keys AS MATERIALIZED (
            SELECT k.key, k.job_id, k.expires_at, k.held_in
            FROM :schema.unique_keys AS k
            WHERE k.key = ANY (ARRAY(SELECT key FROM known))
            ORDER BY k.key
            FOR UPDATE OF k SKIP LOCKED
        ), contested AS MATERIALIZED (
            SELECT id
            FROM (
                SELECT
                    ended.id, keys.key, keys.job_id, keys.expires_at, keys.held_in,
                    row_number() OVER (PARTITION BY known.key ORDER BY ended.id = keys.job_id DESC NULLS LAST, ended.id DESC) AS place
                FROM ended
                JOIN known ON known.key = ended.unique_key
                LEFT JOIN keys ON keys.key = known.key
            ) AS claim
            WHERE place > 1 OR key IS NULL OR job_id <> id AND :schema.holds(job_id, expires_at, held_in)
        ), unclosed AS MATERIALIZED (
            SELECT b.key
            FROM :schema.batches AS b
            WHERE b.closed_at IS NULL AND b.cancel_requested_at IS NULL AND b.key = ANY (ARRAY(SELECT batch FROM ended WHERE batch IS NOT NULL AND id NOT IN (SELECT id FROM contested)))
            ORDER BY b.key
            FOR NO KEY UPDATE OF b
        ), refused AS MATERIALIZED (
            SELECT id FROM contested
            UNION ALL
            SELECT id FROM ended WHERE $3::bigint IS NULL AND batch IS NOT NULL AND batch NOT IN (SELECT key FROM unclosed)
        ), moved AS (
            UPDATE :schema.jobs AS j
            SET
                state = 'available',
                node = NULL,
                scheduled_at = :schema.clock(),
                finished_at = NULL,
                cancel_requested_at = NULL,
                attempt = least(j.attempt, 999),
                max_attempts = greatest(j.max_attempts, least(j.attempt, 999) + 1),
                progress = NULL,
                output = NULL,
                batch = coalesce($3, j.batch),
                attempted = CASE WHEN $3 IS NULL AND j.batch IS NOT NULL AND {{IsAttempted}} THEN true END,
                run = CASE WHEN $3 IS NULL AND j.batch IS NOT NULL AND {{IsAttempted}} THEN greatest(j.run, 1) ELSE j.run END
            WHERE j.id = ANY (ARRAY(SELECT id FROM locked WHERE is_possible AND id NOT IN (SELECT id FROM refused)))
            RETURNING j.id, j.batch, j.state, j.queue, {{IsAttempted}} AS attempted
        ), taken AS (
            UPDATE :schema.unique_keys AS k
            SET job_id = ended.id
            FROM ended
            WHERE
                k.key = ANY (ARRAY(SELECT key FROM keys)) AND k.key = ended.unique_key AND k.job_id <> ended.id
                AND ended.id NOT IN (SELECT id FROM refused)
        ), {{MovedMembers}}, of_members AS (
            {{OfMembers}}
        ), changes AS (
            SELECT * FROM of_members WHERE $3 IS NULL
            UNION ALL
            SELECT
                batch, 1 AS total, 1 AS pending, 1 AS unattempted, 0 AS completed, 0 AS cancelled, 0 AS discarded, false AS retryable, false AS seals
            FROM moved
            WHERE $3 IS NOT NULL
        ), {{BatchTail}}, woken AS (
            SELECT queue FROM moved
            UNION ALL
            SELECT queue FROM told
        )
        {{Answer}}, {{Doubles}}, (SELECT array_agg(id) FROM contested)
        {{OfLocked}}
        """;

    internal const string Deletable = "j.state <> 'executing'";

    // A member that has not ended counts as cancelled; of one that has, the counters keep what it was. Nobody waits for a
    // key while he holds a job: a key that somebody else is taking at the moment is left to him.
    internal const string DeleteJobs = $$"""
        WITH {{Locked}} {{Deletable}} {{First}}
            FOR UPDATE
        ), moved AS (
            DELETE FROM :schema.jobs AS j
            WHERE j.id = ANY (ARRAY(SELECT id FROM locked WHERE is_possible))
            RETURNING j.id, j.batch, j.state, j.unique_key
        ), freed AS (
            DELETE FROM :schema.unique_keys
            WHERE key IN (
                SELECT k.key
                FROM :schema.unique_keys AS k
                JOIN moved ON moved.unique_key = k.key AND moved.id = k.job_id
                FOR UPDATE OF k SKIP LOCKED)
        ), members AS (
            SELECT
                moved.batch, moved.state AS was, CASE WHEN :schema.is_final(moved.state) THEN moved.state ELSE 'cancelled' END AS state,
                locked.attempted AS was_attempted, true AS attempted
            FROM moved
            JOIN locked ON locked.id = moved.id
        ), {{MemberChanges}}, {{BatchTail}}, woken AS (
            SELECT queue FROM told
        )
        {{Answer}}, {{Doubles}}
        {{OfLocked}}
        """;

    const string Editable = $"{Waits} AND ($11::text[] IS NULL OR j.worker = ANY ($11))";

    // A job that failed stays "retryable" until it is due, wherever its time is moved to. Delays are added in UTC, as in InsertSql. The row that
    // is changed is one that waits; the snapshot's, with which the UPDATE begins, may be one that does not.
    internal const string EditJobs = $$"""
        WITH {{Locked}} {{Editable}} {{First}}
            FOR NO KEY UPDATE
        ), moved AS (
            UPDATE :schema.jobs AS j
            SET
                priority = coalesce($3::smallint, j.priority),
                max_attempts = coalesce($4::smallint, j.max_attempts),
                queue = coalesce($5::text, j.queue),
                tags = nullif(coalesce($6::text[], j.tags), '{}'),
                meta = nullif(coalesce($7::text::jsonb, j.meta), '{}'),
                args = coalesce($8::text::jsonb, j.args),
                scheduled_at = coalesce(due.at, j.scheduled_at),
                node = NULL,
                finished_at = NULL,
                state = CASE
                    WHEN due.at IS NULL THEN CASE WHEN {{Waits}} THEN j.state ELSE 'available' END
                    WHEN due.at <= :schema.clock() THEN 'available'
                    WHEN j.state = 'retryable' THEN 'retryable'
                    ELSE 'scheduled'
                END
            FROM (
                SELECT coalesce($9::timestamptz, (:schema.clock() AT TIME ZONE 'UTC' + $10::interval) AT TIME ZONE 'UTC') AS at
            ) AS due
            WHERE j.id = ANY (ARRAY(SELECT id FROM locked WHERE is_possible))
            RETURNING j.id, j.state, j.queue
        ), woken AS (
            SELECT queue
            FROM moved
            WHERE state = 'available'
        )
        {{Answer}}
        {{OfLocked}}
        """;

    public override Task<ChangeResult> CancelAsync(JobSelection jobs, CancellationToken cancellationToken) =>
        ChangeAsync(_cancelJobs, jobs, Cancellable, static _ => { }, cancellationToken);

    public override Task<ChangeResult> RetryAsync(JobSelection jobs, CancellationToken cancellationToken) =>
        RetryAsync(jobs, into: null, cancellationToken);

    Task<ChangeResult> RetryAsync(JobSelection jobs, long? into, CancellationToken cancellationToken) =>
        ChangeAsync(_retryJobs, jobs, Retriable, parameters => parameters.Bind(into, NpgsqlDbType.Bigint), cancellationToken);

    public override Task<ChangeResult> DeleteAsync(JobSelection jobs, CancellationToken cancellationToken) =>
        ChangeAsync(_deleteJobs, jobs, Deletable, static _ => { }, cancellationToken);

    public override async Task<ChangeResult> EditAsync(JobSelection jobs, JobEdit edit, CancellationToken cancellationToken)
    {
        try
        {
            return await ChangeAsync(_editJobs, jobs, Editable, parameters => Bind(parameters, edit), cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException exception) when (edit.Args is not null && exception.SqlState is ['2', '2', ..] or ['5', '4', ..])
        {
            // Its own message would quote the args.
            throw new InvalidArgsException(
                $"The new args of {edit.Args.Worker} are such that PostgreSQL cannot store them: {exception.MessageText} ({exception.SqlState}). Nothing was changed by this statement.");
        }
    }

    static void Bind(NpgsqlParameterCollection parameters, JobEdit edit)
    {
        parameters.Bind((object?)(short?)edit.Priority ?? DBNull.Value, NpgsqlDbType.Smallint);
        parameters.Bind((object?)(short?)edit.MaxAttempts ?? DBNull.Value, NpgsqlDbType.Smallint);
        parameters.Bind((object?)edit.Queue ?? DBNull.Value, NpgsqlDbType.Text);
        parameters.Bind((object?)edit.Tags?.ToArray() ?? DBNull.Value, NpgsqlDbType.Array | NpgsqlDbType.Text);
        parameters.Bind(edit.Meta is null ? DBNull.Value : edit.StoredMeta ?? (object)"{}", NpgsqlDbType.Text);
        parameters.Bind(edit.Args is null ? DBNull.Value : (object)edit.Args.Args, NpgsqlDbType.Text);
        parameters.Bind((object?)edit.ScheduleAt?.UtcDateTime ?? DBNull.Value, NpgsqlDbType.TimestampTz);
        parameters.Bind((object?)edit.ScheduleIn ?? DBNull.Value, NpgsqlDbType.Interval);
        parameters.Bind(edit.Args is null ? DBNull.Value : (object)JobFilter.NamesOf(edit.Args.Definition).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Text);
    }

    Task<ChangeResult> ChangeAsync(
        string change, JobSelection jobs, string possible, Action<NpgsqlParameterCollection> bind, CancellationToken cancellationToken) =>
        ForCallerAsync(parameters => WriteChange(parameters, change, jobs, possible, bind), ReadChangedAsync, cancellationToken);

    internal static string WriteChange(
        NpgsqlParameterCollection parameters, string change, JobSelection jobs, string possible, Action<NpgsqlParameterCollection> bind)
    {
        parameters.Bind(jobs.After, NpgsqlDbType.Bigint);
        parameters.Bind((long)jobs.Limit, NpgsqlDbType.Bigint);
        bind(parameters);
        var filter = JobFilterSql.Where(jobs.Filter, parameters);
        return Filtered(change, jobs.OnlyPossible ? $"{possible} AND {filter}" : filter);
    }

    internal async Task<ChangeResult> ReadChangedAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        if (reader.IsDBNull(0))
            return new ChangeResult([], []);
        if (reader.FieldCount > 4)
            Warn(reader.GetFieldValue<string[]>(4));
        var ids = reader.GetFieldValue<long[]>(0);
        var states = reader.GetFieldValue<string[]>(1);
        var changed = reader.GetFieldValue<bool[]>(2);
        HashSet<long> contested = reader.FieldCount > 5 && !reader.IsDBNull(5) ? [.. reader.GetFieldValue<long[]>(5)] : [];
        return new ChangeResult(
            [.. ids.Select((id, i) => new SelectedJob(id, JobStates.FromSql(states[i]), changed[i], contested.Contains(id)))],
            reader.GetFieldValue<string[]>(3));
    }

    /// <summary>A statement with a filter in the place of <c>:filter</c>.</summary>
    internal static string Filtered(string sql, string filter) => sql.Replace(":filter", filter, StringComparison.Ordinal);

    // So many times a statement of a caller is repeated that PostgreSQL has rolled back for the sake of another one.
    const int Repeats = 10;

    /// <summary>Runs one statement on a connection of the callers, again where PostgreSQL asks for it.</summary>
    /// <param name="write">Binds the values and returns the text.</param>
    /// <param name="read">Reads the answer.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    async Task<T> ForCallerAsync<T>(
        Func<NpgsqlParameterCollection, string> write, Func<NpgsqlDataReader, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        for (var repeats = 0; ; repeats++)
        {
            try
            {
                await using var connection = await _database.OpenForCallerAsync(cancellationToken).ConfigureAwait(false);
                return await QueryAloneAsync(connection, parameters => _database.Schema.Qualify(write(parameters)), read, cancellationToken).ConfigureAwait(false);
            }
            catch (PostgresException exception) when (
                repeats < Repeats && exception.SqlState is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(10, 50) * (repeats + 1)), cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
