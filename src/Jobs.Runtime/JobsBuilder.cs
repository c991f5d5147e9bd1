using System.ComponentModel;
using Jobs.Generated;
using Jobs.Postgres;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Jobs;

/// <summary>Says where jobs are stored, which queues this host works, and which workers it knows.</summary>
public sealed class JobsBuilder
{
    internal JobsBuilder(IServiceCollection services) => Services = services;

    internal IServiceCollection Services { get; }

    internal PostgresDatabase? Database { get; private set; }

    /// <summary>The workers this host knows. Filled by the generated <c>AddWorkers()</c>.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public WorkerRegistry Workers { get; } = new();

    /// <summary>Stores jobs in PostgreSQL, version 14 or later.</summary>
    /// <param name="connectionString">
    /// An Npgsql connection string, as in <c>Host=localhost;Username=me;Password=secret;Database=app</c>; no <c>postgres://</c> URL.
    /// <c>Max Auto Prepare=0</c> in it switches off the prepared statements of claims and acknowledgements, for a connection pooler in
    /// transaction mode that does not know them. <c>Enlist</c> and <c>Multiplexing</c> are not looked at.
    /// </param>
    /// <param name="schema">The schema of the tables: lower case letters, digits and underscores, at most 40.</param>
    /// <exception cref="ArgumentException">The connection string cannot be parsed, or the schema's name is not of that form.</exception>
    public JobsBuilder UsePostgres(string connectionString, string schema = "jobs")
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(connectionString);
        Database = new PostgresDatabase(Parsed(connectionString), new SchemaName(schema));
        return this;
    }

    static NpgsqlConnectionStringBuilder Parsed(string connectionString)
    {
        // Npgsql would say at which index the format ends, and nothing of a URL.
        if (connectionString.TrimStart() is var text
            && (text.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase)))
        {
            throw new ArgumentException(
                "The connection string is a URL, which Npgsql does not read. Write it as in \"Host=localhost;Username=me;Password=secret;Database=app\".",
                nameof(connectionString));
        }

        return new NpgsqlConnectionStringBuilder(connectionString);
    }

    /// <summary>Works a queue on this host. A host without queues only enqueues.</summary>
    /// <param name="name">The queue's name; 1 to 200 characters.</param>
    /// <param name="concurrency">How many of its jobs may run on this host at the same time; 1 to 10,000.</param>
    /// <exception cref="InvalidOperationException">The queue was added before.</exception>
    public JobsBuilder AddQueue(string name, int concurrency)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Configure(options =>
        {
            if (!options.Queues.TryAdd(name, concurrency))
                throw new InvalidOperationException($"The queue \"{name}\" was added twice. Add it once, with the concurrency you want.");
        });
    }

    /// <summary>
    /// Takes the settings, and the queues, from a section of the host's configuration: <c>jobs.Configure(builder.Configuration.GetSection("Jobs"))</c>.
    /// </summary>
    /// <param name="section">
    /// Its keys are the names of the properties of <see cref="JobsOptions"/>, and <c>Queues</c> for what <see cref="AddQueue"/> says:
    /// <c>"Queues": {"batch": 10}</c>. Durations are written <c>00:00:30</c>, or <c>7.00:00:00</c> for days. A key that is unknown, and a
    /// value that cannot be read, keep the host from starting, all of them in one message.
    /// </param>
    /// <remarks>What is said last leads; a queue that was added before has the concurrency of the configuration.</remarks>
    public JobsBuilder Configure(IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        return Configure(options => JobsConfiguration.Read(options, section));
    }

    /// <summary>Changes the settings that have no method of their own.</summary>
    public JobsBuilder Configure(Action<JobsOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        Services.Configure(configure);
        return this;
    }
}
