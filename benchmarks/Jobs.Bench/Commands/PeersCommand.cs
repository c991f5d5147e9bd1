using System.CommandLine;
using Jobs.Bench.Nodes;
using Jobs.Bench.Peers;
using Jobs.Bench.Results;
using Jobs.Bench.Workloads;

namespace Jobs.Bench.Commands;

sealed class PeersCommand : WorkloadCommand
{
    const int Callers = 8;
    const int MostInserts = 10_000;
    const int MostAlone = 500;
    const int Starts = 10;
    static readonly TimeSpan IdleFor = TimeSpan.FromSeconds(10);

    static readonly string[] Names = [.. Peer.All.Select(static peer => peer.Name.ToLowerInvariant())];
    static readonly string[] Workloads = ["insert", "bulk", "drain", "latency", "startup", "idle"];

    readonly Option<string[]> _peers = Several("--peers", Names, "Which peers.");
    readonly Option<string[]> _workloads = Several("--workloads", Workloads, "Which workloads, one after the other. In each, Jobs and its peers run in turns.");
    readonly Option<int> _jobs = Numbers.One("--jobs", Numbers.MostJobs, 100_000, "How many jobs are stored in bulk, and drained. Hangfire gets a twentieth of them.");
    readonly RuntimeOptions _runtimes = new();

    public PeersCommand()
        : base("peers", "Other job systems on PostgreSQL, each as its documentation has it for speed, in turns with Jobs.")
    {
        Add(_peers);
        Add(_workloads);
        Add(_jobs);
        _runtimes.AddTo(this);
    }

    public override async Task RunAsync(ParseResult parsed, Session session, CancellationToken cancellationToken)
    {
        var names = parsed.GetRequiredValue(_peers);
        var peers = Peer.All.Where(peer => names.Contains(peer.Name, StringComparer.OrdinalIgnoreCase)).ToList();
        var jobs = parsed.GetValue(_jobs);
        var programs = _runtimes.Read(parsed, byDefault: [NodeProgram.Jit]);
        var faults = 0;
        foreach (var workload in parsed.GetRequiredValue(_workloads))
            faults += await RunAsync(workload, peers, programs, jobs, session, cancellationToken);
        Table.Write(session.Log.Runs, Console.Out);
        if (faults > 0)
            throw new BenchException($"{faults} runs of peers failed, and have no figure. Why stands above.");
    }

    static async Task<int> RunAsync(
        string workload, IReadOnlyList<Peer> peers, IReadOnlyList<NodeProgram> programs, int jobs, Session session, CancellationToken cancellationToken)
    {
        var server = session.Server;
        var inserts = Math.Min(jobs, MostInserts);
        switch (workload)
        {
            case "insert":
                await FillAsync(session, peers, static _ => 0, cancellationToken);
                return await CompareAsync(
                    session,
                    [new Insert(server, new JobsToEnqueue(inserts), Callers)],
                    from peer in peers.SelectMany(static peer => peer.ForInserts) select new PeerEnqueue(server, peer, peer.ShareOf(inserts), Callers),
                    cancellationToken);
            case "bulk":
                await FillAsync(session, peers, static _ => 0, cancellationToken);
                using (var bulk = new Bulk(server, jobs))
                    return await CompareAsync(session, [bulk], peers.Select(peer => new PeerEnqueue(server, peer, peer.ShareOf(jobs), callers: null)), cancellationToken);
            case "drain":
                var stored = new StoredJobs(jobs);
                await session.FillAsync(stored, cancellationToken);
                await FillAsync(session, peers, peer => peer.ShareOf(jobs), cancellationToken);
                return await CompareAsync(
                    session,
                    [.. programs.Select(program => new Drain(server, stored, new NodeSettings(program, Nodes: 1, Concurrency: 100)))],
                    from peer in peers from nodes in peer.NodeCounts select new PeerDrain(server, peer, peer.ShareOf(jobs), nodes),
                    cancellationToken);
            case "latency":
                var alone = Math.Min(jobs, MostAlone);
                await FillAsync(session, peers, static _ => 0, cancellationToken);
                return await RunInTurnsAsync(session, [new Latency(server, alone, nodes: 2), .. peers.Select(peer => new PeerLatency(server, peer, alone))], cancellationToken);
            case "startup":
                await FillAsync(session, peers, static _ => 0, cancellationToken);
                return await RunInTurnsAsync(
                    session, [.. programs.Select(program => new Startup(server, program, Starts)), .. peers.Select(peer => new PeerStartup(server, peer, Starts))], cancellationToken);
            default:
                await session.FillAsync(Idle.Before, cancellationToken);
                await FillAsync(session, peers, static _ => Idle.Before.Count, cancellationToken);
                return await RunInTurnsAsync(
                    session, [.. programs.Select(program => new Idle(server, program, IdleFor)), .. peers.Select(peer => new PeerIdle(server, peer, IdleFor))], cancellationToken);
        }
    }

    static Task<int> RunInTurnsAsync(Session session, IReadOnlyList<Workload> workloads, CancellationToken cancellationToken) =>
        Rounds.RunAsync(workloads, session.Runs, session.Log, cancellationToken);

    static async Task<int> CompareAsync(Session session, IReadOnlyList<Workload> own, IEnumerable<PeerWorkload> theirs, CancellationToken cancellationToken)
    {
        var workloads = theirs.ToList();
        var faults = await RunInTurnsAsync(session, [.. own, .. workloads], cancellationToken);
        var measured = workloads.Where(workload => session.Log.Runs.Any(run => run.Kind == workload.Kind)).ToList();
        foreach (var workload in own.Where(_ => measured.Count > 0))
            session.WriteRatio(workload, measured);
        return faults;
    }

    static async Task FillAsync(Session session, IReadOnlyList<Peer> peers, Func<Peer, int> jobs, CancellationToken cancellationToken)
    {
        await session.FillEmptyAsync(cancellationToken);
        foreach (var peer in peers)
            await session.Server.FillAsync(peer.Content(jobs(peer)), (database, cancel) => peer.FillAsync(database, jobs(peer), cancel), cancellationToken);
    }

    static Option<string[]> Several(string name, string[] all, string description)
    {
        var option = new Option<string[]>(name)
        {
            Description = description,
            HelpName = string.Join('|', all),
            DefaultValueFactory = _ => all,
            AllowMultipleArgumentsPerToken = true,
        };
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => !all.Contains(token.Value)))
                result.AddError($"{name} can be {string.Join(", ", all)}, not {token.Value}.");
        });
        return option;
    }
}
