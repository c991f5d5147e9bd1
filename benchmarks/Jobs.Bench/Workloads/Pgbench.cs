using System.Globalization;
using Jobs.Bench.Measuring;

namespace Jobs.Bench.Workloads;

/// <summary>pgbench with a script that ends by finding nothing to do.</summary>
/// <param name="Time">From the start of the first transaction to the end of the last one, by pgbench's own log.</param>
/// <param name="Cpu">CPU of pgbench; unknown where there is no /proc.</param>
readonly record struct PgbenchResult(TimeSpan Time, TimeSpan? Cpu);

static class Pgbench
{
    // The clients end long before: each at its first empty claim.
    const string Endless = "1000000";

    // pgbench says by this that clients were stopped by an error, which is how the script ends.
    const int SomeClientsStopped = 2;

    public static async Task<PgbenchResult> RunAsync(string database, string script, int clients, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("jobs-bench-");
        try
        {
            var file = Path.Combine(folder.FullName, "claim-and-acknowledge.sql");
            await File.WriteAllTextAsync(file, script, cancellationToken);
            var program = await PostgresProgram.RunAsync(
                "pgbench", database,
                [
                    "--no-vacuum", "--protocol=prepared", $"--file={file}", $"--transactions={Endless}", $"--client={Number(clients)}",
                    $"--jobs={Number(Math.Min(clients, Environment.ProcessorCount))}", "--log", $"--log-prefix={Path.Combine(folder.FullName, "log")}",
                    "--define=queue=" + NoOpWorker.QueueName, $"--define=workers={{{NoOpWorker.WorkerName}}}", $"--define=node={Guid.CreateVersion7()}",
                ],
                cancellationToken);
            ThrowUnlessEndedAsMeant(program, clients);
            return new PgbenchResult(ReadTime(folder), program.Cpu);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    static void ThrowUnlessEndedAsMeant(PostgresProgramResult program, int clients)
    {
        var ended = program.Errors.Split('\n').Count(line => line.Contains(PgbenchScript.SaysWhenNothingIsLeft, StringComparison.Ordinal));
        if (program.ExitCode != SomeClientsStopped || ended != clients)
            throw new BenchException($"pgbench ended otherwise than by finding no more jobs (exit code {program.ExitCode}):\n{program.Errors}");
    }

    // A line per transaction: client, number, microseconds that it took, script, and when it ended: seconds since 1970, microseconds.
    static TimeSpan ReadTime(DirectoryInfo folder)
    {
        var transactions = folder.EnumerateFiles("log.*")
            .SelectMany(file => File.ReadLines(file.FullName))
            .Select(line => line.Split(' ').Select(field => long.Parse(field, CultureInfo.InvariantCulture)).ToArray())
            .Select(fields => (Took: fields[2], EndedAt: fields[4] * 1_000_000 + fields[5]))
            .ToList();
        return TimeSpan.FromMicroseconds(transactions.Max(transaction => transaction.EndedAt) - transactions.Min(transaction => transaction.EndedAt - transaction.Took));
    }

    static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
