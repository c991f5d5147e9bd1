using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Jobs.Bench.Workloads;

/// <summary>The jobs that wait when the clock starts, stored as an application stores them: without a batch, as one, or as several of the same size.</summary>
sealed record StoredJobs(int Count, int Batches = 0)
{
    /// <summary>Whether they were scheduled, and have become due since: a node has to stage them before it can claim them.</summary>
    public bool AreScheduled { get; init; }

    /// <summary>What the table holds besides.</summary>
    public FinishedRows? Finished { get; init; }

    /// <summary>What a drain of them is called.</summary>
    public string Workload => this switch
    {
        { Finished.AreDue: true } => "prune",
        { Finished: not null } => "history",
        { AreScheduled: true } => "scheduled",
        _ => "drain",
    };

    /// <summary>Tells databases apart that hold different ones.</summary>
    public string Content => string.Create(CultureInfo.InvariantCulture, $"_{Workload}_{Count}_{Batches}_{Finished?.Count ?? 0}");

    /// <summary>Makes jobs one after the other, as they are asked for.</summary>
    public static IEnumerable<NewJob> Some(int count) => Enumerable.Range(1, count).Select(number => NoOpWorker.New(new NoOp(number)));

    public async Task StoreAsync(string connectionString, CancellationToken cancellationToken)
    {
        using var host = BenchHost.BuildClient(connectionString);
        await host.StartAsync(cancellationToken);
        if (Finished is not null)
            await Finished.StoreAsync(connectionString, cancellationToken);
        var client = host.Services.GetRequiredService<JobClient>();
        if (Batches == 0)
            await client.EnqueueManyAsync(AreScheduled ? Some(Count).Select(Scheduled) : Some(Count), cancellationToken);
        for (var batch = 0; batch < Batches; batch++)
        {
            var size = (int)((long)Count * (batch + 1) / Batches - (long)Count * batch / Batches);
            await client.EnqueueBatchAsync(string.Create(CultureInfo.InvariantCulture, $"bench-{batch}"), Some(size), cancellationToken: cancellationToken);
        }

        await host.StopAsync(cancellationToken);
    }

    // All are due a moment later, by the clock of the call's transaction: long before the first run.
    static NewJob Scheduled(NewJob job) => job with { ScheduleIn = TimeSpan.FromMilliseconds(1) };

    /// <summary>Throws unless each job is completed, in its row and in the counters of its batch.</summary>
    /// <exception cref="BenchException">Jobs, callbacks or counts are missing.</exception>
    /// <exception cref="VoidRunException">Some are completed in a later run than their first.</exception>
    public async Task ThrowUnlessCompletedAsync(string connectionString, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, CommandTimeout = 0 }.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(
            """
            SELECT
                count(*) FILTER (WHERE callback_of IS NULL AND state = 'completed' AND run = 1), count(*) FILTER (WHERE callback_of IS NOT NULL),
                (SELECT sum(completed) FROM jobs.batches WHERE closed_at IS NOT NULL), count(*) FILTER (WHERE callback_of IS NULL AND state = 'completed')
            FROM jobs.jobs
            WHERE id > $1
            """,
            connection)
        { Parameters = { new() { Value = (long)(Finished?.Count ?? 0) } } };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        if (reader.GetInt64(3) != Count)
            throw new BenchException($"Only {reader.GetInt64(3)} of {Count} jobs are completed, so the time means nothing.");
        if (reader.GetInt64(0) != Count)
            throw new VoidRunException($"Only {reader.GetInt64(0)} of {Count} jobs are completed in their first run, so the time means nothing.");
        if (reader.GetInt64(1) != Batches)
            throw new BenchException($"{reader.GetInt64(1)} callbacks were enqueued for {Batches} batches, so the time means nothing.");
        if (Batches > 0 && (reader.IsDBNull(2) || reader.GetInt64(2) != Count))
            throw new BenchException("The jobs are completed, but their batches are not, so the time means nothing.");
    }

    /// <summary>When the last batch ended, by the server's clock.</summary>
    public static async Task<DateTimeOffset> LastBatchEndAsync(string connectionString, CancellationToken cancellationToken) =>
        new(await Look.ForAsync<DateTime>(connectionString, "SELECT max(closed_at) FROM jobs.batches", cancellationToken));
}
