using System.Diagnostics;
using Jobs.Testing.Database;
using Jobs.Torture.Checking;
using Jobs.Torture.Journals;
using Jobs.Torture.Nodes;
using Jobs.Torture.Work;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Jobs.Torture.Scenarios;

/// <summary>What does a deployment cost, when nodes are told to stop under load, and half of them are killed before they have?</summary>
sealed record Stops : Scenario
{
    static readonly TimeSpan Lease = TimeSpan.FromSeconds(5);
    static readonly TimeSpan Apart = TimeSpan.FromSeconds(3);
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    static readonly TimeSpan HostTimeout = TimeSpan.FromSeconds(30);
    static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    const int Short = 20;
    const int Long = 3_000;

    public override string Name => "stops";

    /// <summary>How many nodes are told to stop; every other one is killed a second later.</summary>
    public required int Rounds { get; init; }

    public required int MailsEach { get; init; }

    public override async Task RunAsync(Run run, CancellationToken cancellationToken)
    {
        run.Report.Say($"{Rounds} times SIGTERM to one of two nodes, every {Apart.TotalSeconds} s, half of them killed {Patience.TotalSeconds} s later, while they work {MailsEach} mails for each round: of {Short} ms, and every tenth of {Long} ms");
        await using var database = await TestDatabase.CreateAsync(cancellationToken);
        await using var observer = new Observer(database.ConnectionString);
        using var client = await Run.StartClientAsync(database.ConnectionString, cancellationToken);
        var settings = new NodeSettings(database.ConnectionString, run.Folder, Lease, Concurrency: 10);
        var nodes = new List<NodeProcess>();
        var (stored, inFlight, slow, stops) = (new List<string>(), new HashSet<string>(), new HashSet<int>(), new List<Stop>());
        try
        {
            for (var tries = 0; stops.Count < Rounds && tries < 2 * Rounds; tries++)
            {
                while (nodes.Count < 2)
                    nodes.Add(await StartNodeAsync(settings, observer, cancellationToken));
                stored.AddRange(await EnqueueAsync(client, tries, cancellationToken));
                await Task.Delay(Apart, cancellationToken);
                if (await StopAsync(nodes, kill: stops.Count % 2 == 1, run, observer, inFlight, slow, cancellationToken) is { } stop)
                    stops.Add(stop);
            }

            for (var i = 0; i * MailsEach < stored.Count; i++)
                await observer.WaitForCallbackAsync($"{Name}-{i}", Longest, cancellationToken);
            foreach (var node in nodes)
            {
                await node.StopAsync(cancellationToken);
                NoteIfSlow(node, slow);
            }
        }
        finally
        {
            foreach (var node in nodes)
                await node.DisposeAsync();
        }

        Judge(run, stops, stored, inFlight, slow, await Snapshot.TakeAsync(observer.DataSource, null, cancellationToken));
    }

    static async Task<NodeProcess> StartNodeAsync(NodeSettings settings, Observer observer, CancellationToken cancellationToken)
    {
        var node = await NodeProcess.StartAsync(settings);
        await observer.WaitForNodeAsync(node.Id, cancellationToken);
        return node;
    }

    async Task<IEnumerable<string>> EnqueueAsync(IHost client, int round, CancellationToken cancellationToken)
    {
        var mails = Enumerable.Range(round * MailsEach, MailsEach).Select(i => new Mail(i, i % 10 == 0 ? Long : Short, IsDeaf: false)).ToList();
        await client.Services.GetRequiredService<JobClient>().EnqueueBatchAsync($"{Name}-{round}", mails.Select(TortureWorker.New), cancellationToken: cancellationToken);
        return mails.Select(mail => mail.Key);
    }

    /// <summary>Tells a node to stop, and kills it if it is to be. <see langword="null"/> if it held nothing, or was gone before it could be killed.</summary>
    static async Task<Stop?> StopAsync(
        List<NodeProcess> nodes, bool kill, Run run, Observer observer, HashSet<string> inFlight, HashSet<int> slow, CancellationToken cancellationToken)
    {
        var victim = nodes[run.Random.Next(nodes.Count)];
        await observer.WaitUntilAsync($"process {victim.Id} has begun a long job", LongJobSql, [victim.Id, Long], Longest, cancellationToken);
        nodes.Remove(victim);
        await using (victim)
        {
            var watch = Stopwatch.StartNew();
            var stopped = victim.StopAsync(cancellationToken);
            if (!kill)
            {
                await stopped;
                NoteIfSlow(victim, slow);
                var left = await observer.AskAsync<long>(
                    "SELECT count(*) FROM jobs.jobs AS j WHERE j.state = 'executing' AND NOT EXISTS (SELECT FROM jobs.nodes AS n WHERE n.id = j.node)", [], cancellationToken);
                run.Report.Say($"  stopped after {watch.Elapsed.TotalSeconds:0.0} s with exit code {victim.ExitCode}, {left} jobs left behind");
                return new Stop(watch.Elapsed, victim.ExitCode, left, IsKill: false);
            }

            await Task.WhenAny(stopped, Task.Delay(Patience, cancellationToken));
            await victim.KillAsync();
            await stopped;
            NoteIfSlow(victim, slow);

            // Nobody can touch them before the lease ends, so this is what the node held when it died.
            var held = await observer.ExecutingOnAsync(victim.Id, cancellationToken);
            inFlight.UnionWith(held.Select(job => job.Key));
            run.Report.Say($"  killed {Patience.TotalSeconds} s after it was told to stop, with {held.Count} jobs");
            return held.Count == 0 ? null : new Stop(watch.Elapsed, victim.ExitCode, held.Count, IsKill: true);
        }
    }

    const string LongJobSql = """
        SELECT EXISTS (
            SELECT
            FROM jobs.jobs AS j
            JOIN jobs.nodes AS n ON n.id = j.node
            WHERE j.state = 'executing' AND n.name LIKE '%:' || $1 AND j.args ->> 'milliseconds' = $2::text AND j.attempted_at > now() - interval '1 second')
        """;

    // It gave back what it ran, since the machine was too slow for it to renew its lease.
    static void NoteIfSlow(NodeProcess node, HashSet<int> slow)
    {
        if (node.CountLogged(NodeProcess.LeaseLost) > 0)
            slow.Add(node.Id);
    }

    void Judge(Run run, List<Stop> stops, List<string> stored, HashSet<string> inFlight, HashSet<int> slow, Snapshot end)
    {
        var journal = Journal.Read(run.Folder);
        inFlight.UnionWith(journal.Where(line => slow.Contains(line.Process)).Select(line => line.Key));
        run.Report.Say($"  {slow.Count} nodes lost their lease on a busy machine, and gave back what they ran");
        run.Report.Demand($"{Rounds} nodes are told to stop while they execute jobs", stops.Count == Rounds, $"{stops.Count}");
        var gentle = stops.Where(stop => !stop.IsKill).ToList();
        run.Report.Demand(
            $"a node that is left alone ends by itself within the host's timeout, {HostTimeout.TotalSeconds} s",
            gentle.All(stop => stop.ExitCode == 0 && stop.Took < HostTimeout), $"{string.Join(", ", gentle.Select(stop => $"{stop.ExitCode} after {stop.Took.TotalSeconds:0.0} s"))}");
        run.Report.Demand("and leaves no job behind", gentle.All(stop => stop.Left == 0), $"{gentle.Sum(stop => stop.Left)}");
        run.Report.DemandNone(
            "only what a killed node held has seen a crash, and nothing has lost an attempt",
            [.. end.Jobs.Where(job => job.CallbackOf is null && ((job.Crashes > 0 && !inFlight.Contains(job.Key)) || job.Attempt != 1)).Select(job => job.Key)]);
        run.Report.Judge(Verdict.Of(new Evidence { Tables = end, Journal = journal, Stored = stored, InFlight = inFlight }));
    }

    readonly record struct Stop(TimeSpan Took, int ExitCode, long Left, bool IsKill);
}
