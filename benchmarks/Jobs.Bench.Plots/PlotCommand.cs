using System.CommandLine;
using Jobs.Bench.Plots.Charts;
using Jobs.Bench.Plots.Drawing;
using Jobs.Bench.Results;

namespace Jobs.Bench.Plots;

/// <summary>The command line of <c>./bench plot</c>.</summary>
sealed class PlotCommand : RootCommand
{
    const int Succeeded = 0;
    const int CouldNotPlot = 2;

    readonly Option<string[]> _input = new("--input")
    {
        Description = "The files of runs, as the workloads write them. Their runs are taken together.",
        HelpName = "FILE.jsonl",
        DefaultValueFactory = _ => [Path.Combine("artifacts", "bench", "runs.jsonl")],
        AllowMultipleArgumentsPerToken = true,
    };

    readonly Option<string[]> _commits = new("--commit")
    {
        Description = "Only runs of these commits of the sources, as the file has them. Without it, those of all.",
        HelpName = "COMMIT",
        AllowMultipleArgumentsPerToken = true,
    };

    readonly Option<string> _output = new("--output")
    {
        Description = "The folder that gets the plots. A plot that is there already is written anew if there are runs for it, and stays if not.",
        HelpName = "FOLDER",
        DefaultValueFactory = _ => Path.Combine("docs", "performance"),
    };

    public PlotCommand()
        : base("Plots each workload against its limit and its peers, from the runs in a file: medians, and whiskers from the least to the most.")
    {
        Add(_input);
        Add(_commits);
        Add(_output);
        SetAction((parsed, cancellationToken) => PlotAsync(parsed, cancellationToken));
    }

    async Task<int> PlotAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        try
        {
            var runs = await RunFiles.ReadAsync(parsed.GetRequiredValue(_input), parsed.GetValue(_commits) ?? [], cancellationToken);
            var charts = AllCharts.Of(runs);
            if (charts.Count == 0)
                throw new BenchException("None of the runs is of a workload that is plotted.");
            WriteLeftOut(runs, charts);
            await SaveAsync(charts, parsed.GetRequiredValue(_output), cancellationToken);
            return Succeeded;
        }
        catch (Exception exception) when (exception is BenchException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(exception.Message);
            return CouldNotPlot;
        }
    }

    static async Task SaveAsync(IReadOnlyList<Chart> charts, string folder, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        foreach (var chart in charts)
        {
            var path = Path.Combine(folder, chart.Name + ".svg");
            await File.WriteAllTextAsync(path, ChartDrawing.ToSvg(chart), cancellationToken);
            Console.WriteLine($"{path}  {chart.Title}");
        }
    }

    static void WriteLeftOut(IReadOnlyList<Run> runs, IReadOnlyList<Chart> charts)
    {
        var drawn = charts.SelectMany(static chart => chart.Runs).ToHashSet();
        var kinds = runs.Where(run => run.Statements is null && !drawn.Contains(run)).GroupBy(static run => new Sample.Identity(run)).ToList();
        foreach (var kind in kinds)
            Console.Error.WriteLine($"Left out: {kind.Key.Kind}, {Words.Count(kind.Key.Jobs, "job")}, {Words.Count(kind.Count(), "run")}.");
        if (kinds.Count > 0)
            Console.Error.WriteLine("Why some runs are left out is in benchmarks/README.md, under Plots.");
    }
}
