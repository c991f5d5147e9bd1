using System.CommandLine;
using Jobs.Bench.Workloads;

namespace Jobs.Bench.Commands;

sealed class ScheduledCommand : WorkloadCommand
{
    readonly Option<int> _jobs = Numbers.One("--jobs", Numbers.MostJobs, 1_000_000, "How many jobs are stored before the clock starts.");
    readonly NodeOptions _nodes = new();

    public ScheduledCommand()
        : base("scheduled", "Scheduled jobs that are due all at once, and have to be staged, in turns with the same jobs that were never scheduled.")
    {
        Add(_jobs);
        _nodes.AddTo(this);
    }

    public override Task RunAsync(ParseResult parsed, Session session, CancellationToken cancellationToken)
    {
        var available = new StoredJobs(parsed.GetValue(_jobs));
        return session.CompareDrainsAsync([available, available with { AreScheduled = true }], _nodes.Read(parsed), cancellationToken);
    }
}
