using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;
using Perfolizer.Mathematics.OutlierDetection;

namespace Jobs.Microbench;

static class BenchmarkRun
{
    /// <summary>Runs the benchmarks of a class, in two minutes at most, and says whether all of them have a figure.</summary>
    /// <typeparam name="TBenchmarks">The class.</typeparam>
    /// <param name="folder">Gets the tables.</param>
    public static bool Run<TBenchmarks>(string folder)
    {
        // Many short iterations: on a machine that does other things too, some of them are left alone, and the least is the program's own time.
        var job = Job.Default
            .WithToolchain(InProcessEmitToolchain.Instance)
            .WithIterationTime(TimeInterval.FromMilliseconds(50))
            .WithWarmupCount(20)
            .WithIterationCount(100)
            .WithOutlierMode(OutlierMode.DontRemove);
        var config = ManualConfig.CreateEmpty()
            .AddJob(job)
            .AddLogger(ConsoleLogger.Default)
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddColumn(StatisticColumn.Median, StatisticColumn.Min, StatisticColumn.Max)
            .AddExporter(MarkdownExporter.GitHub)
            .WithArtifactsPath(folder);
        var summary = BenchmarkRunner.Run<TBenchmarks>(config);
        return summary.Reports.Length > 0 && summary.Reports.All(report => report.Success);
    }
}
