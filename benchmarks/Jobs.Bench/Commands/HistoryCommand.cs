using System.CommandLine;
using Jobs.Bench.Workloads;

namespace Jobs.Bench.Commands;

sealed class HistoryCommand : WorkloadCommand
{
    readonly Option<int> _jobs = Numbers.One("--jobs", Numbers.MostJobs, 100_000, "How many jobs are stored before the clock starts.");
    readonly Option<int[]> _finished = Numbers.Several("--finished", Numbers.MostJobs, [1_000_000], "How many rows of finished jobs stand beside them. Several numbers are measured in turns.");
    readonly NodeOptions _nodes = new();

    public HistoryCommand()
        : base("history", "The jobs of drain beside the rows of those that have ended, in turns with the empty table.")
    {
        Add(_jobs);
        Add(_finished);
        _nodes.AddTo(this);
    }

    public override async Task RunAsync(ParseResult parsed, Session session, CancellationToken cancellationToken)
    {
        var empty = new StoredJobs(parsed.GetValue(_jobs));
        List<StoredJobs> stored = [empty, .. parsed.GetRequiredValue(_finished).Select(rows => empty with { Finished = new FinishedRows(rows, AreDue: false) })];
        await session.CompareDrainsAsync(stored, _nodes.Read(parsed), cancellationToken);
    }
}
