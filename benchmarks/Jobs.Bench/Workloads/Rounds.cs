using System.Globalization;
using Jobs.Bench.Results;

namespace Jobs.Bench.Workloads;

/// <summary>Runs workloads in turns, so that what else the machine does meets all of them.</summary>
static class Rounds
{
    const int MostVoid = 3;

    /// <returns>How many runs have no figure.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<Workload> workloads, int rounds, RunLog log, CancellationToken cancellationToken)
    {
        var faults = 0;
        for (var round = 1; round <= rounds; round++)
        {
            foreach (var workload in workloads)
            {
                var figure = "no figure";
                try
                {
                    var run = await RunAsync(workload, cancellationToken);
                    await log.AddAsync(run);
                    figure = Figure(run);
                }
                catch (BenchException exception) when (!workload.EndsAtFault)
                {
                    await Console.Error.WriteLineAsync(exception.Message);
                    faults++;
                }

                await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"round {round} of {rounds}, {workload.Kind}: {figure}"));
            }
        }

        Console.WriteLine();
        return faults;
    }

    // Made again at once, so that each workload has a run in each round.
    static async Task<Run> RunAsync(Workload workload, CancellationToken cancellationToken)
    {
        for (var times = 1; ; times++)
        {
            try
            {
                return await workload.RunAsync(cancellationToken);
            }
            catch (VoidRunException exception) when (times <= MostVoid)
            {
                await Console.Error.WriteLineAsync($"{workload.Kind}: {exception.Message} It is made again.");
            }
        }
    }

    static string Figure(Run run) => string.Join(", ", Figures(run));

    static IEnumerable<string> Figures(Run run)
    {
        if (run.HasRate)
            yield return string.Create(CultureInfo.InvariantCulture, $"{run.JobsPerSecond:N0} jobs/s");
        if (run.Milliseconds is { } times)
            yield return string.Create(CultureInfo.InvariantCulture, $"median {times.Median:0.00} ms, 99 of 100 within {times.NinetyNinth:0.00} ms");
        if (run.IdleMemoryBytes is { } memory)
            yield return string.Create(CultureInfo.InvariantCulture, $"{memory / 1e6:0.0} MB");
    }
}
