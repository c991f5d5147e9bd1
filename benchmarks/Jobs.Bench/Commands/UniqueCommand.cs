using System.CommandLine;
using Jobs.Bench.Workloads;

namespace Jobs.Bench.Commands;

sealed class UniqueCommand : WorkloadCommand
{
    static readonly (Equality Equality, string Name)[] Kinds =
    [
        (Equality.Ignored, "not unique"),
        (Equality.Fresh, "unique, no equal one stored"),
        (Equality.Stored, "unique, equal ones stored"),
    ];

    readonly Option<int> _jobs = Numbers.One("--jobs", Numbers.MostJobs, 20_000, "How many jobs are enqueued one by one.");
    readonly Option<int> _callers = Numbers.One("--callers", 100, 8, "How many callers enqueue one by one at once.");
    readonly Option<int> _many = Numbers.One("--many", Numbers.MostJobs, 100_000, "How many jobs are enqueued in one call.");

    public UniqueCommand()
        : base("unique", "Unique jobs, one by one and in one call, new ones and ones that are stored, beside jobs that are not unique.")
    {
        Add(_jobs);
        Add(_callers);
        Add(_many);
    }

    public override async Task RunAsync(ParseResult parsed, Session session, CancellationToken cancellationToken)
    {
        List<Workload> alone = [];
        List<Workload> many = [];
        await session.FillEmptyAsync(cancellationToken);
        foreach (var (equality, name) in Kinds)
        {
            var (jobs, inOneCall) = (new JobsToEnqueue(parsed.GetValue(_jobs), equality), new JobsToEnqueue(parsed.GetValue(_many), equality));
            alone.Add(new Insert(session.Server, jobs, parsed.GetValue(_callers)) { Uniqueness = name });
            many.Add(new InsertMany(session.Server, inOneCall, name));
            foreach (var stored in new[] { jobs, inOneCall }.Where(static stored => stored.Equality == Equality.Stored).Distinct())
                await session.Server.FillAsync(stored.Content, stored.StoreAsync, cancellationToken);
        }

        await session.RunInTurnsAsync([.. alone, .. many], cancellationToken);
        foreach (var kinds in new[] { alone, many })
        {
            foreach (var unique in kinds[1..])
                session.WriteRatio(unique, kinds[0]);
        }
    }
}
