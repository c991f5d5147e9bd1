using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Jobs.Bench.Measuring;
using Npgsql;

namespace Jobs.Bench.Workloads;

/// <param name="ExitCode">How it ended.</param>
/// <param name="Errors">What it wrote to its standard error.</param>
/// <param name="Time">From its start to its end.</param>
/// <param name="Cpu">Its CPU time; unknown where there is no /proc.</param>
sealed record PostgresProgramResult(int ExitCode, string Errors, TimeSpan Time, TimeSpan? Cpu);

/// <summary>A program of PostgreSQL's own, from the PATH, connected to a database.</summary>
static class PostgresProgram
{
    public static async Task<PostgresProgramResult> RunAsync(string program, string database, IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        var cpu = CpuOfEndedChildren();
        var watch = Stopwatch.StartNew();
        using var process = Start(program, database, arguments);
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }

        watch.Stop();
        await output;
        return new PostgresProgramResult(process.ExitCode, await errors, watch.Elapsed, CpuOfEndedChildren() - cpu);
    }

    static Process Start(string program, string database, IEnumerable<string> arguments)
    {
        var settings = new NpgsqlConnectionStringBuilder(database);
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["PGHOST"] = settings.Host;
        start.Environment["PGPORT"] = settings.Port.ToString(CultureInfo.InvariantCulture);
        start.Environment["PGUSER"] = settings.Username;
        start.Environment["PGPASSWORD"] = settings.Password;
        start.Environment["PGDATABASE"] = settings.Database;
        start.Environment["LC_ALL"] = "C";
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            throw new BenchException($"{program} is not on the PATH. It comes with PostgreSQL; ./bench in the root finds or installs it.");
        }
    }

    static TimeSpan? CpuOfEndedChildren() => OperatingSystem.IsLinux() ? ProcessStat.TryRead(Environment.ProcessId)?.Ended : null;
}
