using Jobs.Testing.Database;
using Jobs.Torture.Checking;
using Jobs.Torture.Journals;
using Jobs.Torture.Nodes;
using Jobs.Torture.Work;
using Npgsql;

namespace Jobs.Torture.Scenarios;

/// <summary>What does a batch lose when its server is restarted, and when the server ends single connections?</summary>
sealed record Restarts : Scenario
{
    const string NodesName = "torture node";

    // In percent of the mails: the mailing goes on while a fault is made.
    const long LastFault = 80;

    // So few at once that the mailing lasts longer than the faults take: 1,600 mails a second on two nodes.
    const int Concurrency = 4;

    static readonly TimeSpan Lease = TimeSpan.FromSeconds(3);
    static readonly TimeSpan Each = TimeSpan.FromMilliseconds(5);
    static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    public override string Name => "restarts";

    /// <summary>How often the server is restarted, half of the times as in a crash.</summary>
    public required int Times { get; init; }

    /// <summary>How many backends of nodes are terminated besides.</summary>
    public required int Terminations { get; init; }

    public required int Mails { get; init; }

    public override async Task RunAsync(Run run, CancellationToken cancellationToken)
    {
        run.Report.Say($"{Times} restarts of PostgreSQL ({Times / 2} immediate) and {Terminations} terminated backends during {Mails} mails of {Each.TotalMilliseconds} ms on two nodes, with a lease of {Lease.TotalSeconds} s");
        await using var database = await TestDatabase.CreateOwnServerAsync(cancellationToken);
        await using var observer = new Observer(database.ConnectionString);
        var settings = new NodeSettings(
            new NpgsqlConnectionStringBuilder(database.ConnectionString) { ApplicationName = NodesName }.ConnectionString, run.Folder, Lease, Concurrency);
        await using var one = await NodeProcess.StartAsync(settings);
        await using var other = await NodeProcess.StartAsync(settings);
        await observer.WaitForNodeAsync(one.Id, cancellationToken);
        await observer.WaitForNodeAsync(other.Id, cancellationToken);
        List<string> stored;
        using (var client = await Run.StartClientAsync(database.ConnectionString, cancellationToken))
            stored = await Run.EnqueueMailsAsync(client, Name, Mails, Each, cancellationToken);

        var faults = await HurtAsync(run, database, observer, cancellationToken);
        await observer.WaitForCallbackAsync(Name, Longest, cancellationToken);
        var alive = !one.Exited.IsCompleted && !other.Exited.IsCompleted;
        await one.StopAsync(cancellationToken);
        await other.StopAsync(cancellationToken);
        Judge(run, faults, stored, alive, await Snapshot.TakeAsync(observer.DataSource, null, cancellationToken));
    }

    /// <summary>Spreads the faults over the mailing, in an order that is left to chance. Makes no more of them when it is over.</summary>
    async Task<List<Fault>> HurtAsync(Run run, TestDatabase database, Observer observer, CancellationToken cancellationToken)
    {
        FaultKind[] kinds =
        [
            .. Enumerable.Repeat(FaultKind.FastRestart, Times - Times / 2),
            .. Enumerable.Repeat(FaultKind.ImmediateRestart, Times / 2),
            .. Enumerable.Repeat(FaultKind.Termination, Terminations),
        ];
        run.Random.Shuffle(kinds);
        var faults = new List<Fault>();
        foreach (var kind in kinds)
        {
            var due = Mails * LastFault / 100 * (faults.Count + 1) / kinds.Length;
            await observer.WaitUntilAsync($"{due} mails are done", "SELECT total - pending >= $2 FROM jobs.batches WHERE id = $1", [Name, due], Longest, cancellationToken);
            if (!await observer.AskAsync<bool>("SELECT pending > 0 FROM jobs.batches WHERE id = $1", [Name], cancellationToken))
                return faults;
            faults.Add(await HurtAsync(kind, run, database, observer, cancellationToken));
        }

        return faults;
    }

    static async Task<Fault> HurtAsync(FaultKind kind, Run run, TestDatabase database, Observer observer, CancellationToken cancellationToken)
    {
        var from = DateTime.UtcNow;
        var executing = await observer.ExecutingAsync(cancellationToken);
        if (kind == FaultKind.Termination)
            await TerminateAsync(run.Random, observer, cancellationToken);
        else
            await database.RestartServerAsync(immediate: kind == FaultKind.ImmediateRestart);
        return new Fault(kind, from, DateTime.UtcNow, executing.Select(job => job.Key).ToHashSet());
    }

    // Those that wait for their next statement too: the node finds out when it sends one.
    static async Task TerminateAsync(Random random, Observer observer, CancellationToken cancellationToken)
    {
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            var backends = await observer.ListAsync(
                "SELECT pid FROM pg_stat_activity WHERE application_name = $1 ORDER BY pid", [NodesName], static row => row.GetInt32(0), cancellationToken);
            if (backends.Count > 0
                && await observer.AskAsync<bool>("SELECT pg_terminate_backend($1, 5000)", [backends[random.Next(backends.Count)]], cancellationToken))
                return;
            await look.WaitForNextTickAsync(cancellationToken);
        }
    }

    void Judge(Run run, List<Fault> faults, List<string> stored, bool alive, Snapshot end)
    {
        var journal = Journal.Read(run.Folder);
        var starts = journal.Where(line => line.Moment != Moment.Ended).ToLookup(line => line.Key, line => line.At);
        var inFlight = starts.Select(times => times.Key).Where(key => faults.Any(fault => fault.Hit(key, starts[key]))).ToHashSet();
        var explained = inFlight.Where(key => Repeats(starts[key]).All(repeat => faults.Any(fault => fault.Explains(key, repeat.Run, repeat.Next)))).ToHashSet();
        run.Report.Demand($"{Times} restarts and {Terminations} terminations hit while mails were left", faults.Count == Times + Terminations, $"{faults.Count}");
        run.Report.Say($"  {faults.Count(fault => fault.Executing.Count > 0)} of {faults.Count} faults hit while jobs executed; {inFlight.Count} jobs in all; the restarts took {faults.Where(fault => fault.Kind != FaultKind.Termination).Max(fault => (fault.To - fault.From).TotalSeconds):0.0} s at most");
        run.Report.Judge(Verdict.Of(new Evidence { Tables = end, Journal = journal, Stored = stored, InFlight = explained }));
        run.Report.Demand("both nodes live on", alive, $"one has ended");
    }

    static IEnumerable<(DateTime Run, DateTime Next)> Repeats(IEnumerable<DateTime> starts)
    {
        var ordered = starts.Order().ToList();
        return ordered.Zip(ordered.Skip(1));
    }

    enum FaultKind
    {
        FastRestart,
        ImmediateRestart,
        Termination,
    }

    /// <param name="Kind">What was done.</param>
    /// <param name="From">Before it was done.</param>
    /// <param name="To">When it was done: the backend is gone, the server answers.</param>
    /// <param name="Executing">What was executing just before.</param>
    sealed record Fault(FaultKind Kind, DateTime From, DateTime To, IReadOnlySet<string> Executing)
    {
        /// <summary>Whether it hit a job while it executed.</summary>
        public bool Hit(string key, IEnumerable<DateTime> starts) => Executing.Contains(key) || starts.Any(IsMeanwhile);

        /// <summary>Whether a job that started may have started again because of it.</summary>
        public bool Explains(string key, DateTime run, DateTime next) => next >= From && (IsMeanwhile(run) || (run < From && Executing.Contains(key)));

        bool IsMeanwhile(DateTime start) => From <= start && start <= To;
    }
}
