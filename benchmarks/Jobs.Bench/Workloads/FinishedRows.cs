using Npgsql;

namespace Jobs.Bench.Workloads;

/// <summary>Jobs that ended before the run, as a node leaves their rows.</summary>
/// <param name="Count">How many.</param>
/// <param name="AreDue">Whether the pruner is to delete them. Otherwise they are kept: the last one ended an hour ago, the first nineteen hours before.</param>
sealed record FinishedRows(int Count, bool AreDue)
{
    const string StoreSql = """
        INSERT INTO jobs.jobs (run, inserted_at, scheduled_at, attempted_at, finished_at, state, attempt, max_attempts, priority, queue, worker, args)
            SELECT
                1, began, began, began + interval '2 ms', began + interval '5 ms', 'completed', 1, $4, $5, $6, $7,
                jsonb_build_object('number', number)
            FROM generate_series(1, $1) AS number,
                LATERAL (SELECT jobs.clock() - $2 + $3 * (number::float8 / $1)) AS t (began)
        """;

    static readonly TimeSpan Span = TimeSpan.FromHours(19);
    static readonly TimeSpan Kept = new JobsOptions().Retention.Completed!.Value;

    /// <summary>Stores them before any other job, so that they have the first ids.</summary>
    public async Task StoreAsync(string connectionString, CancellationToken cancellationToken)
    {
        var job = NoOpWorker.New(new NoOp(0));
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, CommandTimeout = 0 }.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(StoreSql, connection)
        {
            Parameters =
            {
                new() { Value = Count }, new() { Value = TimeSpan.FromHours(20) + (AreDue ? Kept : TimeSpan.Zero) }, new() { Value = Span },
                new() { Value = job.MaxAttempts }, new() { Value = job.Priority }, new() { Value = job.Queue }, new() { Value = job.Worker },
            },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>How many there still are.</summary>
    public Task<long> CountAsync(string database, CancellationToken cancellationToken) =>
        Look.ForAsync<long>(database, "SELECT count(*) FROM jobs.jobs WHERE id <= $1", cancellationToken, (long)Count);
}
