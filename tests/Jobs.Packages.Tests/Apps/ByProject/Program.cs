// Knows Jobs only through the library Reminders, and has AddWorkers() all the same.
using Jobs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Reminders;

var builder = Host.CreateApplicationBuilder();
builder.Services.AddSingleton<Bell>();
builder.Services.AddJobs(jobs => jobs
    .UsePostgres(Environment.GetEnvironmentVariable("MAIL_DATABASE")!)
    .AddQueue("default", concurrency: 1)
    .AddWorkers());
using var host = builder.Build();
await host.StartAsync();

await host.Services.GetRequiredService<JobClient>().RemindAsync(args[0]);
var text = await host.Services.GetRequiredService<Bell>().Rung.WaitAsync(TimeSpan.FromMinutes(1));
Console.WriteLine($"Reminder: {text}");
await host.StopAsync();
