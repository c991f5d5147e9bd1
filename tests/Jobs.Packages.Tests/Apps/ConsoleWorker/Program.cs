// Mails to the addresses that it is given, and exits when the callback of the batch has come.
using ConsoleWorker;
using Jobs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

var addresses = args;
var database = Environment.GetEnvironmentVariable("MAIL_DATABASE")!;

var builder = Host.CreateApplicationBuilder();
builder.Services.AddSingleton<Outbox>();
builder.Services.AddJobs(jobs => jobs
    .UsePostgres(database)
    .AddQueue("mail", concurrency: 10)
    .AddWorkers());
using var host = builder.Build();
await host.StartAsync();

var client = host.Services.GetRequiredService<JobClient>();
var mails = addresses.Select(address => EmailWorker.New(new EmailArgs(address, Name: null)));
await client.EnqueueBatchAsync("weekly-update", mails, batch => batch.OnComplete<EmailWorker>());

var batch = await host.Services.GetRequiredService<Outbox>().Closed.WaitAsync(TimeSpan.FromMinutes(1));
Console.WriteLine($"{batch.Completed} of {batch.Total} mails of {batch.BatchId} are delivered.");
await host.StopAsync();
