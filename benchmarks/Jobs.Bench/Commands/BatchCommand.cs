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

    public override Task RunAsync(ParseResult parsed, Session session, CancellationToken cancellationToken)
    {
        var alone = new StoredJobs(parsed.GetValue(_jobs));
        return session.CompareDrainsAsync(
            [alone, alone with { Batches = 1 }, alone with { Batches = parsed.GetValue(_batches) }], _nodes.Read(parsed), cancellationToken);
    }
}
