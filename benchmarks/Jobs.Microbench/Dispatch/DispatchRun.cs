using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;
using Perfolizer.Mathematics.OutlierDetection;

namespace Jobs.Microbench.Dispatch;

static class DispatchRun
{
    /// <summary>Runs the benchmarks in about two minutes, and says whether all of them have a figure.</summary>
    public static bool Run(string folder)
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
        var summary = BenchmarkRunner.Run<DispatchBenchmarks>(config);
        return summary.Reports.Length > 0 && summary.Reports.All(report => report.Success);
    }
}
