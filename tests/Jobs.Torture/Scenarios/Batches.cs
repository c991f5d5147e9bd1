using Jobs.Testing.Database;
using Jobs.Torture.Checking;
using Jobs.Torture.Journals;
using Jobs.Torture.Nodes;
using Jobs.Torture.Work;
using Microsoft.Extensions.DependencyInjection;

namespace Jobs.Torture.Scenarios;

/// <summary>Does each batch tell once of all that happens in it, when nodes die and others meddle with its members all the time?</summary>
sealed record Batches : Scenario
{
    const int Nodes = 4;
    const int Concurrency = 20;
    const int Checks = 4;

    // In fewer it is chance whether a batch has ended before somebody comes to retry what failed in it.
    const int EnoughSets = 5;

    // By then so many members have ended that the nodes soon have nothing to be killed at.
    const double LastKill = 0.9;

    const int BatchRepaired = 66;
    const int CallbacksDoubled = 69;
    static readonly int[] Faults = [7, 14, 22];

    /// <summary>The ids of the events that are counted, by which a node's log names them, and what they are called in the code.</summary>
    internal static IReadOnlyDictionary<int, string> Events { get; } = new Dictionary<int, string>
    {
        [BatchRepaired] = "BatchRepaired",
        [CallbacksDoubled] = "CallbacksDoubled",
        [Faults[0]] = "RoleFailed",
        [Faults[1]] = "ExecutorFailed",
        [Faults[2]] = "OutcomeRefused",
    };

    static readonly TimeSpan Lease = TimeSpan.FromSeconds(3);
    static readonly TimeSpan Often = TimeSpan.FromSeconds(0.5);
    static readonly TimeSpan LongestStart = TimeSpan.FromMinutes(2);
    static readonly TimeSpan Standstill = TimeSpan.FromMinutes(3);

    public override string Name => "batches";

    /// <summary>Of 400 batches with 20,000 jobs: see <see cref="BatchPlan"/>.</summary>
    public required int Sets { get; init; }

    public required int Kills { get; init; }

    public override async Task RunAsync(Run run, CancellationToken cancellationToken)
    {
        var plan = BatchPlan.Make(run.Random, Sets);
        run.Report.Say($"{plan.Batches.Count} batches with {plan.Jobs} jobs, of 0, 1, 2, 3, 10, 100 and 10000; {plan.Batches.Count - plan.Roots.Count} of them are in others. Four nodes work them, with a lease of {Lease.TotalSeconds} s; {Kills} times one is killed, and others cancel, delete and retry in the middle of it");
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var database = await TestDatabase.CreateAsync(cancellationToken);
        await using var observer = new Observer(database.ConnectionString);
        var log = new LogCounter();
        using var host = await Run.StartClientAsync(database.ConnectionString, cancellationToken, log);
        await BatchTables.WatchAsync(observer, cancellationToken);
        var client = host.Services.GetRequiredService<JobClient>();
        var progress = new BatchesProgress(plan, observer);
        var meddler = new BatchesMeddler(client, ending.Token);
        var traces = new Traces();
        var supervisor = new Supervisor(new NodeSettings(database.ConnectionString, run.Folder, Lease, Concurrency) { WorksBatches = true }, Nodes);
        try
        {
            var watching = progress.WatchAsync(() => traces.Kills, Standstill, ending.Token);
            await AllOrFirstFailureAsync(
                watching,
                new BatchesBuilder(client, observer, progress).StoreAllAsync(plan.Roots, meddler.Begin, ending.Token),
                KillAsync(run.Random, supervisor, observer, progress, traces, ending.Token),
                CheckAsync(observer, progress, traces, ending.Token));
            await AllOrFirstFailureAsync(watching, meddler.EndAsync(), progress.AllEndedAsync(ending.Token));
            await ending.CancelAsync();
            await watching;
        }
        finally
        {
            await ending.CancelAsync();
            await supervisor.DisposeAsync();
        }

        await JudgeAsync(run, plan, traces, meddler, supervisor.Slow, log, observer, cancellationToken);
    }

    // The watching ends only with a failure.
    static async Task AllOrFirstFailureAsync(Task watching, params IEnumerable<Task> work)
    {
        var left = work.ToList();
        while (left.Count > 0)
        {
            var ended = await Task.WhenAny([watching, .. left]);
            await ended;
            left.Remove(ended);
        }
    }

    async Task KillAsync(Random random, Supervisor supervisor, Observer observer, BatchesProgress progress, Traces traces, CancellationToken cancellationToken)
    {
        for (var tries = 0; traces.Kills < Kills && tries < 2 * Kills; tries++)
        {
            await progress.ReachAsync((traces.Kills + 0.5) / Kills * LastKill, cancellationToken);
            IReadOnlyList<NodeProcess> alive;
            while ((alive = supervisor.Alive).Count < Nodes)
                await Task.Delay(Often, cancellationToken);
            var victim = alive[random.Next(alive.Count)];
            await observer.WaitForJobsOfAsync(victim.Id, LongestStart, cancellationToken);
            await victim.KillAsync();

            // Nobody can touch them before the lease ends, so this is what the node held when it died.
            var held = await observer.ExecutingOnAsync(victim.Id, cancellationToken);
            traces.InFlight.UnionWith(held.Select(static job => job.Id));
            traces.Kills += held.Count > 0 ? 1 : 0;
        }
    }

    static async Task CheckAsync(Observer observer, BatchesProgress progress, Traces traces, CancellationToken cancellationToken)
    {
        for (var check = 1; check <= Checks; check++)
        {
            await progress.ReachAsync((double)check / (Checks + 1), cancellationToken);
            traces.Drifts.AddRange(BatchInvariants.FindBroken(await BatchTables.TakeAsync(observer.DataSource, cancellationToken)));
        }
    }

    async Task JudgeAsync(
        Run run, BatchPlan plan, Traces traces, BatchesMeddler meddler, IReadOnlySet<int> slow, LogCounter log, Observer observer, CancellationToken cancellationToken)
    {
        var deadlocks = await observer.AskAsync<long>("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()", [], cancellationToken);
        var audited = await observer.AskAsync<long>("SELECT count(*) FROM jobs.batches WHERE checked_at IS NOT NULL", [], cancellationToken);
        var (repaired, doubles) = (CountLogged(BatchRepaired), CountLogged(CallbacksDoubled));
        run.Report.Say($"  {traces.InFlight.Count} jobs were executing at the kills; {slow.Count} nodes lost their lease on a busy machine, and gave back what they ran");
        run.Report.Say($"  by hand: {meddler.Counts}");
        run.Report.Demand($"{Kills} kills hit a node while it executed jobs", traces.Kills == Kills, $"{traces.Kills}");
        if (Sets >= EnoughSets)
            run.Report.DemandNone("all that is done by hand found something to be done to", meddler.Missing);
        run.Report.DemandNone($"the counters agreed with the rows in {Checks} snapshots on the way (I1 to I4)", traces.Drifts);
        run.Report.Judge(BatchVerdict.Of(new BatchEvidence
        {
            Plan = plan,
            Tables = await BatchTables.TakeAsync(observer.DataSource, cancellationToken),
            Journal = Journal.ReadEach(run.Folder),
            InFlight = traces.InFlight,
            Slow = slow,
            Cancelled = meddler.Cancelled,
            Deleted = meddler.Deleted,
        }));
        run.Report.Demand($"the leader, who looked at {audited} batches that stood still, repaired no counters", repaired == 0, $"{repaired}");
        run.Report.Demand("the unique index behind the counters kept no callback back", doubles == 0, $"{doubles}");
        run.Report.Demand("nobody waits in a circle", deadlocks == 0, $"{deadlocks} deadlocks");
        run.Report.Demand("nothing on a node failed in a way that it does not know", Faults.All(id => CountLogged(id) == 0), $"events {string.Join(", ", Faults)}: {string.Join(", ", Faults.Select(CountLogged))}");

        int CountLogged(int eventId) => NodeProcess.CountLoggedByAll(run.Folder, eventId) + log.Count(eventId);
    }

    /// <summary>What was done to the nodes, and seen on the way.</summary>
    sealed class Traces
    {
        public int Kills { get; set; }

        /// <summary>The ids of the jobs that were executing on a node when it was killed.</summary>
        public HashSet<long> InFlight { get; } = [];

        public List<string> Drifts { get; } = [];
    }
}
