using System.CommandLine;
using Jobs.Bench.Measuring;
using Jobs.Bench.Results;
using Jobs.Bench.Workloads;
using Npgsql;

namespace Jobs.Bench;

/// <summary>The command line: a command per workload, its options, and what is measured beside what.</summary>
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

    readonly Option<int> _runs = new("--runs")
    {
        Description = "How many runs of each, in turns. The table has their median, and in brackets the least and the most.",
        HelpName = "N",
        DefaultValueFactory = _ => 3,
        Recursive = true,
    };

    readonly Option<string> _output = new("--output")
    {
        Description = "The file that gets a JSON line per run. What it holds already stays.",
        HelpName = "FILE.jsonl",
        DefaultValueFactory = _ => Path.Combine("artifacts", "bench", "runs.jsonl"),
        Recursive = true,
    };

    readonly Option<int> _jobs = new("--jobs") { Description = "How many jobs are stored before the clock starts.", HelpName = "N", DefaultValueFactory = _ => 100_000 };
    readonly Option<int> _members = new("--jobs") { Description = "How many jobs the batch has.", HelpName = "N", DefaultValueFactory = _ => 1_000_000 };
    readonly Option<int> _alone = new("--jobs") { Description = "How many jobs are enqueued, each when the last has ended.", HelpName = "N", DefaultValueFactory = _ => 500 };
    readonly Option<bool> _batch = new("--batch") { Description = "The jobs are one batch, whose counters each acknowledgement then changes." };
    readonly Option<int> _small = new("--batches") { Description = "As how many batches the same jobs are stored the third time.", HelpName = "N", DefaultValueFactory = _ => 20_000 };
    readonly Option<int> _concurrency = new("--concurrency") { Description = "How many jobs run at once.", HelpName = "N", DefaultValueFactory = _ => 100 };
    readonly Option<bool> _withLimit = new("--with-limit") { Description = "The limit is measured in turns with it, and their ratio is printed." };
    readonly Option<int[]> _sizes = new("--sizes") { Description = "Jobs a statement of the limit.", HelpName = "N", DefaultValueFactory = _ => [100, 500, 1_000], AllowMultipleArgumentsPerToken = true };
    readonly Option<int[]> _clients = new("--clients") { Description = "Clients of the limit's pgbench.", HelpName = "N", DefaultValueFactory = _ => [2, 4, 8], AllowMultipleArgumentsPerToken = true };

    readonly RootCommand _root;

    public CommandLine()
    {
        RequireFromOneTo(1_000, _runs);
        RequireFromOneTo(100_000_000, _jobs, _members, _alone, _small);
        RequireFromOneTo(10_000, _concurrency);
        RequireEachFromOneTo(100_000, _sizes);
        RequireEachFromOneTo(1_000, _clients);
        _root = new RootCommand("Measures Jobs on a real PostgreSQL. benchmarks/README.md says what is measured, and how.")
        {
            _database, _runs, _output,
            Workload("drain", "Jobs that do nothing, from the start of the host to the last acknowledgement.", [_jobs, _batch, _concurrency, _withLimit, _sizes, _clients], DrainAsync),
            Workload("limit", "The claims and acknowledgements of the same jobs through pgbench: what PostgreSQL itself can do.", [_jobs, _batch, _sizes, _clients], LimitAsync),
            Workload("bulk", "One batch in one transaction, beside psql's \\copy of the same rows.", [_members], BulkAsync),
            Workload("batch", "Jobs without a batch, as one batch, and as many small ones, from the start of the host to the last callback.", [_members, _small, _concurrency], BatchAsync),
            Workload("latency", "From the call of an enqueue to the start of its job, on a node that has nothing else to do.", [_alone], LatencyAsync),
        };
    }

    /// <summary>Does what the arguments ask for.</summary>
    /// <returns>The exit code of the program.</returns>
    public Task<int> RunAsync(string[] args) => _root.Parse(args).InvokeAsync();

    async Task DrainAsync(ParseResult parsed, BenchServer server, RunLog log, CancellationToken cancellationToken)
    {
        var jobs = new StoredJobs(parsed.GetValue(_jobs), parsed.GetValue(_batch) ? 1 : 0);
        var drain = new Drain(server, jobs, parsed.GetValue(_concurrency));
        List<Limit> limits = parsed.GetValue(_withLimit) ? Limits(parsed, server, jobs) : [];

        await server.FillAsync(jobs.Content, jobs.StoreAsync, cancellationToken);
        await Rounds.RunAsync([drain, .. limits], parsed.GetValue(_runs), log, cancellationToken);
        Table.Write(log.Runs, Console.Out);
        if (limits.Count > 0)
            Table.WriteRatioToBest(log.Runs, drain, limits, Console.Out);
        if (server.CanCountStatements)
        {
            var counted = await drain.RunCountedAsync(cancellationToken);
            await log.AddAsync(counted);
            Table.WriteStatements(counted, Console.Out);
        }
    }

    async Task LimitAsync(ParseResult parsed, BenchServer server, RunLog log, CancellationToken cancellationToken)
    {
        var jobs = new StoredJobs(parsed.GetValue(_jobs), parsed.GetValue(_batch) ? 1 : 0);
        await server.FillAsync(jobs.Content, jobs.StoreAsync, cancellationToken);
        await Rounds.RunAsync(Limits(parsed, server, jobs), parsed.GetValue(_runs), log, cancellationToken);
        Table.Write(log.Runs, Console.Out);
    }

    async Task BulkAsync(ParseResult parsed, BenchServer server, RunLog log, CancellationToken cancellationToken)
    {
        using var bulk = new Bulk(server, parsed.GetValue(_members));
        var copy = new PsqlCopy(server, bulk);

        await server.FillAsync("", BenchHost.MigrateAsync, cancellationToken);
        await Rounds.RunAsync([bulk, copy], parsed.GetValue(_runs), log, cancellationToken);
        Table.Write(log.Runs, Console.Out);
        Table.WriteRatioToBest(log.Runs, bulk, [copy], Console.Out);
    }

    async Task BatchAsync(ParseResult parsed, BenchServer server, RunLog log, CancellationToken cancellationToken)
    {
        List<Drain> drains = [];
        foreach (var batches in (int[])[0, 1, parsed.GetValue(_small)])
        {
            var jobs = new StoredJobs(parsed.GetValue(_members), batches);
            await server.FillAsync(jobs.Content, jobs.StoreAsync, cancellationToken);
            drains.Add(new Drain(server, jobs, parsed.GetValue(_concurrency)));
        }

        await Rounds.RunAsync(drains, parsed.GetValue(_runs), log, cancellationToken);
        Table.Write(log.Runs, Console.Out);
        foreach (var batched in drains[1..])
            Table.WriteRatioToBest(log.Runs, batched, [drains[0]], Console.Out);
    }

    async Task LatencyAsync(ParseResult parsed, BenchServer server, RunLog log, CancellationToken cancellationToken)
    {
        var jobs = parsed.GetValue(_alone);
        await server.FillAsync("", BenchHost.MigrateAsync, cancellationToken);
        await Rounds.RunAsync([new Latency(server, jobs, nodes: 1), new Latency(server, jobs, nodes: 2)], parsed.GetValue(_runs), log, cancellationToken);
        Table.Write(log.Runs, Console.Out);
    }

    List<Limit> Limits(ParseResult parsed, BenchServer server, StoredJobs jobs) =>
    [
        .. from size in parsed.GetRequiredValue(_sizes)
           from clients in parsed.GetRequiredValue(_clients)
           select new Limit(server, jobs, size, clients),
    ];

    Command Workload(string name, string description, Option[] options, Func<ParseResult, BenchServer, RunLog, CancellationToken, Task> runAsync)
    {
        var command = new Command(name, description);
        foreach (var option in options)
            command.Add(option);
        command.SetAction((parsed, cancellationToken) => OnServerAsync(parsed, runAsync, cancellationToken));
        return command;
    }

    async Task<int> OnServerAsync(ParseResult parsed, Func<ParseResult, BenchServer, RunLog, CancellationToken, Task> runAsync, CancellationToken cancellationToken)
    {
        try
        {
            await using var server = await BenchServer.OpenAsync(FindDatabase(parsed), cancellationToken);
            await using var log = new RunLog(parsed.GetRequiredValue(_output), server.Setting);
            Console.WriteLine(server.Setting.Describe());
            await runAsync(parsed, server, log, cancellationToken);
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

    static void RequireFromOneTo(int most, params Option<int>[] options)
    {
        foreach (var option in options)
        {
            option.Validators.Add(result =>
            {
                if (!result.Errors.Any() && result.GetValueOrDefault<int>() is var value && (value < 1 || value > most))
                    result.AddError($"{option.Name} must be a number from 1 to {most}, not {value}.");
            });
        }
    }

    static void RequireEachFromOneTo(int most, Option<int[]> option) => option.Validators.Add(result =>
    {
        if (!result.Errors.Any() && result.GetValueOrDefault<int[]>() is { } values && values.Any(value => value < 1 || value > most))
            result.AddError($"{option.Name} must be numbers from 1 to {most}.");
    });
}
