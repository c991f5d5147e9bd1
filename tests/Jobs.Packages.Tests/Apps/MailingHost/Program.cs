// Runs the jobs of the library Mailing until it is told to stop.
using Jobs;
using Mailing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

var builder = Host.CreateApplicationBuilder(args);
builder.Services.AddSingleton<IPostbox, ConsolePostbox>();
builder.Services.AddJobs(jobs => jobs
    .UsePostgres(Environment.GetEnvironmentVariable("MAIL_DATABASE")!)
    .AddQueue("mail", concurrency: 2)
    .AddWorkers());
using var host = builder.Build();
await host.StartAsync();
Console.WriteLine("The host works.");
await host.WaitForShutdownAsync();
Console.WriteLine("The host has stopped.");

sealed class ConsolePostbox : IPostbox
{
    public Task PutAsync(string mail, CancellationToken cancellationToken) => Console.Out.WriteLineAsync(mail.AsMemory(), cancellationToken);
}
