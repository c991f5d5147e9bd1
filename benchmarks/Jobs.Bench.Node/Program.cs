// A node that the bench starts, and stops by closing its standard input. benchmarks/README.md says what it prints.
using System.Globalization;
using Jobs.Bench;
using Jobs.Queues;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

var events = new NodeEvents(Console.OpenStandardOutput());
events.Started();

var performances = new Performances();
using var host = BenchHost.BuildWorker(Required("ConnectionStrings__Jobs"), int.Parse(Required("JOBS_BENCH_CONCURRENCY"), CultureInfo.InvariantCulture), performances);
using var stopping = new CancellationTokenSource();
var telling = events.TellAsync(performances, host.Services.GetRequiredService<HeldJobs>(), stopping.Token);
host.Start();

// Blocks the main thread, which has nothing else to do, and none of the pool's.
var input = Console.OpenStandardInput();
while (input.ReadByte() >= 0)
{
}

await stopping.CancelAsync();
await telling;
await host.StopAsync();

static string Required(string variable) =>
    Environment.GetEnvironmentVariable(variable) ?? throw new InvalidOperationException($"{variable} is not set. ./bench starts this program.");
