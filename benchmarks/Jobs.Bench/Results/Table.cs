using System.Globalization;
using Jobs.Bench.Measuring;
using Jobs.Bench.Workloads;

namespace Jobs.Bench.Results;

/// <summary>The figures for people.</summary>
static class Table
{
    const int LongestSql = 90;

    static readonly (string Title, Func<Run, double?> Value, string Format)[] Columns =
    [
        ("jobs/s", run => run.HasRate ? run.JobsPerSecond : null, "N0"),
        ("p50 ms", run => run.Milliseconds?.Median, "0.00"),
        ("p95 ms", run => run.Milliseconds?.NinetyFifth, "0.00"),
        ("p99 ms", run => run.Milliseconds?.NinetyNinth, "0.00"),
        ("longest ms", run => run.Milliseconds?.Longest, "0.00"),
        ("pruned/s", run => run.PrunedPerSecond, "N0"),
        ("CPU s", run => run.WorkersCpuSeconds, "N2"),
        ("PostgreSQL CPU s", run => run.PostgresCpuSeconds, "N2"),
        ("statements/s", run => run.StatementsPerSecond, "0.0"),
        ("commits/job", run => run.CommitsPerJob, "0.0000"),
        ("WAL B/job", run => run.WalBytesPerJob, "N0"),
        ("idle MB", run => run.IdleMemoryBytes / 1e6, "0.0"),
        ("peak MB", run => run.PeakMemoryBytes / 1e6, "N0"),
        ("above start MB", run => run.MemoryAboveStartBytes / 1e6, "N0"),
        ("program MB", run => run.ProgramBytes / 1e6, "0.0"),
        ("first job ms", run => run.FirstJobMilliseconds, "N0"),
        ("callback ms", run => run.CallbackMilliseconds, "0.0"),
    ];

    /// <summary>A line per kind of run: medians, and after the rate its least and most.</summary>
    public static void Write(IReadOnlyList<Run> runs, TextWriter output)
    {
        var columns = Columns.Where(column => runs.Any(run => column.Value(run) is not null)).ToArray();
        List<string[]> rows = [["", .. columns.Select(column => column.Title)]];
        foreach (var kind in runs.GroupBy(run => run.Kind))
            rows.Add([kind.Key, .. columns.Select((column, index) => Cell(kind, column, withSpread: index == 0))]);
        WriteAligned(rows, output);
    }

    /// <summary>The median of one workload over the best median among others, and the least and most of the ratios within each round.</summary>
    public static void WriteRatioToBest(IReadOnlyList<Run> runs, Workload workload, IEnumerable<Workload> others, TextWriter output)
    {
        var own = RatesOf(runs, workload);
        var (name, best) = others.Select(other => (other.Kind, Rates: RatesOf(runs, other))).MaxBy(other => Median(other.Rates));
        var rounds = own.Zip(best, (one, other) => one / other).ToArray();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{workload.Kind}: {Median(own) / Median(best):0.00} ({rounds.Min():0.00}–{rounds.Max():0.00}) of {name}"));
        output.WriteLine();
    }

    /// <summary>How long each kind of job waited: medians over the runs.</summary>
    public static void WriteWaits(IReadOnlyList<Run> runs, TextWriter output)
    {
        List<string[]> rows = [["waited, ms", "jobs", "p50", "p95", "p99", "longest"]];
        foreach (var kind in runs.SelectMany(static run => run.Waits ?? []).GroupBy(static wait => wait.Kind))
        {
            rows.Add(
            [
                kind.Key,
                Number(Median(kind.Select(static wait => (double)wait.Jobs)), "N0"),
                .. new Func<Percentiles, double>[] { static times => times.Median, static times => times.NinetyFifth, static times => times.NinetyNinth, static times => times.Longest }
                    .Select(value => Number(Median(kind.Select(wait => value(wait.Milliseconds))), "N1")),
            ]);
        }

        WriteAligned(rows, output);
    }

    /// <summary>What was asked of the server in a counted run.</summary>
    public static void WriteStatements(Run counted, TextWriter output)
    {
        var statements = counted.Statements!;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{counted.Kind}, one more run with pg_stat_statements: {counted.StatementsPerJob:0.0000} statements and {counted.CommitsPerJob:0.0000} commits a job"));
        List<string[]> rows = [["", "calls", "rows/call", "ms/call", "ms", "WAL B/job"]];
        foreach (var statement in statements.Take(10))
        {
            rows.Add(
            [
                statement.Sql.Length > LongestSql ? statement.Sql[..(LongestSql - 1)] + "…" : statement.Sql,
                Number(statement.Calls, "N0"),
                Number((double)statement.Rows / statement.Calls, "N1"),
                Number(statement.Milliseconds / statement.Calls, "N3"),
                Number(statement.Milliseconds, "N0"),
                Number((double)statement.WalBytes / counted.Jobs, "N0"),
            ]);
        }

        WriteAligned(rows, output);
    }

    static double[] RatesOf(IReadOnlyList<Run> runs, Workload workload) => [.. runs.Where(run => run.Kind == workload.Kind).Select(run => run.JobsPerSecond)];

    static string Cell(IEnumerable<Run> runs, (string Title, Func<Run, double?> Value, string Format) column, bool withSpread)
    {
        var values = runs.Select(column.Value).OfType<double>().ToArray();
        if (values.Length == 0)
            return "–";
        var spread = Spread.Of(values);
        var median = Number(spread.Median, column.Format);
        return withSpread && spread.Count > 1 ? $"{median} ({Number(spread.Least, column.Format)}–{Number(spread.Most, column.Format)})" : median;
    }

    static double Median(IEnumerable<double> values) => Spread.Of(values).Median;

    static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    static void WriteAligned(List<string[]> rows, TextWriter output)
    {
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows)
            output.WriteLine(string.Join("  ", row.Select((cell, column) => column == 0 ? cell.PadRight(widths[0]) : cell.PadLeft(widths[column]))).TrimEnd());
        output.WriteLine();
    }
}
