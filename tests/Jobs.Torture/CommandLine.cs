using System.CommandLine;
using System.Globalization;
using Jobs.Torture.Nodes;
using Jobs.Torture.Scenarios;

namespace Jobs.Torture;

/// <summary>The command line: a command for each scenario, one for all of them, and one for the nodes they start.</summary>
sealed class CommandLine
{
    readonly Option<int?> _seed = new("--seed")
    {
        Description = "Repeats the choices of a run that printed it. Without it each run makes its own.",
        HelpName = "N",
        Recursive = true,
    };

    readonly Option<bool> _short = new("--short")
    {
        Description = "Takes the smaller figures, for a run at every change.",
        Recursive = true,
    };

    readonly RootCommand _root = new("Does to nodes and their database what happens to them in production, and demands what Jobs promises.");
    readonly List<Func<ParseResult, Scenario>> _scenarios = [];

    public CommandLine()
    {
        _root.Options.Add(_seed);
        _root.Options.Add(_short);
        AddKills();
        AddStops();
        AddRestarts();
        AddCuts();
        AddRepeats();
        AddPauses();
        AddDeaths();
        AddRollbacks();
        AddRaces();
        AddBatches();
        AddAll();
        AddNode();
    }

    // A node that is told to stop has the time that its host gives it; the default of the command line is two seconds.
    public Task<int> RunAsync(string[] args) =>
        _root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(1) });

    void AddKills()
    {
        var rounds = new Figure("--rounds", "Kills.", full: 20, brief: 2);
        var mails = new Figure("--mails", "Mails in each round.", full: 5_000, brief: 1_000);
        Add("kills", "Kills one of two nodes in the middle of a mailing, again and again.", [rounds, mails], Scenario);

        Kills Scenario(ParseResult parsed) => new() { Rounds = Read(parsed, rounds), Mails = Read(parsed, mails) };
    }

    void AddStops()
    {
        var rounds = new Figure("--rounds", "Nodes that are told to stop, half of which are killed a second later.", full: 20, brief: 2);
        var mails = new Figure("--mails", "Mails for each round.", full: 400, brief: 300);
        Add("stops", "Tells one of two nodes to stop under load, again and again, and kills every other one before it has.", [rounds, mails], Scenario);

        Stops Scenario(ParseResult parsed) => new() { Rounds = Read(parsed, rounds), MailsEach = Read(parsed, mails) };
    }

    void AddRestarts()
    {
        var times = new Figure("--restarts", "Restarts of PostgreSQL; half of them immediate, as a crash.", full: 10, brief: 2);
        var terminations = new Figure("--terminations", "Backends of the nodes that are terminated besides.", full: 50, brief: 10);
        var mails = new Figure("--mails", "Mails in the batch.", full: 20_000, brief: 5_000);
        Add("restarts", "Restarts PostgreSQL and terminates backends during a mailing.", [times, terminations, mails], Scenario);

        Restarts Scenario(ParseResult parsed) => new() { Times = Read(parsed, times), Terminations = Read(parsed, terminations), Mails = Read(parsed, mails) };
    }

    void AddCuts()
    {
        var each = new Figure("--each", "Answers that are lost, of each kind of statement.", full: 75, brief: 10);
        Add("cuts", "Loses the answers to statements that were committed.", [each], parsed => new Cuts { OfEachKind = Read(parsed, each) });
    }

    void AddRepeats()
    {
        var losses = new Figure("--losses", "Answers that are lost.", full: 1_000, brief: 50);
        Add("repeats", "Loses the answers to enqueues with keys, which are repeated.", [losses], parsed => new Repeats { Losses = Read(parsed, losses) });
    }

    void AddPauses()
    {
        var rounds = new Figure("--rounds", "Pauses.", full: 10, brief: 1);
        var mails = new Figure("--mails", "Mails in each round.", full: 200, brief: 60);
        var seconds = new Figure("--long-seconds", "How long the long job takes.", full: 90, brief: 12);
        var lease = new Figure("--long-lease-seconds", "The lease of its node.", full: 10, brief: 3);
        Add("pauses", "Stops a process for three leases and lets it go on; runs long jobs, and jobs that hold all connections.", [rounds, mails, seconds, lease], Scenario);

        Pauses Scenario(ParseResult parsed) => new()
        {
            Rounds = Read(parsed, rounds),
            Mails = Read(parsed, mails),
            LongJobSeconds = Read(parsed, seconds),
            LongJobLeaseSeconds = Read(parsed, lease),
        };
    }

    void AddDeaths()
    {
        var ways = new Figure("--ways", "How many of the ways to die.", full: Work.Deaths.All.Count, brief: 3);
        var good = new Figure("--good", "Good jobs in the batch.", full: 5_000, brief: 500);
        Add("deaths", "Puts jobs that kill their process among good ones.", [ways, good], Scenario);

        Poisons Scenario(ParseResult parsed) => new() { Ways = Math.Min(Read(parsed, ways), Work.Deaths.All.Count), Good = Read(parsed, good) };
    }

    void AddRollbacks()
    {
        var transactions = new Figure("--transactions", "Transactions that enqueue, half of which are rolled back.", full: 2_000, brief: 200);
        var rounds = new Figure("--rounds", "Kills and pauses, in turn, of nodes whose jobs complete themselves in transactions.", full: 8, brief: 2);
        var writes = new Figure("--writes", "Jobs in each round.", full: 60, brief: 40);
        Add("rollbacks", "Rolls back transactions that enqueue, and completions that come too late.", [transactions, rounds, writes], Scenario);

        Rollbacks Scenario(ParseResult parsed) => new() { Transactions = Read(parsed, transactions), Rounds = Read(parsed, rounds), WritesEach = Read(parsed, writes) };
    }

    void AddRaces()
    {
        var rounds = new Figure("--rounds", "Races for a unique job.", full: 10_000, brief: 40);
        Add("races", "Has many enqueue a unique job at the same instant, at both ends of its period.", [rounds], parsed => new Races { Rounds = Read(parsed, rounds) });
    }

    void AddBatches()
    {
        var sets = new Figure("--sets", "Sets of 400 batches with 20,000 jobs.", full: 50, brief: 1);
        var kills = new Figure("--kills", "Kills of one of four nodes.", full: 50, brief: 3);
        Add("batches", "Has four nodes, which are killed again and again, work batches of every size and kind, while others meddle with them.", [sets, kills], Scenario);

        Batches Scenario(ParseResult parsed) => new() { Sets = Read(parsed, sets), Kills = Read(parsed, kills) };
    }

    void AddAll()
    {
        var all = new Command("all", "Runs every scenario, one after the other, with its figures of this run.");
        all.SetAction((parsed, cancellationToken) => RunAsync(parsed, _scenarios.Select(scenario => scenario(parsed)), cancellationToken));
        _root.Subcommands.Add(all);
    }

    void AddNode()
    {
        var database = new Option<string>("--database") { Required = true };
        var folder = new Option<string>("--folder") { Required = true };
        var lease = new Option<double>("--lease-seconds") { Required = true };
        var concurrency = new Option<int>("--concurrency") { Required = true };
        var batches = new Option<bool>("--batches");
        var node = new Command("node", "Works as a node until it is told to stop, or worse.") { database, folder, lease, concurrency, batches };
        node.Hidden = true;
        node.SetAction((parsed, cancellationToken) => NodeProgram.RunAsync(
            new NodeSettings(
                parsed.GetRequiredValue(database), parsed.GetRequiredValue(folder),
                TimeSpan.FromSeconds(parsed.GetRequiredValue(lease)), parsed.GetRequiredValue(concurrency))
            { WorksBatches = parsed.GetValue(batches) },
            cancellationToken));
        _root.Subcommands.Add(node);
    }

    void Add(string name, string description, Figure[] figures, Func<ParseResult, Scenario> scenario)
    {
        var command = new Command(name, description);
        foreach (var figure in figures)
            command.Options.Add(figure.Option);
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, [scenario(parsed)], cancellationToken));
        _root.Subcommands.Add(command);
        _scenarios.Add(scenario);
    }

    async Task<int> RunAsync(ParseResult parsed, IEnumerable<Scenario> scenarios, CancellationToken cancellationToken)
    {
        var seed = parsed.GetValue(_seed) ?? Random.Shared.Next();
        var failures = 0;
        foreach (var scenario in scenarios)
            failures += await RunAsync(scenario, seed, cancellationToken);
        return failures == 0 ? 0 : 1;
    }

    static async Task<int> RunAsync(Scenario scenario, int seed, CancellationToken cancellationToken)
    {
        using var run = new Run(scenario.Name, seed, Console.Out);
        run.Report.Head(seed);
        try
        {
            await scenario.RunAsync(run, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            run.Report.Demand("it comes to its end", false, $"{exception}");
        }

        run.Report.Foot();
        return run.Report.Failures;
    }

    int Read(ParseResult parsed, Figure figure) => parsed.GetValue(figure.Option) ?? (parsed.GetValue(_short) ? figure.Brief : figure.Full);

    /// <summary>A number of a scenario, with what it is in a full and in a short run.</summary>
    sealed class Figure(string name, string description, int full, int brief)
    {
        public int Full => full;

        public int Brief => brief;

        public Option<int?> Option { get; } = AtLeastOne(new Option<int?>(name)
        {
            Description = string.Create(CultureInfo.InvariantCulture, $"{description} Default {full:n0}; {brief:n0} with --short."),
            HelpName = "N",
        });

        static Option<int?> AtLeastOne(Option<int?> option)
        {
            option.Validators.Add(result =>
            {
                if (result.Tokens.Count > 0 && result.Errors.All(error => error.SymbolResult != result) && result.GetValueOrDefault<int?>() < 1)
                    result.AddError($"{option.Name} must be a number from 1 on.");
            });
            return option;
        }
    }
}
