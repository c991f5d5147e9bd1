// A node to be killed: takes the jobs of "victims", says "began N" for each, and never ends one.  Jobs.TortureNode CONNECTION_STRING
using Jobs;
using Jobs.TortureNode;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

var builder = Host.CreateEmptyApplicationBuilder(null);
builder.Services.AddSingleton(new Fate(
    async (number, cancellationToken) =>
    {
        Console.WriteLine($"began {number}");
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
