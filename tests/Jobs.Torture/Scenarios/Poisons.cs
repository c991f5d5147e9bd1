using Jobs.Testing.Database;
using Jobs.Torture.Checking;
using Jobs.Torture.Journals;
using Jobs.Torture.Nodes;
using Jobs.Torture.Work;
using Microsoft.Extensions.DependencyInjection;

namespace Jobs.Torture.Scenarios;

/// <summary>Whom does a job take along that kills its process?</summary>
sealed record Poisons : Scenario
{
    static readonly TimeSpan Lease = TimeSpan.FromSeconds(3);
    static readonly TimeSpan Each = TimeSpan.FromMilliseconds(5);
    static readonly TimeSpan Longest = TimeSpan.FromMinutes(15);

    // A job is discarded when so many nodes have died while they held it.
    static readonly int Bound = Math.Max(TortureWorker.MaxAttempts, 2);

    public override string Name => "deaths";

    public required int Good { get; init; }

    /// <summary>How many of <see cref="Deaths.All"/>.</summary>
    public required int Ways { get; init; }

    public override async Task RunAsync(Run run, CancellationToken cancellationToken)
    {
        run.Report.Say($"{Ways} jobs that each kill their process in a way of their own, among {Good} good ones in one batch, on two nodes that are started again whenever they die");
        await using var database = await TestDatabase.CreateAsync(cancellationToken);
        await using var observer = new Observer(database.ConnectionString);
        var deaths = Deaths.All.ToArray();
        run.Random.Shuffle(deaths);
        HashSet<string> doomed = [.. deaths.Take(Ways).Select(death => death.Name)];
        var mails = Enumerable.Range(0, Good).Select(i => new Mail(i, (int)Each.TotalMilliseconds, IsDeaf: false)).ToList();
        NewJob[] jobs = [.. mails.Select(TortureWorker.New), .. doomed.Select(name => TortureWorker.New(new Poison(name)))];
        run.Random.Shuffle(jobs);
        using (var client = await Run.StartClientAsync(database.ConnectionString, cancellationToken))
            await client.Services.GetRequiredService<JobClient>().EnqueueBatchAsync(Name, jobs, cancellationToken: cancellationToken);

        var supervisor = new Supervisor(new NodeSettings(database.ConnectionString, run.Folder, Lease, Concurrency: 10), nodes: 2);
        await using (supervisor)
            await observer.WaitForCallbackAsync(Name, Longest, cancellationToken);

        Judge(run, doomed, [.. mails.Select(mail => mail.Key)], supervisor.Falls, supervisor.Slow, await Snapshot.TakeAsync(observer.DataSource, null, cancellationToken));
    }

    void Judge(Run run, HashSet<string> doomed, List<string> good, IReadOnlyList<Supervisor.Fall> falls, IReadOnlySet<int> slow, Snapshot end)
    {
        var journal = Journal.Read(run.Folder);
        var open = OpenAtDeath(journal, falls);
        var alone = open.Values.Where(keys => keys.Count == 1).SelectMany(keys => keys).ToHashSet();
        var rows = end.Jobs.ToLookup(job => job.Key);
        var starts = journal.Where(line => line.Moment == Moment.Started).ToLookup(line => line.Key);
        var fallen = journal.Where(line => open.ContainsKey(line.Process)).Select(line => line.Key).ToHashSet();

        run.Report.Say($"  {falls.Count} processes died; exit codes {string.Join(", ", falls.GroupBy(fall => fall.ExitCode).OrderBy(codes => codes.Key).Select(codes => $"{codes.Key} ({codes.Count()})"))}; {slow.Count} lost their lease on a busy machine, and gave back what they ran");
        foreach (var name in doomed.Order(StringComparer.Ordinal))
            run.Report.Say($"  {name,-24} started {starts[name].Count()} times, killed {open.Values.Count(keys => keys.Contains(name))} processes, {rows[name].Single().State} after {rows[name].Single().Crashes} crashes");
        run.Report.DemandNone("each of the deaths killed a process in which nothing else ran", [.. doomed.Where(name => !alone.Contains(name))]);
        run.Report.DemandNone("no poison ended without killing", [.. doomed.Where(name => journal.Any(line => line.Key == name && line.Moment == Moment.Ended))]);
        run.Report.DemandNone(
            $"each poison is discarded when {Bound} nodes have died of it, and started no more often",
            [.. doomed.Where(name => rows[name].Single() is not { State: "discarded", Crashes: var crashes } || crashes != Bound || starts[name].Count() > Bound)]);
        run.Report.DemandNone("no good job is discarded", [.. good.Where(key => rows[key].Any(job => job.State != "completed"))]);
        run.Report.DemandNone("no good job has lost an attempt", [.. good.Where(key => rows[key].Any(job => job.Attempt != 1))]);
        run.Report.DemandNone("no good job started more often than nodes died under it, and once", [.. good.Where(key => starts[key].Count(line => !slow.Contains(line.Process)) > rows[key].Single().Crashes + 1)]);
        run.Report.Demand(
            $"the batch ends with {good.Count} completed and {doomed.Count} discarded",
            end.Batches.Single() is { IsClosed: true } batch && batch.Completed == good.Count && batch.Discarded == doomed.Count, $"{end.Batches.Single()}");
        run.Report.Judge(Verdict.Of(new Evidence
        {
            Tables = end,
            Journal = journal,
            Stored = [.. good, .. doomed],
            Doomed = doomed,
            InFlight = end.Jobs.Where(job => (job.Crashes > 0 && fallen.Contains(job.Key)) || starts[job.Key].Any(line => slow.Contains(line.Process))).Select(job => job.Key).ToHashSet(),
        }));
    }

    /// <summary>For each process that died, what it had started and not ended.</summary>
    static Dictionary<int, List<string>> OpenAtDeath(List<JournalLine> journal, IReadOnlyList<Supervisor.Fall> falls)
    {
        var ofProcess = journal.ToLookup(line => line.Process);
        return falls.ToDictionary(fall => fall.Process, fall =>
        {
            var open = new List<string>();
            foreach (var line in ofProcess[fall.Process])
            {
                if (line.Moment == Moment.Started)
                    open.Add(line.Key);
                else
                    open.Remove(line.Key);
            }

            return open;
        });
    }
}
