using System.CommandLine;
using Jobs.Bench.Workloads;

namespace Jobs.Bench.Commands;

/// <summary>In which ways the limit is measured.</summary>
sealed class LimitOptions
{
    readonly Option<int[]> _sizes = Numbers.Several("--sizes", 100_000, [100, 500, 1_000], "Jobs a statement of the limit.");
    readonly Option<int[]> _clients = Numbers.Several("--clients", 1_000, [2, 4, 8], "Clients of the limit's pgbench.");

    public void AddTo(Command command)
    {
        command.Add(_sizes);
        command.Add(_clients);
    }

    public IReadOnlyList<Limit> Read(ParseResult parsed, BenchServer server, StoredJobs jobs) =>
    [
        .. from size in parsed.GetRequiredValue(_sizes)
           from clients in parsed.GetRequiredValue(_clients)
           select new Limit(server, jobs, size, clients),
    ];
}
