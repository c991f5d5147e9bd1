using System.Globalization;
using Jobs.Testing.Database;
using Jobs.Torture.Checking;
using Jobs.Torture.Journals;
using Jobs.Torture.Nodes;
using Jobs.Torture.Work;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Jobs.Torture.Scenarios;

/// <summary>Who is taken for dead: a process that is away for three leases, and nobody else?</summary>
sealed record Pauses : Scenario
{
    const int PoolSize = 5;
    const int NodeDied = 31;

    static readonly TimeSpan Lease = TimeSpan.FromSeconds(3);
    static readonly TimeSpan Each = TimeSpan.FromMilliseconds(300);
    static readonly TimeSpan Longest = TimeSpan.FromMinutes(3);

    // By then what a paused process had sent before has been carried out, and no lease has ended.
    static readonly TimeSpan Settled = TimeSpan.FromMilliseconds(500);

    public override string Name => "pauses";

    public required int Rounds { get; init; }

    public required int Mails { get; init; }

    public required int LongJobSeconds { get; init; }

    public required int LongJobLeaseSeconds { get; init; }

    public override async Task RunAsync(Run run, CancellationToken cancellationToken)
    {
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var longJob = RunLongJobAsync(run, failed.Token);
        try
        {
            await PauseAsync(run, failed.Token);
            await HoldConnectionsAsync(run, failed.Token);
            Judge(run, await longJob);
        }
        catch
        {
            await failed.CancelAsync();
            await Task.WhenAny(longJob);
            throw;
        }
    }

    async Task PauseAsync(Run run, CancellationToken cancellationToken)
    {
        run.Report.Begin("stopped process", $"{Rounds} rounds of SIGSTOP of one of two nodes in the middle of {Mails} mails of {Each.TotalMilliseconds} ms, for three leases of {Lease.TotalSeconds} s, and SIGCONT; every second mail does not listen to its token");
        var folder = Directory.CreateDirectory(Path.Combine(run.Folder, "paused")).FullName;
        await using var database = await TestDatabase.CreateAsync(cancellationToken);
        await using var observer = new Observer(database.ConnectionString);
        using var client = await Run.StartClientAsync(database.ConnectionString, cancellationToken);
        var settings = new NodeSettings(database.ConnectionString, folder, Lease, Concurrency: 10);
        await using var one = await NodeProcess.StartAsync(settings);
        await using var other = await NodeProcess.StartAsync(settings);
        await observer.WaitForNodeAsync(one.Id, cancellationToken);
        await observer.WaitForNodeAsync(other.Id, cancellationToken);

        var stored = new List<string>();
        var pauses = new List<Pause>();
        for (var round = 0; round < Rounds; round++)
        {
            var victim = run.Random.Next(2) == 0 ? one : other;
            pauses.Add(await PauseOnceAsync(round, victim, client.Services.GetRequiredService<JobClient>(), stored, run.Random, observer, cancellationToken));
            run.Report.Say($"  round {round}: {pauses[^1].Held.Count} jobs were executing on the paused node, {pauses[^1].Late.Count} outcomes came late, {pauses[^1].Changed.Count} of its rows changed by them");
        }

        var alive = !one.Exited.IsCompleted && !other.Exited.IsCompleted;
        await one.StopAsync(cancellationToken);
        await other.StopAsync(cancellationToken);
        run.Report.Demand($"{Rounds} pauses hit a node while it executed jobs", pauses.Count(pause => pause.Held.Count > 0) == Rounds, $"{pauses.Count(pause => pause.Held.Count > 0)}");
        run.Report.DemandNone("each outcome of a paused node is reported as too late", Ids(pauses.SelectMany(pause => pause.Held.Select(job => job.Id).Except(pause.Late))));
        run.Report.DemandNone("no outcome that came too late changed a row", Ids(pauses.SelectMany(pause => pause.Changed)));
        run.Report.Demand("the paused nodes live on", alive, $"one has ended");
        run.Report.Judge(Verdict.Of(new Evidence
        {
            Tables = await Snapshot.TakeAsync(observer.DataSource, null, cancellationToken),
            Journal = Journal.Read(folder),
            Stored = stored,
            InFlight = pauses.SelectMany(pause => pause.Held.Select(job => job.Key)).ToHashSet(),
        }));
    }

    async Task<Pause> PauseOnceAsync(
        int round, NodeProcess victim, JobClient client, List<string> stored, Random random, Observer observer, CancellationToken cancellationToken)
    {
        var batch = string.Create(CultureInfo.InvariantCulture, $"pauses-{round}");
        var mails = Enumerable.Range(round * Mails, Mails).Select(i => new Mail(i, (int)Each.TotalMilliseconds, IsDeaf: i % 2 == 0)).ToList();
        await client.EnqueueBatchAsync(batch, mails.Select(TortureWorker.New), cancellationToken: cancellationToken);
        stored.AddRange(mails.Select(mail => mail.Key));
        var middle = random.Next(Mails / 10, Mails / 2);
        await observer.WaitUntilAsync($"{middle} mails are done", "SELECT total - pending >= $2 FROM jobs.batches WHERE id = $1", [batch, middle], Longest, cancellationToken);
        await observer.WaitForJobsOfAsync(victim.Id, Longest, cancellationToken);

        victim.Pause();
        var back = Task.Delay(3 * Lease, cancellationToken);
        await Task.Delay(Settled, cancellationToken);
        var held = await observer.ExecutingOnAsync(victim.Id, cancellationToken);
        await observer.WaitForCallbackAsync(batch, Longest, cancellationToken);
        await back;
        var before = await ReadRowsAsync(observer, held, cancellationToken);
        victim.Continue();

        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        using var longest = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        longest.CancelAfter(Lease + Lease);
        await WhileAsync(() => held.Any(job => !victim.StaleOutcomes().Contains(job.Id)), look, longest.Token);
        await observer.WaitForNodeAsync(victim.Id, cancellationToken);
        var after = await ReadRowsAsync(observer, held, cancellationToken);
        var heldIds = held.Select(job => job.Id).ToHashSet();
        return new Pause(held, [.. victim.StaleOutcomes().Where(heldIds.Contains).Distinct()], [.. heldIds.Where(id => before[id] != after[id])]);
    }

    /// <summary>A job that takes many leases, and how often it started.</summary>
    async Task<(JobRow Job, int Starts)> RunLongJobAsync(Run run, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateDirectory(Path.Combine(run.Folder, "long")).FullName;
        await using var database = await TestDatabase.CreateAsync(cancellationToken);
        await using var observer = new Observer(database.ConnectionString);
        var settings = new NodeSettings(database.ConnectionString, folder, TimeSpan.FromSeconds(LongJobLeaseSeconds), Concurrency: 10);
        await using var one = await NodeProcess.StartAsync(settings);
        await using var other = await NodeProcess.StartAsync(settings);
        await observer.WaitForNodeAsync(one.Id, cancellationToken);
        await observer.WaitForNodeAsync(other.Id, cancellationToken);
        using (var client = await Run.StartClientAsync(database.ConnectionString, cancellationToken))
            await Run.EnqueueMailsAsync(client, "long", 1, TimeSpan.FromSeconds(LongJobSeconds), cancellationToken);
        await observer.WaitForCallbackAsync("long", TimeSpan.FromSeconds(LongJobSeconds) + Longest, cancellationToken);
        await one.StopAsync(cancellationToken);
        await other.StopAsync(cancellationToken);

        var job = (await Snapshot.TakeAsync(observer.DataSource, null, cancellationToken)).Jobs.Single(row => row.Batch is not null);
        return (job, Journal.Read(folder).Count(line => line.Moment == Moment.Started));
    }

    void Judge(Run run, (JobRow Job, int Starts) longJob)
    {
        run.Report.Begin("long job", $"a job of {LongJobSeconds} s under a lease of {LongJobLeaseSeconds} s");
        run.Report.Demand(
            "it runs once", longJob is { Job: { State: "completed", Run: 1, Crashes: 0 }, Starts: 1 }, $"{longJob.Job}, started {longJob.Starts} times");
    }

    /// <summary>Do jobs that hold every connection that there is for them make their node look dead?</summary>
    async Task HoldConnectionsAsync(Run run, CancellationToken cancellationToken)
    {
        run.Report.Begin("held connections", $"jobs that hold every connection of a pool of {PoolSize} for two leases, {2 * Lease.TotalSeconds} s");
        var holds = Enumerable.Range(0, 4 * PoolSize * Enum.GetValues<Pool>().Length)
            .Select(i => new Hold(i, (int)(2 * Lease).TotalMilliseconds, Enum.GetValues<Pool>()[i % Enum.GetValues<Pool>().Length])).ToList();
        var folder = Directory.CreateDirectory(Path.Combine(run.Folder, "held")).FullName;
        await using var database = await TestDatabase.CreateAsync(cancellationToken);
        await using var observer = new Observer(database.ConnectionString);
        var small = new NpgsqlConnectionStringBuilder(database.ConnectionString) { MaxPoolSize = PoolSize, Timeout = 60 }.ConnectionString;
        var settings = new NodeSettings(small, folder, Lease, Concurrency: holds.Count / 2);
        await using var one = await NodeProcess.StartAsync(settings);
        await using var other = await NodeProcess.StartAsync(settings);
        await observer.WaitForNodeAsync(one.Id, cancellationToken);
        await observer.WaitForNodeAsync(other.Id, cancellationToken);
        using (var client = await Run.StartClientAsync(database.ConnectionString, cancellationToken))
            await client.Services.GetRequiredService<JobClient>().EnqueueBatchAsync("held", holds.Select(TortureWorker.New), cancellationToken: cancellationToken);
        await observer.WaitForCallbackAsync("held", Longest, cancellationToken);
        await one.StopAsync(cancellationToken);
        await other.StopAsync(cancellationToken);

        var journal = Journal.Read(folder);
        var end = await Snapshot.TakeAsync(observer.DataSource, null, cancellationToken);
        NodeProcess[] nodes = [one, other];
        foreach (var pool in Enum.GetValues<Pool>())
        {
            var keys = holds.Where(hold => hold.From == pool).Select(hold => hold.Key).ToHashSet();
            var most = journal.Where(line => keys.Contains(line.Key)).GroupBy(line => line.Process).Select(MostAtOnce).ToList();
            run.Report.Say($"  pool {pool}: {keys.Count} jobs held a connection each, {string.Join(" and ", most)} at once on a node");
            run.Report.Demand($"jobs held every connection of the pool {pool}", most.Contains(PoolSize), $"{string.Join(", ", most)}");
        }

        run.Report.DemandNone("jobs that hold every connection run once", [.. end.Jobs.Where(job => job is not { Run: 1, Crashes: 0, State: "completed" }).Select(job => job.Key)]);
        run.Report.Demand("no node is taken for dead meanwhile", nodes.All(node => node.CountLogged(NodeProcess.LeaseLost) + node.CountLogged(NodeDied) == 0), $"{nodes.Sum(node => node.CountLogged(NodeProcess.LeaseLost))} lost their lease");
    }

    static int MostAtOnce(IEnumerable<JournalLine> lines)
    {
        var (now, most) = (0, 0);
        foreach (var line in lines.OrderBy(line => line.At))
        {
            now += line.Moment switch { Moment.Holds => 1, Moment.Ended => -1, _ => 0 };
            most = Math.Max(most, now);
        }

        return most;
    }

    static async Task WhileAsync(Func<bool> condition, PeriodicTimer look, CancellationToken longest)
    {
        try
        {
            while (condition())
                await look.WaitForNextTickAsync(longest);
        }
        catch (OperationCanceledException)
        {
            // The report says what did not come.
        }
    }

    static async Task<Dictionary<long, string>> ReadRowsAsync(Observer observer, List<(long Id, string Key)> jobs, CancellationToken cancellationToken) =>
        (await observer.ListAsync(
            "SELECT id, to_jsonb(j)::text FROM jobs.jobs AS j WHERE id = ANY ($1)", [jobs.Select(job => job.Id).ToArray()],
            static row => (Id: row.GetInt64(0), Text: row.GetString(1)), cancellationToken)).ToDictionary(row => row.Id, row => row.Text);

    static List<string> Ids(IEnumerable<long> ids) => [.. ids.Select(id => id.ToString(CultureInfo.InvariantCulture))];

    /// <param name="Held">What the node executed when it was paused.</param>
    /// <param name="Late">Those whose outcome came too late.</param>
    /// <param name="Changed">Those whose rows were not the same after that.</param>
    sealed record Pause(List<(long Id, string Key)> Held, IReadOnlyList<long> Late, IReadOnlyList<long> Changed);
}
