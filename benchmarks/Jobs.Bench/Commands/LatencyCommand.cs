using System.CommandLine;
using Jobs.Bench.Workloads;

namespace Jobs.Bench.Commands;

sealed class LatencyCommand : WorkloadCommand
{
    readonly Option<int> _jobs = Numbers.One("--jobs", Numbers.MostJobs, 500, "How many jobs are enqueued, each when the last has ended.");

    public LatencyCommand()
        : base("latency", "From the call of an enqueue to the start of its job, on a node that has nothing else to do.") => Add(_jobs);

    public override async Task RunAsync(ParseResult parsed, Session session, CancellationToken cancellationToken)
    {
        var jobs = parsed.GetValue(_jobs);
        await session.FillEmptyAsync(cancellationToken);
        await session.RunInTurnsAsync([new Latency(session.Server, jobs, nodes: 1), new Latency(session.Server, jobs, nodes: 2)], cancellationToken);
    }
}
