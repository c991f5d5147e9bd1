using System.CommandLine;
using Jobs.Bench.Commands;
using Jobs.Bench.Measuring;
using Jobs.Bench.Results;
using Npgsql;

namespace Jobs.Bench;

/// <summary>The command line: a command per workload, and what all of them take.</summary>
sealed class CommandLine
{
    const string DatabaseVariable = "ConnectionStrings__Jobs";
    const int Succeeded = 0;
    const int CouldNotRun = 2;

    readonly Option<string?> _database = new("--database")
    {
        Description = "PostgreSQL, as in Host=localhost;Username=me;Password=secret;Database=postgres. Its user may create databases: " +
            $"{BenchServer.OwnDatabases}, are dropped and made anew. Without it, the variable {DatabaseVariable}.",
        HelpName = "CONNECTION",
        Recursive = true,
    };

    readonly Option<int> _runs = Numbers.One(
        "--runs", 1_000, 3, "How many runs of each, in turns. The table has their median, and in brackets the least and the most.");

    readonly Option<string> _output = new("--output")
    {
        Description = "The file that gets a JSON line per run. What it holds already stays.",
        HelpName = "FILE.jsonl",
        DefaultValueFactory = _ => Path.Combine("artifacts", "bench", "runs.jsonl"),
        Recursive = true,
    };

    readonly RootCommand _root;

    public CommandLine()
    {
        _runs.Recursive = true;
        _root = new RootCommand("Measures Jobs on a real PostgreSQL. benchmarks/README.md says what is measured, and how.") { _database, _runs, _output };
        foreach (var workload in Workloads())
        {
            workload.SetAction((parsed, cancellationToken) => OnServerAsync(parsed, workload, cancellationToken));
            _root.Add(workload);
        }
    }

    static WorkloadCommand[] Workloads() =>
    [
        new DrainCommand(), new LimitCommand(), new InsertCommand(), new BulkCommand(), new UniqueCommand(), new BatchCommand(), new HistoryCommand(),
        new ScheduledCommand(), new PruneCommand(), new LatencyCommand(), new MixedCommand(), new StartupCommand(), new IdleCommand(), new PeersCommand(),
    ];

    /// <summary>Does what the arguments ask for.</summary>
    /// <returns>The exit code of the program.</returns>
    public Task<int> RunAsync(string[] args) => _root.Parse(args).InvokeAsync();

    async Task<int> OnServerAsync(ParseResult parsed, WorkloadCommand workload, CancellationToken cancellationToken)
    {
        try
        {
            await using var server = await BenchServer.OpenAsync(FindDatabase(parsed), cancellationToken);
            await using var log = new RunLog(parsed.GetRequiredValue(_output), server.Setting);
            Console.WriteLine(server.Setting.Describe());
            await workload.RunAsync(parsed, new Session(server, log, parsed.GetValue(_runs)), cancellationToken);
            Console.WriteLine($"A JSON line per run is in {log.Path}.");
            return Succeeded;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Console.Error.WriteLine("Stopped. The runs that had ended are in the file.");
            return CouldNotRun;
        }
        catch (Exception exception) when (exception is BenchException or DatabaseUnavailableException or NpgsqlException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(exception.Message);
            return CouldNotRun;
        }
    }

    NpgsqlConnectionStringBuilder FindDatabase(ParseResult parsed)
    {
        var database = parsed.GetValue(_database) ?? Environment.GetEnvironmentVariable(DatabaseVariable);
        if (string.IsNullOrWhiteSpace(database))
            throw new BenchException($"No database is named. Say where PostgreSQL is, with --database or in the variable {DatabaseVariable}; ./bench in the root starts a server of its own.");
        try
        {
            return new NpgsqlConnectionStringBuilder(database);
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or KeyNotFoundException or OverflowException)
        {
            // The message of the parser may hold a part of the text, and so of the password.
            throw new BenchException("The connection string cannot be read. It looks like: Host=localhost;Username=me;Password=secret;Database=postgres");
        }
    }
}
