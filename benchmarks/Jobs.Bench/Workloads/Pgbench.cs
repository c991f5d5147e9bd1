using System.Globalization;
using Jobs.Bench.Measuring;

namespace Jobs.Bench.Workloads;

/// <param name="Time">From the start of the first transaction to the end of the last one, by pgbench's own log.</param>
/// <param name="Transactions">How long each transaction took.</param>
/// <param name="Cpu">CPU of pgbench; unknown where there is no /proc.</param>
readonly record struct PgbenchResult(TimeSpan Time, IReadOnlyList<TimeSpan> Transactions, TimeSpan? Cpu);

/// <summary>pgbench with a script of ours.</summary>
static class Pgbench
{
    // The clients end long before: each at its first empty claim.
    const int Endless = 1_000_000;

    const int Succeeded = 0;

    // pgbench says by this that clients were stopped by an error, which is how a script ends that finds nothing.
    const int SomeClientsStopped = 2;

    /// <summary>Has each client repeat the script a number of times.</summary>
    public static Task<PgbenchResult> RunAsync(string database, string script, int clients, int transactions, CancellationToken cancellationToken) =>
        RunAsync(
            database, script, clients, transactions, [],
            static program =>
            {
                if (program.ExitCode != Succeeded)
                    throw new BenchException($"pgbench failed (exit code {program.ExitCode}):\n{program.Errors}");
            },
            cancellationToken);

    /// <summary>Has each client repeat the claim and acknowledgement of <see cref="PgbenchScript"/> until it finds no job.</summary>
    public static Task<PgbenchResult> RunUntilNothingIsLeftAsync(string database, string script, int clients, CancellationToken cancellationToken) =>
        RunAsync(
            database, script, clients, Endless,
            ["--define=queue=" + NoOpWorker.QueueName, $"--define=workers={{{NoOpWorker.WorkerName}}}", $"--define=node={Guid.CreateVersion7()}"],
            program =>
            {
                var ended = program.Errors.Split('\n').Count(line => line.Contains(PgbenchScript.SaysWhenNothingIsLeft, StringComparison.Ordinal));
                if (program.ExitCode != SomeClientsStopped || ended != clients)
                    throw new BenchException($"pgbench ended otherwise than by finding no more jobs (exit code {program.ExitCode}):\n{program.Errors}");
            },
            cancellationToken);

    static async Task<PgbenchResult> RunAsync(
        string database, string script, int clients, int transactions, IEnumerable<string> variables, Action<PostgresProgramResult> throwUnlessEndedAsMeant,
        CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("jobs-bench-");
        try
        {
            var file = Path.Combine(folder.FullName, "script.sql");
            await File.WriteAllTextAsync(file, script, cancellationToken);
            var program = await PostgresProgram.RunAsync(
                "pgbench", database,
                [
                    "--no-vacuum", "--protocol=prepared", $"--file={file}", $"--transactions={Number(transactions)}", $"--client={Number(clients)}",
                    $"--jobs={Number(Math.Min(clients, Environment.ProcessorCount))}", "--log", $"--log-prefix={Path.Combine(folder.FullName, "log")}",
                    .. variables,
                ],
                cancellationToken);
            throwUnlessEndedAsMeant(program);
            return Read(folder, program.Cpu);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // A line per transaction: client, number, microseconds that it took, script, and when it ended: seconds since 1970, microseconds.
    static PgbenchResult Read(DirectoryInfo folder, TimeSpan? cpu)
    {
        var transactions = folder.EnumerateFiles("log.*")
            .SelectMany(file => File.ReadLines(file.FullName))
            .Select(line => line.Split(' ').Select(field => long.Parse(field, CultureInfo.InvariantCulture)).ToArray())
            .Select(fields => (Took: fields[2], EndedAt: fields[4] * 1_000_000 + fields[5]))
            .ToList();
        var time = transactions.Max(transaction => transaction.EndedAt) - transactions.Min(transaction => transaction.EndedAt - transaction.Took);
        return new PgbenchResult(TimeSpan.FromMicroseconds(time), [.. transactions.Select(transaction => TimeSpan.FromMicroseconds(transaction.Took))], cpu);
    }

    static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
