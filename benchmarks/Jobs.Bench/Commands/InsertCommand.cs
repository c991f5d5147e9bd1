using System.CommandLine;
using Jobs.Bench.Workloads;

namespace Jobs.Bench.Commands;

sealed class InsertCommand : WorkloadCommand
{
    readonly Option<int> _jobs = Numbers.One("--jobs", Numbers.MostJobs, 20_000, "How many jobs are enqueued, each by a call of its own.");
    readonly Option<int> _callers = Numbers.One("--callers", 100, 8, "How many callers enqueue at once, and clients pgbench has.");

    public InsertCommand()
        : base("insert", "Jobs enqueued one by one, each durable and told to other nodes, beside pgbench's inserts of the same rows, of which nobody is told.")
    {
        Add(_jobs);
        Add(_callers);
    }

    public override async Task RunAsync(ParseResult parsed, Session session, CancellationToken cancellationToken)
    {
        var (jobs, callers) = (parsed.GetValue(_jobs), parsed.GetValue(_callers));
        var insert = new Insert(session.Server, new JobsToEnqueue(jobs), callers);
        var pgbench = new PgbenchInsert(session.Server, jobs, callers);

        await session.FillEmptyAsync(cancellationToken);
        await session.RunInTurnsAsync([insert, pgbench], cancellationToken);
        session.WriteRatio(insert, pgbench);
    }
}
