using System.Globalization;
using Jobs.Bench.Results;

namespace Jobs.Bench.Workloads;

/// <summary>Runs workloads in turns, so that what else the machine does meets all of them.</summary>
static class Rounds
{
    public static async Task RunAsync(IReadOnlyList<Workload> workloads, int rounds, RunLog log, CancellationToken cancellationToken)
    {
        for (var round = 1; round <= rounds; round++)
        {
            foreach (var workload in workloads)
            {
                var run = await workload.RunAsync(cancellationToken);
                await log.AddAsync(run);
                await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"round {round} of {rounds}, {run.Kind}: {run.JobsPerSecond:N0} jobs/s"));
            }
        }

        Console.WriteLine();
    }
}
