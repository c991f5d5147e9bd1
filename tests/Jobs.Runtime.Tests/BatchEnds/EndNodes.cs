using Jobs.Postgres;
using Jobs.Runtime.Tests.Behaviour;
using Jobs.Testing.Database;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Jobs.Runtime.Tests.BatchEnds;

/// <summary>Two nodes of one database, with a pruner that deletes what has ended at once.</summary>
public sealed class EndNodes : IAsyncLifetime
{
    /// <summary>A queue that neither of them works.</summary>
    public const string Elsewhere = "elsewhere";

    /// <summary>How the connections of <see cref="Store"/> are called.</summary>
    public const string Doomed = "doomed";

    public static readonly TimeSpan TimeoutGrace = TimeSpan.FromMilliseconds(200);

    static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(10);
    static readonly TimeSpan Lease = TimeSpan.FromSeconds(6);

    /// <summary>How often the leader looks for the jobs of dead nodes.</summary>
    public static readonly TimeSpan Rescues = Lease / 3;

    /// <summary>How often it compares the counters of batches with their rows.</summary>
    public static readonly TimeSpan Checks = Poll * 30;

    TestDatabase? _database;
    PostgresDatabase? _jobs;
    TestHost? _one;
    TestHost? _other;

    public EndJournal Journal { get; private set; } = null!;

    internal JobClient Client => _one!.Client;

    /// <summary>The verbs of a node, or a builder, that is to die.</summary>
    internal PostgresStore Store { get; private set; } = null!;

    internal TestHost Host => _one!;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync();
        Journal = new EndJournal(_database);
        _one = await TestHost.StartOnAsync(_database, Configure);
        _other = await TestHost.StartOnAsync(_database, Configure);
        _jobs = new PostgresDatabase(new NpgsqlConnectionStringBuilder(_database.ConnectionString) { ApplicationName = Doomed }, new SchemaName("jobs"));
        Store = new PostgresStore(_jobs);
    }

    void Configure(JobsBuilder jobs)
    {
        jobs.Services.AddSingleton(Journal);
        jobs.Configure(static options =>
        {
            options.PollInterval = Poll;
            options.NodeLease = Lease;
            options.TimeoutGrace = TimeoutGrace;
            (options.Retention.Completed, options.Retention.Cancelled, options.Retention.Discarded, options.Retention.Batches) =
                (TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero);
        });
    }

    /// <summary>Waits until the pruner has left nothing. Nobody can be told of anything any more.</summary>
    internal Task EmptyAsync() =>
        Host.UntilAsync<long>("SELECT (SELECT count(*) FROM jobs.jobs) + (SELECT count(*) FROM jobs.batches)", static left => left == 0);

    /// <summary>Leaves nothing of a test that failed, which would keep the next from its end.</summary>
    internal async Task ClearAsync()
    {
        Journal.Clear();
        await Host.ExecuteAsync("DELETE FROM jobs.jobs; DELETE FROM jobs.batches; DELETE FROM jobs.unique_keys");
    }

    public async ValueTask DisposeAsync()
    {
        await _jobs!.DisposeAsync();
        await _other!.DisposeAsync();
        await _one!.DisposeAsync();
        await _database!.DisposeAsync();
    }
}
