using System.CommandLine;
using Jobs.Bench.Nodes;
using Jobs.Bench.Results;
using Jobs.Bench.Workloads;

namespace Jobs.Bench.Commands;

sealed class DrainCommand : WorkloadCommand
{
    readonly Option<int> _jobs = Numbers.One("--jobs", Numbers.MostJobs, 100_000, "How many jobs are stored before the clock starts.");
    readonly Option<bool> _batch = new("--batch") { Description = "The jobs are one batch, whose counters each acknowledgement then changes." };
    readonly NodeOptions _nodes = new();
    readonly Option<bool> _withLimit = new("--with-limit") { Description = "The limit is measured in turns with it, and their ratio is printed." };
    readonly LimitOptions _limit = new();

    public DrainCommand()
        : base("drain", "Jobs that do nothing, from the start of the nodes to the last acknowledgement.")
    {
        Add(_jobs);
        Add(_batch);
        _nodes.AddTo(this);
        Add(_withLimit);
        _limit.AddTo(this);
    }

    public override async Task RunAsync(ParseResult parsed, Session session, CancellationToken cancellationToken)
    {
        var jobs = new StoredJobs(parsed.GetValue(_jobs), parsed.GetValue(_batch) ? 1 : 0);
        var drains = _nodes.Read(parsed).Select(nodes => (Nodes: nodes, Drain: new Drain(session.Server, jobs, nodes))).ToList();
        var limits = parsed.GetValue(_withLimit) ? _limit.Read(parsed, session.Server, jobs) : [];

        await session.FillAsync(jobs, cancellationToken);
        await session.RunInTurnsAsync([.. drains.Select(static entry => entry.Drain), .. limits], cancellationToken);
        foreach (var (_, drain) in drains.Where(_ => limits.Count > 0))
            session.WriteRatio(drain, limits);
        foreach (var (nodes, drain) in drains)
            WriteRatioToOneNode(session, nodes, drain, drains);
        if (session.Server.CanCountStatements)
            await CountStatementsAsync(session, drains[0].Drain, cancellationToken);
    }

    static void WriteRatioToOneNode(Session session, NodeSettings nodes, Drain drain, IEnumerable<(NodeSettings Nodes, Drain Drain)> drains)
    {
        var alone = drains.Where(other => nodes.Nodes > 1 && other.Nodes == nodes with { Nodes = 1 }).Select(static other => other.Drain).ToList();
        if (alone.Count > 0)
            session.WriteRatio(drain, alone);
    }

    static async Task CountStatementsAsync(Session session, Drain drain, CancellationToken cancellationToken)
    {
        var counted = await drain.RunCountedAsync(cancellationToken);
        await session.Log.AddAsync(counted);
        Table.WriteStatements(counted, Console.Out);
    }
}
