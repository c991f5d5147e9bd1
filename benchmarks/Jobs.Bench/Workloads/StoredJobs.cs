using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Jobs.Bench.Workloads;

/// <summary>The jobs that wait when the clock starts, stored as an application stores them: without a batch, as one, or as several of the same size.</summary>
sealed record StoredJobs(int Count, int Batches)
{
    /// <summary>Tells databases apart that hold different ones.</summary>
    public string Content => Batches == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"_{Batches}");

    /// <summary>Makes jobs one after the other, as they are asked for.</summary>
    public static IEnumerable<NewJob> Some(int count) => Enumerable.Range(1, count).Select(number => NoOpWorker.New(new NoOp(number)));

    public async Task StoreAsync(string connectionString, CancellationToken cancellationToken)
    {
        using var host = BenchHost.BuildClient(connectionString);
        await host.StartAsync(cancellationToken);
        var client = host.Services.GetRequiredService<JobClient>();
        if (Batches == 0)
            await client.EnqueueManyAsync(Some(Count), cancellationToken);
        for (var batch = 0; batch < Batches; batch++)
        {
            var size = (int)((long)Count * (batch + 1) / Batches - (long)Count * batch / Batches);
            await client.EnqueueBatchAsync(string.Create(CultureInfo.InvariantCulture, $"bench-{batch}"), Some(size), cancellationToken: cancellationToken);
        }

        await host.StopAsync(cancellationToken);
    }

    /// <summary>Throws unless each job is completed, in its row and in the counters of its batch.</summary>
    public async Task ThrowUnlessCompletedAsync(string connectionString, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(
            """
            SELECT
                count(*) FILTER (WHERE callback_of IS NULL AND state = 'completed' AND run = 1), count(*) FILTER (WHERE callback_of IS NOT NULL),
                (SELECT sum(completed) FROM jobs.batches WHERE closed_at IS NOT NULL)
            FROM jobs.jobs
            """,
            connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        if (reader.GetInt64(0) != Count)
            throw new BenchException($"Only {reader.GetInt64(0)} of {Count} jobs are completed in their first run, so the time means nothing.");
        if (reader.GetInt64(1) != Batches)
            throw new BenchException($"{reader.GetInt64(1)} callbacks were enqueued for {Batches} batches, so the time means nothing.");
        if (Batches > 0 && (reader.IsDBNull(2) || reader.GetInt64(2) != Count))
            throw new BenchException("The jobs are completed, but their batches are not, so the time means nothing.");
    }
}
