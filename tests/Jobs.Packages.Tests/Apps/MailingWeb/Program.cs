// Enqueues a mail for each request, and works no queue.
using Jobs;
using Mailing;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddJobs(jobs => jobs.UsePostgres(Environment.GetEnvironmentVariable("MAIL_DATABASE")!));
var app = builder.Build();

app.MapPost("/welcome/{email}", async (string email, JobClient client, CancellationToken cancellationToken) =>
{
    var job = await client.EnqueueAsync(WelcomeWorker.New(new WelcomeArgs(email)), cancellationToken);
    return Results.Text($"job {job.Id}");
});

app.Run();
