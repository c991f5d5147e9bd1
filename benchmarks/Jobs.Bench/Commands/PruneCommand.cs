using System.CommandLine;
using Jobs.Bench.Workloads;

namespace Jobs.Bench.Commands;

sealed class PruneCommand : WorkloadCommand
{
    readonly Option<int> _jobs = Numbers.One("--jobs", Numbers.MostJobs, 200_000, "How many jobs are stored before the clock starts.");
    readonly Option<int> _finished = Numbers.One("--finished", Numbers.MostJobs, 1_000_000, "How many rows of finished jobs stand beside them. They have to be enough for the pruner to be at work until the last job has ended.");
    readonly NodeOptions _nodes = new();

    public PruneCommand()
        : base("prune", "The jobs of drain while finished rows are pruned, in turns with the same while the rows are kept.")
    {
        Add(_jobs);
        Add(_finished);
        _nodes.AddTo(this);
    }

    public override Task RunAsync(ParseResult parsed, Session session, CancellationToken cancellationToken)
    {
        var kept = new StoredJobs(parsed.GetValue(_jobs)) { Finished = new FinishedRows(parsed.GetValue(_finished), AreDue: false) };
        return session.CompareDrainsAsync([kept, kept with { Finished = kept.Finished with { AreDue = true } }], _nodes.Read(parsed), cancellationToken);
    }
}
