using System.CommandLine;
using Jobs.Bench.Workloads;

namespace Jobs.Bench.Commands;

sealed class BulkCommand : WorkloadCommand
{
    readonly Option<int[]> _jobs = Numbers.Several("--jobs", Numbers.MostJobs, [100_000, 1_000_000], "How many jobs the batch has. Several numbers are measured in turns.");

    public BulkCommand()
        : base("bulk", "One batch in one transaction, beside psql's \\copy of the same rows.") => Add(_jobs);

    public override async Task RunAsync(ParseResult parsed, Session session, CancellationToken cancellationToken)
    {
        List<(Bulk Bulk, PsqlCopy Copy)> sizes = [];
        try
        {
            foreach (var jobs in parsed.GetRequiredValue(_jobs))
            {
                var bulk = new Bulk(session.Server, jobs);
                sizes.Add((bulk, new PsqlCopy(session.Server, bulk)));
            }

            await session.FillEmptyAsync(cancellationToken);
            await session.RunInTurnsAsync([.. sizes.SelectMany(static size => new Workload[] { size.Bulk, size.Copy })], cancellationToken);
            foreach (var (bulk, copy) in sizes)
                session.WriteRatio(bulk, copy);
        }
        finally
        {
            foreach (var (bulk, _) in sizes)
                bulk.Dispose();
        }
    }
}
