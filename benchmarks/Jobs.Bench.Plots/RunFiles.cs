using System.Text.Json;
using Jobs.Bench.Results;

namespace Jobs.Bench.Plots;

/// <summary>Reads the runs that the bench has written.</summary>
static class RunFiles
{
    /// <param name="paths">The files.</param>
    /// <param name="commits">Only runs of these; of all, if there is none.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="BenchException">A file is missing or holds something else, there is no run, or the runs were made on several machines.</exception>
    public static async Task<IReadOnlyList<Run>> ReadAsync(IReadOnlyList<string> paths, IReadOnlyList<string> commits, CancellationToken cancellationToken)
    {
        List<Run> runs = [];
        foreach (var path in paths)
            runs.AddRange(await ReadAsync(path, cancellationToken));
        if (runs.Count == 0)
            throw new BenchException($"There is no run in {string.Join(", ", paths)}.");

        if (commits.Count > 0)
        {
            var known = runs.Select(static run => run.Setting!.Commit ?? "none").Distinct().ToList();
            runs.RemoveAll(run => !commits.Contains(run.Setting!.Commit));
            if (runs.Count == 0)
                throw new BenchException($"There is no run of {string.Join(", ", commits)} in {string.Join(", ", paths)}: its commits are {string.Join(", ", known)}.");
        }

        ThrowUnlessOfOneMachine(runs);
        return runs;
    }

    static async Task<IReadOnlyList<Run>> ReadAsync(string path, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
            throw new BenchException($"There is no file {path}. The workloads write it: ./bench drain, and so on; or name another with --input.");
        List<Run> runs = [];
        var number = 0;
        await foreach (var line in File.ReadLinesAsync(path, cancellationToken))
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line))
                runs.Add(Read(line, path, number));
        }

        return runs;
    }

    static Run Read(string line, string path, int number)
    {
        try
        {
            return JsonSerializer.Deserialize(line, RunJson.Default.Run) is { Setting: not null, Seconds: > 0 } run
                ? run
                : throw new BenchException($"Line {number} of {path} is a run without its time, or without the setting that it was made in.");
        }
        catch (JsonException exception)
        {
            throw new BenchException($"Line {number} of {path} is no run of this bench: {exception.Message}");
        }
    }

    // Of one machine the figures of several commits can stand side by side, and the plot names the commits. Those of several machines cannot.
    static void ThrowUnlessOfOneMachine(IReadOnlyList<Run> runs)
    {
        var machines = runs.Select(static run => run.Setting!.Describe()).Distinct().ToList();
        if (machines.Count > 1)
            throw new BenchException($"The runs were made in {machines.Count} settings, and cannot be compared. Take files of one:\n{string.Join('\n', machines)}");
    }
}
