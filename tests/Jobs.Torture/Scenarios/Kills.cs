using System.Diagnostics;
using EmailBlast;
using Jobs.Testing.Database;
using Jobs.Torture.Checking;
using Jobs.Torture.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Jobs.Torture.Scenarios;

/// <summary>What does a mailing lose when one of its two nodes is killed in the middle?</summary>
sealed record Kills : Scenario
{
    static readonly TimeSpan Lease = TimeSpan.FromSeconds(3);
    static readonly TimeSpan Each = TimeSpan.FromMilliseconds(5);
    static readonly TimeSpan Longest = TimeSpan.FromMinutes(3);

    public override string Name => "kills";

    public required int Rounds { get; init; }

    public required int Mails { get; init; }

    public override async Task RunAsync(Run run, CancellationToken cancellationToken)
    {
        run.Report.Say($"{Rounds} rounds of kill -9 of one of two email-blast --work-only, in the middle of {Mails} mails of {Each.TotalMilliseconds} ms, with a lease of {Lease.TotalSeconds} s");
        await using var database = await TestDatabase.CreateAsync(cancellationToken);
        await using var observer = new Observer(database.ConnectionString);
        using var client = await Run.StartClientAsync(database.ConnectionString, cancellationToken);
        var nodes = new List<NodeProcess>();
        var rounds = new List<Round>();
        try
        {
            for (var tries = 0; rounds.Count < Rounds && tries < 2 * Rounds; tries++)
            {
                while (nodes.Count < 2)
                    nodes.Add(await StartNodeAsync(database, run, observer, cancellationToken));
                if (await RunRoundAsync($"kills-{tries}", nodes, client, observer, run, cancellationToken) is { } round)
                    rounds.Add(round);
            }

            foreach (var node in nodes)
                await node.StopAsync(cancellationToken);
        }
        finally
        {
            foreach (var node in nodes)
                await node.DisposeAsync();
        }

        Judge(run, rounds, await Snapshot.TakeAsync(observer.DataSource, null, cancellationToken));
    }

    static async Task<NodeProcess> StartNodeAsync(TestDatabase database, Run run, Observer observer, CancellationToken cancellationToken)
    {
        var node = await Sample.StartAsync(database.ConnectionString, run.Folder, Lease, Each);
        await observer.WaitForNodeAsync(node.Id, cancellationToken);
        return node;
    }

    /// <summary>A mailing, and the death of a node in its middle. <see langword="null"/> if the node was doing nothing when it died.</summary>
    async Task<Round?> RunRoundAsync(string batch, List<NodeProcess> nodes, IHost client, Observer observer, Run run, CancellationToken cancellationToken)
    {
        List<string> addresses = [.. Enumerable.Range(0, Mails).Select(i => $"reader.{i}@{batch}.example.com")];
        await client.Services.GetRequiredService<JobClient>().EnqueueBatchAsync(
            batch, addresses.Select(address => BatchEmailWorker.New(new EmailArgs(address, null))), cancellationToken: cancellationToken);

        var victim = nodes[run.Random.Next(nodes.Count)];
        var middle = run.Random.Next(Mails / 10, Mails * 7 / 10);
        await observer.WaitUntilAsync(
            $"{middle} mails of {batch} are done", "SELECT total - pending >= $2 FROM jobs.batches WHERE id = $1", [batch, middle], Longest, cancellationToken);
        await observer.WaitForJobsOfAsync(victim.Id, Longest, cancellationToken);
        var leads = await observer.LeadsAsync(victim.Id, cancellationToken);
        var watch = Stopwatch.StartNew();
        await victim.KillAsync();

        // Nobody can touch them before the lease ends, so this is what the node held when it died.
        var killedAt = await observer.AskAsync<DateTime>("SELECT clock_timestamp()", [], cancellationToken) - watch.Elapsed;
        var orphans = await observer.ExecutingOnAsync(victim.Id, cancellationToken);
        nodes.Remove(victim);
        await victim.DisposeAsync();

        await observer.WaitForCallbackAsync(batch, Longest, cancellationToken);
        var mailed = watch.Elapsed;
        if (orphans.Count == 0)
            return null;
        var lastOrphan = await observer.AskAsync<DateTime>("SELECT max(finished_at) FROM jobs.jobs WHERE id = ANY ($1)", [orphans.Select(orphan => orphan.Id).ToArray()], cancellationToken);
        var verdict = Verdict.Of(new Evidence
        {
            Tables = await Snapshot.TakeAsync(observer.DataSource, batch, cancellationToken),
            Journal = [.. Sample.ReadNotes(run.Folder).Where(line => line.Key.Contains(batch + ".", StringComparison.Ordinal) || line.Key == batch)],
            Stored = addresses,
            InFlight = orphans.Select(orphan => orphan.Key).ToHashSet(),
        });
        run.Report.Say($"  {batch}: killed after {middle} mails{(leads ? " (the leader)" : "")}, {orphans.Count} executing there, {verdict.Doubled.Count} of them mailed twice; all done {(lastOrphan - killedAt).TotalSeconds:0.0} s, the mailing {mailed.TotalSeconds:0.0} s after the kill");
        return new Round(verdict, orphans.Count, lastOrphan - killedAt, leads);
    }

    void Judge(Run run, List<Round> rounds, Snapshot end)
    {
        run.Report.Demand($"{Rounds} kills hit a node while it executed jobs", rounds.Count == Rounds, $"{rounds.Count}");
        run.Report.Say($"  {rounds.Sum(round => round.Orphans)} jobs were executing at the kills; {rounds.Count(round => round.Led)} of the killed nodes led");
        run.Report.Judge(Verdict.Sum([.. rounds.Select(round => round.Verdict)]) with { BrokenInvariants = Invariants.FindBroken(end) });
        run.Report.Demand(
            $"what was executing is done within twice the lease, {2 * Lease.TotalSeconds} s, of the kill",
            rounds.All(round => round.OrphansDoneAfter <= 2 * Lease), $"the longest took {rounds.Max(round => round.OrphansDoneAfter.TotalSeconds):0.0} s");
    }

    sealed record Round(Verdict Verdict, int Orphans, TimeSpan OrphansDoneAfter, bool Led);
}
