// A node to be killed: takes the jobs of "victims", says "began N" for each, and never ends one.  Jobs.TortureNode CONNECTION_STRING
// With --end it ends each at once, and says first what it takes for the time: "clock UNIX_SECONDS".
using Jobs;
using Jobs.TortureNode;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

var ends = args.Contains("--end");
if (ends)
    Console.WriteLine($"clock {DateTimeOffset.UtcNow.ToUnixTimeSeconds()}");

var builder = Host.CreateEmptyApplicationBuilder(null);
builder.Services.AddSingleton(new Fate(
    async (number, cancellationToken) =>
    {
        Console.WriteLine($"began {number}");
        if (!ends)
            await Task.Delay(Timeout.Infinite, cancellationToken);
    },
    static _ => { }));
builder.Services.AddJobs(jobs => jobs
    .UsePostgres(args[0])
    .AddQueue("victims", concurrency: 20)
    .Configure(options => options.NodeLease = TimeSpan.FromSeconds(3))
    .AddWorkers());
using var host = builder.Build();
await host.RunAsync();
