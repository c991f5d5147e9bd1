using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Jobs.Bench.Workloads;

/// <summary>The jobs that wait when the clock starts, stored as an application stores them.</summary>
sealed record StoredJobs(int Count, bool InOneBatch)
{
    /// <summary>Makes jobs one after the other, as they are asked for.</summary>
    public static IEnumerable<NewJob> Some(int count) => Enumerable.Range(1, count).Select(number => NoOpWorker.New(new NoOp(number)));

    public async Task StoreAsync(string connectionString, CancellationToken cancellationToken)
    {
        using var host = BenchHost.BuildClient(connectionString);
        await host.StartAsync(cancellationToken);
        var client = host.Services.GetRequiredService<JobClient>();
        if (InOneBatch)
            await client.EnqueueBatchAsync("bench", Some(Count), cancellationToken: cancellationToken);
        else
            await client.EnqueueManyAsync(Some(Count), cancellationToken);
        await host.StopAsync(cancellationToken);
    }

    /// <summary>Throws unless each job is completed, in its row and in the counters of its batch.</summary>
    public async Task ThrowUnlessCompletedAsync(string connectionString, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(
            """
            SELECT count(*) FILTER (WHERE state = 'completed' AND run = 1), (SELECT sum(completed) FROM jobs.batches WHERE closed_at IS NOT NULL)
            FROM jobs.jobs
            """,
            connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        if (reader.GetInt64(0) != Count)
            throw new BenchException($"Only {reader.GetInt64(0)} of {Count} jobs are completed in their first run, so the time means nothing.");
        if (InOneBatch && (reader.IsDBNull(1) || reader.GetInt64(1) != Count))
            throw new BenchException("The jobs are completed, but their batch is not, so the time means nothing.");
    }
}
