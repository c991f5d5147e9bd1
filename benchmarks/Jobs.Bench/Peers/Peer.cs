using System.Diagnostics;
using System.Globalization;
using Jobs.Bench.Nodes;
using Npgsql;

namespace Jobs.Bench.Peers;

/// <summary>Another job system on PostgreSQL, by the program that works its jobs and stores them.</summary>
/// <param name="Name">As its authors write it.</param>
abstract record Peer(string Name)
{
    public static readonly IReadOnlyList<Peer> All = [new GraphileWorker(), new PgBoss(), new Hangfire()];

    /// <summary>The version that is measured.</summary>
    public abstract string Version { get; }

    /// <summary>With how many nodes it drains.</summary>
    public abstract IReadOnlyList<int> NodeCounts { get; }

    /// <summary>The settings of it whose single inserts are measured.</summary>
    public virtual IReadOnlyList<Peer> ForInserts => [this];

    /// <summary>The version too.</summary>
    public string Title => $"{Name} {Version}";

    /// <summary>How many jobs it gets where others get so many: else the run of a slow one would take minutes.</summary>
    public virtual int ShareOf(int jobs) => jobs;

    /// <summary>Tells its databases from those of others, and those that hold different jobs from each other.</summary>
    public string Content(int jobs) => string.Create(CultureInfo.InvariantCulture, $"_{Name.Replace('-', '_').ToLowerInvariant()}_{jobs}");

    /// <summary>Its program, in the given mode, with the database in the variables that it reads.</summary>
    public abstract ProcessStartInfo Describe(string mode, string database);

    /// <summary>Its nodes, with as much concurrency as its documentation recommends for speed.</summary>
    /// <param name="count">How many.</param>
    /// <param name="tellsEach">Whether they tell of each job that begins.</param>
    public NodeSettings Nodes(int count, bool tellsEach = false)
    {
        var program = new NodeProgram(Title, () => Describe("work", "").FileName) { Start = database => Describe("work", database, tellsEach) };
        return new NodeSettings(program, count, Concurrency: 0);
    }

    /// <summary>Makes its tables, and stores jobs that wait.</summary>
    public async Task FillAsync(string database, int jobs, CancellationToken cancellationToken)
    {
        await using var caller = await PeerCaller.StartAsync(this, database, cancellationToken);
        if (jobs > 0)
            await caller.BulkAsync(jobs, cancellationToken);
        await caller.StopAsync(cancellationToken);
    }

    /// <summary>How many jobs there are, ended ones included where they are kept.</summary>
    public Task<long> CountStoredAsync(string database, CancellationToken cancellationToken) => CountAsync(database, StoredSql, cancellationToken);

    public void ThrowUnlessPerformedOnce(long performed, int jobs)
    {
        if (performed != jobs)
            throw new BenchException($"{Name} performed {jobs} jobs {performed} times, so the time means nothing.");
    }

    /// <summary>Throws unless each job has ended well, in its first run.</summary>
    public async Task ThrowUnlessCompletedAsync(string database, int jobs, CancellationToken cancellationToken)
    {
        var (completed, expected) = (await CountAsync(database, CompletedSql, cancellationToken), KeepsFinished ? jobs : 0);
        if (completed != expected || await CountStoredAsync(database, cancellationToken) != expected)
            throw new BenchException($"Not all of the {jobs} jobs of {Name} are completed in their first run, so the time means nothing.");
    }

    /// <summary>Whether the rows of jobs that have ended are kept.</summary>
    protected virtual bool KeepsFinished => true;

    protected abstract string StoredSql { get; }

    /// <summary>Counts the jobs that have ended well in their first run.</summary>
    protected abstract string CompletedSql { get; }

    ProcessStartInfo Describe(string mode, string database, bool tellsEach)
    {
        var start = Describe(mode, database);
        if (tellsEach)
            start.Environment["JOBS_BENCH_TELL_EACH"] = "1";
        return start;
    }

    static async Task<long> CountAsync(string database, string sql, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}
