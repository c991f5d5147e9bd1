using Jobs.Store;
using Npgsql;

namespace Jobs.Runtime.Tests.Isolation;

/// <summary>A way to acknowledge a job and to tell that its batch is complete: the store's own, or one that is known to be wrong.</summary>
/// <param name="InTransaction">What the session does between begin and commit or rollback.</param>
/// <param name="AfterCommit">What it does when it has committed.</param>
sealed record Completion(
    Func<NpgsqlConnection, Acknowledgement, Task> InTransaction,
    Func<NpgsqlConnection, Acknowledgement, Task>? AfterCommit = null)
{
    const string AcknowledgeSql = """
        UPDATE jobs.jobs
        SET state = $2::jobs.job_state, node = NULL, finished_at = jobs.clock()
        WHERE id = $1 AND state = 'executing'
        """;

    const string TellSql = """
        INSERT INTO jobs.jobs (worker, queue, args)
        SELECT 'Recipe.Admin', 'recipe', jsonb_build_object('status', 'complete', 'batch_id', b.id)
        FROM jobs.batches AS b
        JOIN jobs.jobs AS mine ON mine.batch = b.key AND mine.id = $1

        """;

    const string TellIfAllEndedSql = TellSql + """
        WHERE b.total = (SELECT count(*) FROM jobs.jobs AS j WHERE j.batch = b.key AND jobs.is_final(j.state))
        """;

    const string AcknowledgeAndTellSql = """
        WITH moved AS (
            UPDATE jobs.jobs
            SET state = $2::jobs.job_state, node = NULL, finished_at = jobs.clock()
            WHERE id = $1 AND state = 'executing'
            RETURNING id, batch
        ), held AS MATERIALIZED (
            SELECT b.key, b.id, b.total, moved.id AS mine
            FROM jobs.batches AS b
            JOIN moved ON moved.batch = b.key
            FOR NO KEY UPDATE OF b
        )
        INSERT INTO jobs.jobs (worker, queue, args)
        SELECT 'Recipe.Admin', 'recipe', jsonb_build_object('status', 'complete', 'batch_id', held.id)
        FROM held
        WHERE held.total = 1 + (
            SELECT count(*) FROM jobs.jobs AS j WHERE j.batch = held.key AND j.id <> held.mine AND jobs.is_final(j.state))
        """;

    /// <summary>The store's statement.</summary>
    public static Completion ByTheStore(StoreVerbs verbs) => new((connection, outcome) => verbs.AcknowledgeAsync(connection, outcome));

    /// <summary>The recipe: acknowledge, and count a while later.</summary>
    public static Completion ByACountAfterTheCommit { get; } = new(Run(AcknowledgeSql), Run(TellIfAllEndedSql));

    /// <summary>The recipe without its wait: who counts does not see what others have not committed.</summary>
    public static Completion ByACountBeforeTheCommit { get; } = new(async (connection, outcome) =>
    {
        await Run(AcknowledgeSql)(connection, outcome);
        await Run(TellIfAllEndedSql)(connection, outcome);
    });

    /// <summary>The count in the statement that takes the lock on the batch: its snapshot is older than the lock.</summary>
    public static Completion ByACountInTheSameStatement { get; } = new(Run(AcknowledgeAndTellSql));

    /// <summary>Tells when one job has ended, whatever the others do.</summary>
    public static Completion ByTheFirstThatEnds { get; } = new(async (connection, outcome) =>
    {
        await Run(AcknowledgeSql)(connection, outcome);
        await Run(TellSql)(connection, outcome);
    });

    /// <summary>The steps of a session that acknowledges one job. BEGIN takes neither snapshot nor lock, so it needs no place of its own in the order.</summary>
    public IReadOnlyList<Step> Steps(string session, Acknowledgement outcome, bool commits)
    {
        Step[] steps =
        [
            new(session, "acknowledge", async connection =>
            {
                await Step.SendAsync(connection, "BEGIN");
                await InTransaction(connection, outcome);
            }),
            commits ? Step.Commit(session) : Step.Rollback(session),
        ];
        return commits && AfterCommit is not null ? [.. steps, new(session, "count", connection => AfterCommit(connection, outcome))] : steps;
    }

    /// <summary>Does it without interruption, as after a rollback.</summary>
    public async Task RepeatAsync(NpgsqlConnection connection, Acknowledgement outcome)
    {
        await InTransaction(connection, outcome);
        if (AfterCommit is not null)
            await AfterCommit(connection, outcome);
    }

    static Func<NpgsqlConnection, Acknowledgement, Task> Run(string sql) => async (connection, outcome) =>
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = outcome.Id });
        if (sql.Contains("$2", StringComparison.Ordinal))
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Postgres.JobStates.ToSql(outcome.State) });
        await command.ExecuteNonQueryAsync();
    };
}
