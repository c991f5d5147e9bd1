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
                await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"round {round} of {rounds}, {run.Kind}: {Figure(run)}"));
            }
        }

        Console.WriteLine();
    }

    static string Figure(Run run) => run.MedianMilliseconds is { } median
        ? string.Create(CultureInfo.InvariantCulture, $"median {median:0.00} ms, 99 of 100 within {run.NinetyNinthMilliseconds:0.00} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{run.JobsPerSecond:N0} jobs/s");
}
