using System.CommandLine;
using Jobs.Bench.Workloads;

namespace Jobs.Bench.Commands;

sealed class BatchCommand : WorkloadCommand
{
    readonly Option<int> _jobs = Numbers.One("--jobs", Numbers.MostJobs, 1_000_000, "How many jobs are stored before the clock starts.");
    readonly Option<int> _batches = Numbers.One("--batches", Numbers.MostJobs, 20_000, "As how many batches the same jobs are stored the third time.");
    readonly NodeOptions _nodes = new();

    public BatchCommand()
        : base("batch", "Jobs without a batch, as one batch, and as many small ones, from the start of the nodes to the last callback.")
    {
        Add(_jobs);
        Add(_batches);
        _nodes.AddTo(this);
    }

    public override async Task RunAsync(ParseResult parsed, Session session, CancellationToken cancellationToken)
    {
        List<StoredJobs> stored = [.. new[] { 0, 1, parsed.GetValue(_batches) }.Select(batches => new StoredJobs(parsed.GetValue(_jobs), batches))];
        foreach (var jobs in stored)
            await session.FillAsync(jobs, cancellationToken);

        var settings = _nodes.Read(parsed).Select(nodes => stored.Select(jobs => new Drain(session.Server, jobs, nodes)).ToList()).ToList();
        await session.RunInTurnsAsync([.. settings.SelectMany(static drains => drains)], cancellationToken);
        foreach (var drains in settings)
        {
            foreach (var batched in drains[1..])
                session.WriteRatio(batched, drains[0]);
        }
    }
}
