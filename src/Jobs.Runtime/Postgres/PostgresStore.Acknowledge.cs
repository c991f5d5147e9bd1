using System.Data;
using System.Data.Common;
using Jobs.Store;
using Npgsql;
using NpgsqlTypes;

namespace Jobs.Postgres;

sealed partial class PostgresStore
{
    // What a job becomes. One that was asked to end, and does not end by itself, is cancelled.
    const string Outcome = """
        CASE
                    WHEN j.cancel_requested_at IS NOT NULL AND (input.state NOT IN ('completed', 'discarded') OR input.was_last_attempt)
                    THEN 'cancelled' ELSE input.state
                END
        """;

    // One statement for many outcomes, which finds and locks each row once. The fence is in its WHERE: a row counts only while it executes this run on
    // this node, which PostgreSQL asks of the row's latest version when it has waited for it; what is missing in the answer was stale. A row that has
    // a node executes, so the state is not asked: the index of those that execute holds an entry of each row that did, and the planner would read
    // all of them (125 ms instead of 6 for 1,000 outcomes, PostgreSQL 15). Hence IS NOT DISTINCT FROM, which no index serves, and the sub-selects,
    // which hide how many ids come: of an array that it has not seen it expects ten elements.
    // Rows are locked in the order of "input", which is that of their ids, since the planner believes that it has a thousand rows more than it has (the
    // series is empty, and unseen): so it goes through "input", and looks for each outcome among the ten rows that it expects of the table. The other
    // way round the order would be that of an index or of the pages, and to lock all of them first costs a fifth more. They are waited for as long as
    // $10 says, unless the role has a bound of its own.
    // Whether a member was attempted before stands in the version that the statement has found, which no one changes while it executes. Before its
    // second run there was no attempt, and nothing to look up.
    const string Move = $$"""
        WITH input AS MATERIALIZED (
            SELECT
                t.id, t.run, coalesce(t.node, ($3::uuid[])[1]) AS node, coalesce(t.state, CAST(($4::text[])[1] AS :schema.job_state)) AS state,
                coalesce(t.delay, ($5::interval[])[1]) AS delay, t.error, t.output, t.was_last_attempt, t.progress
            FROM unnest(
                (SELECT $1::bigint[]), (SELECT $2::bigint[]), (SELECT $3::uuid[]),
                (SELECT CAST($4::text[] AS :schema.job_state[])), (SELECT $5::interval[]), (SELECT $6::text[]), (SELECT $7::text[]),
                (SELECT $8::boolean[]), (SELECT $9::text[])) AS t (id, run, node, state, delay, error, output, was_last_attempt, progress)
            WHERE (SELECT CASE WHEN $10::text IS NULL OR current_setting('lock_timeout') <> '0' THEN '' ELSE set_config('lock_timeout', $10, true) END) IS NOT NULL
            UNION ALL
            SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM generate_series(1, (SELECT 0))
            ORDER BY id
        ), moved AS (
            UPDATE :schema.jobs AS j
            SET
                state = {{Outcome}},
                node = NULL,
                attempt = CASE WHEN {{Outcome}} IN ('scheduled', 'available') THEN j.attempt - 1 ELSE j.attempt END,
                scheduled_at = CASE WHEN {{Outcome}} IN ('scheduled', 'retryable') THEN :schema.clock() + input.delay ELSE j.scheduled_at END,
                finished_at = CASE WHEN :schema.is_final({{Outcome}}) THEN :schema.clock() END,
                cancel_requested_at = NULL,
                attempted = CASE WHEN {{Outcome}} = 'retryable' AND j.batch IS NOT NULL THEN true ELSE j.attempted END,
                output = CAST(input.output AS jsonb),
                progress = coalesce(CAST(input.progress AS jsonb), j.progress),
                errors = CASE WHEN input.error IS NULL THEN j.errors ELSE
                    CASE WHEN jsonb_array_length(j.errors) >= 50 THEN j.errors - 0 ELSE coalesce(j.errors, '[]') END
                    || jsonb_build_object('attempt', j.attempt, 'at', :schema.clock(), 'error', input.error) END
            FROM input
            WHERE j.id = input.id AND j.id = ANY (ARRAY(SELECT id FROM input)) AND j.run = input.run AND j.node IS NOT DISTINCT FROM input.node
        """;

    internal const string AcknowledgeSql = $$"""
        {{Move}}
            RETURNING
                j.id, j.batch, j.state, j.state <> input.state AS was_cancelled, {{IsAttempted}} AS attempted,
                j.batch IS NOT NULL AND j.run > 1 AND (SELECT found.attempted IS TRUE FROM :schema.jobs AS found WHERE found.id = j.id) AS was_attempted
        ), members AS (
            SELECT batch, CAST('executing' AS :schema.job_state) AS was, state, was_attempted, attempted
            FROM moved
        ), {{MemberChanges}}, {{BatchTail}}
        SELECT
            (SELECT coalesce(array_agg(id), '{}') FROM moved),
            (SELECT coalesce(array_agg(id), '{}') FROM moved WHERE was_cancelled),
            {{Told}}
        """;

    // Of jobs that are in no batch, so without what counts in batches, which is most of the work of planning: a connection's first statements take 10 ms
    // less. A job is in the batch in which it was claimed, for as long as it executes; should the caller be wrong, its outcome does not count.
    internal const string AcknowledgeUnbatchedSql = $$"""
        {{Move}} AND j.batch IS NULL
            RETURNING j.id, j.state <> input.state AS was_cancelled
        )
        SELECT
            (SELECT coalesce(array_agg(id), '{}') FROM moved),
            (SELECT coalesce(array_agg(id), '{}') FROM moved WHERE was_cancelled),
            {{NothingTold}}
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
            StatementFor(outcomes), parameters => BindOutcomes(parameters, outcomes, longestWait), ReadAcknowledgedAsync, cancellationToken).ConfigureAwait(false);
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

    // Fails where the outcome is stale, so that what comes behind it in the same flight, the commit, is left out.
    const string OrFail = "WHERE (SELECT 1 / count(*) FROM moved) = 1";

    internal const string CompleteSql = $"{AcknowledgeSql}\n{OrFail}";
    internal const string CompleteUnbatchedSql = $"{AcknowledgeUnbatchedSql}\n{OrFail}";

    // Not the control plane's, since the writes are the caller's and may take long. The acknowledgement is the last statement, and the commit goes with
    // it: the rows of the job and of its batch, on which every other acknowledgement of the batch waits, are held for no longer than the server needs
    // for both, whatever becomes of this process.
    public override async Task<AcknowledgeResult> CompleteAsync(
        Acknowledgement outcome, Func<DbTransaction, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenToShareAsync(cancellationToken).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken).ConfigureAwait(false);
        await write(transaction, cancellationToken).ConfigureAwait(false);
        _ = EnqueueTransaction.Usable(transaction);   // else the acknowledgement would be committed without the writes
        var result = await AcknowledgeAndCommitAsync(connection, outcome, cancellationToken).ConfigureAwait(false);
        return await WithParentsAsync(result).ConfigureAwait(false);
    }

    async Task<AcknowledgeResult> AcknowledgeAndCommitAsync(NpgsqlConnection connection, Acknowledgement outcome, CancellationToken cancellationToken)
    {
        var acknowledge = new NpgsqlBatchCommand(outcome.Batch is null ? _completeUnbatched : _complete);
        BindOutcomes(acknowledge.Parameters, [outcome]);
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { acknowledge, new NpgsqlBatchCommand("COMMIT") } };
        NpgsqlDataReader reader;
        try
        {
            reader = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.DivisionByZero)
        {
            return AcknowledgeResult.Stale;
        }

        // Both answers are on their way already, and the second says that the writes are there.
        await using (reader.ConfigureAwait(false))
            return await ReadToEndAsync(reader, ReadAcknowledgedAsync, CancellationToken.None).ConfigureAwait(false);
    }

    string StatementFor(IReadOnlyList<Acknowledgement> outcomes) => outcomes.Any(static outcome => outcome.Batch is not null) ? _acknowledge : _acknowledgeUnbatched;

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
