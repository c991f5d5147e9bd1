using System.Data;
using System.Data.Common;
using Jobs.Store;
using Npgsql;
using NpgsqlTypes;

namespace Jobs.Postgres;

sealed partial class PostgresStore
{
    // One statement for many outcomes. The fence is in "locked": a row counts only while it executes this run on this
    // node; what is missing in the answer was stale.
    // The arrays are hidden from the planner behind sub-selects, and the rows are locked one by one: knowing that 500 ids
    // come, it reads all of jobs_executing, dead entries included, instead of 500 rows by their ids (5 ms instead of 0.5
    // for 50 outcomes, PostgreSQL 15). The order of "input" is the order of the locks, which are waited for as long as $10 says, unless the role has
    // a bound of its own.
    internal const string AcknowledgeSql = $$"""
        WITH input AS MATERIALIZED (
            SELECT
                t.id, t.run, coalesce(t.node, ($3::uuid[])[1]) AS node, coalesce(t.state, CAST(($4::text[])[1] AS :schema.job_state)) AS state,
                coalesce(t.delay, ($5::interval[])[1]) AS delay, t.error, t.output, t.was_last_attempt, t.progress
            FROM unnest(
                (SELECT $1::bigint[]), (SELECT $2::bigint[]), (SELECT $3::uuid[]),
                (SELECT CAST($4::text[] AS :schema.job_state[])), (SELECT $5::interval[]), (SELECT $6::text[]), (SELECT $7::text[]),
                (SELECT $8::boolean[]), (SELECT $9::text[])) AS t (id, run, node, state, delay, error, output, was_last_attempt, progress)
            WHERE (SELECT CASE WHEN $10::text IS NULL OR current_setting('lock_timeout') <> '0' THEN '' ELSE set_config('lock_timeout', $10, true) END) IS NOT NULL
            ORDER BY t.id
        ), locked AS MATERIALIZED (
            SELECT
                job.id, input.delay, input.error, input.output, input.progress, input.state AS wanted,
                CASE
                    WHEN job.cancel_requested_at IS NOT NULL AND (input.state NOT IN ('completed', 'discarded') OR input.was_last_attempt)
                    THEN 'cancelled' ELSE input.state
                END AS state,
                job.attempted
            FROM input
            CROSS JOIN LATERAL (
                SELECT j.id, j.cancel_requested_at, j.attempted IS TRUE AS attempted
                FROM :schema.jobs AS j
                WHERE j.id = input.id AND j.state = 'executing' AND j.run = input.run AND j.node = input.node
                FOR NO KEY UPDATE
            ) AS job
        ), moved AS (
            UPDATE :schema.jobs AS j
            SET
                state = locked.state,
                node = NULL,
                attempt = CASE WHEN locked.state IN ('scheduled', 'available') THEN j.attempt - 1 ELSE j.attempt END,
                scheduled_at = CASE WHEN locked.state IN ('scheduled', 'retryable') THEN :schema.clock() + locked.delay ELSE j.scheduled_at END,
                finished_at = CASE WHEN :schema.is_final(locked.state) THEN :schema.clock() END,
                cancel_requested_at = NULL,
                attempted = CASE WHEN locked.state IN ('scheduled', 'available') OR j.batch IS NULL THEN j.attempted ELSE true END,
                output = CAST(locked.output AS jsonb),
                progress = coalesce(CAST(locked.progress AS jsonb), j.progress),
                errors = CASE WHEN locked.error IS NULL THEN j.errors ELSE
                    CASE WHEN jsonb_array_length(j.errors) >= 50 THEN j.errors - 0 ELSE coalesce(j.errors, '[]') END
                    || jsonb_build_object('attempt', j.attempt, 'at', :schema.clock(), 'error', locked.error) END
            FROM locked
            WHERE j.id = locked.id AND j.id = ANY (ARRAY(SELECT id FROM locked))
            RETURNING j.id, j.batch, j.state, j.state <> locked.wanted AS was_cancelled, j.attempted IS TRUE AS attempted, locked.attempted AS was_attempted
        ), members AS (
            SELECT batch, CAST('executing' AS :schema.job_state) AS was, state, was_attempted, attempted
            FROM moved
        ), {{MemberChanges}}, {{BatchTail}}
        SELECT
            (SELECT coalesce(array_agg(id), '{}') FROM moved),
            (SELECT coalesce(array_agg(id), '{}') FROM moved WHERE was_cancelled),
            {{Told}}
        """;

    // What has no lock held by another is locked for as long as this statement takes. A closed batch changes no more, so nobody waits for it.
    internal const string FindHeldSql = """
        WITH asked AS MATERIALIZED (
            SELECT j.id, b.key
            FROM :schema.jobs AS j
            LEFT JOIN :schema.batches AS b ON b.key = j.batch AND b.closed_at IS NULL
            WHERE j.id = ANY ($1)
        ), free_jobs AS MATERIALIZED (
            SELECT id
            FROM :schema.jobs
            WHERE id = ANY ($1)
            FOR NO KEY UPDATE SKIP LOCKED
        ), free_batches AS MATERIALIZED (
            SELECT key
            FROM :schema.batches
            WHERE key = ANY (ARRAY(SELECT key FROM asked))
            FOR NO KEY UPDATE SKIP LOCKED
        )
        SELECT coalesce(array_agg(id), '{}')
        FROM asked
        WHERE id NOT IN (SELECT id FROM free_jobs) OR key IS NOT NULL AND key NOT IN (SELECT key FROM free_batches)
        """;

    public override Task<AcknowledgeResult> AcknowledgeAsync(IReadOnlyList<Acknowledgement> outcomes, CancellationToken cancellationToken) =>
        TellingWhyAsync(() => AcknowledgeAsync(outcomes, longestWait: null, cancellationToken), cancellationToken);

    public override Task<AcknowledgeResult?> TryAcknowledgeAsync(IReadOnlyList<Acknowledgement> outcomes, TimeSpan longestWait, CancellationToken cancellationToken) =>
        TellingWhyAsync<AcknowledgeResult?>(
            async () =>
            {
                try
                {
                    return await AcknowledgeAsync(outcomes, longestWait, cancellationToken).ConfigureAwait(false);
                }
                catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.LockNotAvailable)
                {
                    return null;
                }
            },
            cancellationToken);

    public override Task<IReadOnlySet<long>> FindHeldAsync(IReadOnlyList<long> jobs, CancellationToken cancellationToken) =>
        TellingWhyAsync(
            () => QueryAsync<IReadOnlySet<long>>(
                _findHeld,
                parameters => parameters.BindArray([.. jobs], NpgsqlDbType.Bigint),
                static async (reader, token) =>
                {
                    await reader.ReadAsync(token).ConfigureAwait(false);
                    return reader.GetFieldValue<long[]>(0).ToHashSet();
                },
                cancellationToken),
            cancellationToken);

    async Task<AcknowledgeResult> AcknowledgeAsync(IReadOnlyList<Acknowledgement> outcomes, TimeSpan? longestWait, CancellationToken cancellationToken)
    {
        var result = await QueryAsync(
            _acknowledge, parameters => BindOutcomes(parameters, outcomes, longestWait), ReadAcknowledgedAsync, cancellationToken).ConfigureAwait(false);
        return await WithParentsAsync(result).ConfigureAwait(false);
    }

    static async Task<T> TellingWhyAsync<T>(Func<Task<T>> run, CancellationToken cancellationToken)
    {
        try
        {
            return await run().ConfigureAwait(false);
        }
        catch (PostgresException exception) when (exception.SqlState is ['2', '2' or '3', ..] or ['5', '4', ..])
        {
            throw new JobStoreException(isTransient: false, exception.MessageText, exception);
        }
        catch (Exception exception) when (exception is NpgsqlException or DatabaseUnavailableException or TimeoutException)
        {
            throw new JobStoreException(isTransient: true, exception.Message, exception);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new JobStoreException(isTransient: false, exception.Message, exception);
        }
    }

    // Between the acknowledgement and the commit this process holds the rows of the job and of its batch, on which every other
    // acknowledgement of the batch waits. A process that is stopped or cut off in that moment is waited for no longer than this:
    // then the server rolls back. Only from here on: between the caller's own statements any time may pass.
    internal const string CommitSoonSql = "SELECT set_config('idle_in_transaction_session_timeout', '5s', true)";

    // Not the control plane's, since the writes are the caller's and may take long. The acknowledgement is the last statement, so
    // that the job's row, and its batch's, are locked for no longer than the commit.
    public override async Task<AcknowledgeResult> CompleteAsync(
        Acknowledgement outcome, Func<DbTransaction, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenToShareAsync(cancellationToken).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken).ConfigureAwait(false);
        await write(transaction, cancellationToken).ConfigureAwait(false);
        _ = EnqueueTransaction.Usable(transaction);   // else the acknowledgement would be committed without the writes
        await ExecuteAsync(connection, CommitSoonSql, static _ => { }, cancellationToken).ConfigureAwait(false);
        var result = await QueryAsync(
            connection, _acknowledge, parameters => BindOutcomes(parameters, [outcome]), ReadAcknowledgedAsync, cancellationToken).ConfigureAwait(false);
        if (result.Acknowledged.Count == 0)
            return result;
        await transaction.CommitAsync(CancellationToken.None).ConfigureAwait(false);
        return await WithParentsAsync(result).ConfigureAwait(false);
    }

    async Task<AcknowledgeResult> WithParentsAsync(AcknowledgeResult result)
    {
        Warn(result.Doubles);
        return result.ClosedChildren.Count == 0
            ? result
            : result with { CallbackQueues = [.. result.CallbackQueues, .. await CountInParentsAsync(result.ClosedChildren).ConfigureAwait(false)] };
    }

    internal static void BindOutcomes(NpgsqlParameterCollection parameters, IReadOnlyList<Acknowledgement> outcomes, TimeSpan? longestWait = null)
    {
        parameters.BindArray([.. outcomes.Select(outcome => outcome.Id)], NpgsqlDbType.Bigint);
        parameters.BindArray([.. outcomes.Select(outcome => outcome.Run)], NpgsqlDbType.Bigint);
        parameters.BindArray(OnceIfSame(outcomes, static outcome => outcome.Node), NpgsqlDbType.Uuid);
        parameters.BindArray(OnceIfSame(outcomes, static outcome => JobStates.ToSql(outcome.State)), NpgsqlDbType.Text);
        parameters.BindArray(OnceIfSame(outcomes, static outcome => outcome.Delay), NpgsqlDbType.Interval);
        parameters.BindArray(Column(outcomes, static outcome => outcome.Error), NpgsqlDbType.Text);
        parameters.BindArray(Column(outcomes, static outcome => outcome.Output?.Json), NpgsqlDbType.Text);
        parameters.BindArray(Column<bool?>(outcomes, static outcome => outcome.WasLastAttempt ? true : null), NpgsqlDbType.Boolean);
        parameters.BindArray(Column(outcomes, static outcome => outcome.Progress?.ToJson()), NpgsqlDbType.Text);
        parameters.BindLockWait(longestWait);
    }

    // Most jobs of a flush have the same node, and most end the same way: unnest fills the shorter column with nulls, which stand for its first value.
    static T[] OnceIfSame<T>(IReadOnlyList<Acknowledgement> outcomes, Func<Acknowledgement, T> value)
        where T : IEquatable<T>
    {
        if (outcomes.Count == 0)
            return [];
        var first = value(outcomes[0]);
        for (var i = 1; i < outcomes.Count; i++)
        {
            if (!value(outcomes[i]).Equals(first))
                return [.. outcomes.Select(value)];
        }

        return [first];
    }

    // Most flushes have no error, and no output: unnest fills a column of which there is no array with nulls.
    static T?[]? Column<T>(IReadOnlyList<Acknowledgement> outcomes, Func<Acknowledgement, T?> value)
    {
        T?[]? values = null;
        for (var i = 0; i < outcomes.Count; i++)
        {
            if (value(outcomes[i]) is { } present)
                (values ??= new T?[outcomes.Count])[i] = present;
        }

        return values;
    }

    internal static async Task<AcknowledgeResult> ReadAcknowledgedAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        var tail = ReadTail(reader, 2);
        return new AcknowledgeResult(
            reader.GetFieldValue<long[]>(0).ToHashSet(), reader.GetFieldValue<long[]>(1).ToHashSet(), tail.Closed, tail.Queues)
        { ClosedChildren = tail.ClosedChildren, Doubles = tail.Doubles };
    }
}
