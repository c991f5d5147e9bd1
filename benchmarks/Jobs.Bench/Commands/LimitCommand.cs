using System.CommandLine;
using Jobs.Bench.Workloads;

namespace Jobs.Bench.Commands;

sealed class LimitCommand : WorkloadCommand
{
    readonly Option<int> _jobs = Numbers.One("--jobs", Numbers.MostJobs, 100_000, "How many jobs are stored before the clock starts.");
    readonly Option<bool> _batch = new("--batch") { Description = "The jobs are one batch, whose counters each acknowledgement then changes." };
    readonly LimitOptions _limit = new();

    public LimitCommand()
        : base("limit", "The claims and acknowledgements of the jobs of drain through pgbench: what PostgreSQL itself can do.")
    {
        Add(_jobs);
        Add(_batch);
        _limit.AddTo(this);
    }

    public override async Task RunAsync(ParseResult parsed, Session session, CancellationToken cancellationToken)
    {
        var jobs = new StoredJobs(parsed.GetValue(_jobs), parsed.GetValue(_batch) ? 1 : 0);
        await session.FillAsync(jobs, cancellationToken);
        await session.RunInTurnsAsync(_limit.Read(parsed, session.Server, jobs), cancellationToken);
    }
}
