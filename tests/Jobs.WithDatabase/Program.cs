// Runs a program with JOBS_TEST_DATABASE set to a fresh database, and exits as it does:  Jobs.WithDatabase PROGRAM [ARGUMENT…]
using System.Diagnostics;
using Jobs.Testing.Database;

if (args.Length == 0)
{
    await Console.Error.WriteLineAsync("Name the program to run: Jobs.WithDatabase PROGRAM [ARGUMENT…]");
    return 2;
}

await using var database = await TestDatabase.CreateAsync();
var start = new ProcessStartInfo(args[0], args.Skip(1));
start.Environment["JOBS_TEST_DATABASE"] = database.ConnectionString;
using var program = Process.Start(start)!;
await program.WaitForExitAsync();
return program.ExitCode;
