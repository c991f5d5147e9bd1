// The host as a native program: enqueues, performs, sees the callback once, and fails otherwise. Each check prints a line.
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Jobs;
using Jobs.Aot.Tests;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

var connectionString = Environment.GetEnvironmentVariable("JOBS_TEST_DATABASE")
    ?? throw new InvalidOperationException("JOBS_TEST_DATABASE is not set. Run ./test, which sets it.");
var everything = new Everything(
    "Grüße, 世界 👋 \"\\ \u001f", null, int.MinValue, long.MaxValue, 0.1, 79228162514264337593543950335m, true,
    Guid.Parse("01a20af1-8424-7256-8047-b6e9d1e5f333"), new DateTimeOffset(2026, 11, 24, 1, 2, 3, 456, TimeSpan.FromHours(5.5)), Mood.Loud, null, 7);
var failed = 0;

var journal = new Journal();
var builder = Host.CreateEmptyApplicationBuilder(null);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Services.AddSingleton(journal);
builder.Services.AddSingleton<Counter>();
builder.Services.AddSingleton<IPerformMiddleware>(services => services.GetRequiredService<Counter>());
builder.Configuration.AddJsonStream(new MemoryStream("""{"Jobs": {"PollInterval": "00:00:00.050", "Queues": {"native": 10}}}"""u8.ToArray()));
builder.Services.AddJobs(jobs => jobs
    .UsePostgres(connectionString, "jobs_native")
    .AddWorkers()
    .Configure(builder.Configuration.GetSection("Jobs")));
using var host = builder.Build();
await host.StartAsync();
var client = host.Services.GetRequiredService<JobClient>();

await client.EnqueueAsync(NativeWorker.New(everything));
await journal.Seen(everything.Text);
var firstJob = DateTime.Now - Process.GetCurrentProcess().StartTime;

Check("The program is native", !RuntimeFeature.IsDynamicCodeSupported);
Check("Its settings came from the configuration", (await client.Queues.GetAsync()).Single() is { Queue: "native", Nodes: [{ Concurrency: 10 }] });
Check("Args of every type survive the round trip", journal.Everything.TryDequeue(out var read) && read == everything);

var nested = new Nested(
    "nested", new Address("Main Street", "Ghent"), [new Address("Side Street")], new Dictionary<string, int[]> { ["a b"] = [1, 2], [""] = [] },
    new DateTime(2026, 11, 24, 1, 2, 3, DateTimeKind.Utc), new DateOnly(2026, 11, 24), new TimeOnly(23, 59, 59, 999), TimeSpan.FromTicks(-7), new Uri("https://example.com/ä?b=c"),
    [0, 255], Weekdays.Monday | Weekdays.Friday, JsonElement.Parse("""{"deep": [1, {"er": null}]}"""), new Circle(0.5), [3, 1, 2]);
await client.EnqueueAsync(NativeWorker.New(nested));
await journal.Seen(nested.Name);
Check("Records, lists and what a serializer context covers survive it too", journal.Nested.TryDequeue(out var inner) && IsSame(inner, nested));

var home = new Address("Main Street", "Ghent");
var batch = await client.EnqueueBatchAsync(
    Enumerable.Range(0, 2_000).Select(i => NativeWorker.New(everything with { Number = i })), options => options.WithMetadata(NativeWorker.Metadata(home)));
await journal.Seen(batch.Id);
Check("A batch tells its worker with the right counts", journal.Callbacks.TryDequeue(out var callback)
    && callback is { Total: 2_000, Completed: 2_000, Pending: 0, OccurredAt: { } end, InsertedAt: { } start } && end >= start && callback.BatchId == batch.Id);
Check("And with its metadata as a record", callback?.Metadata == home);
Check("Each job of the batch ran once", journal.Everything.Select(job => job.Number).Order().SequenceEqual(Enumerable.Range(0, 2_000)));
Check("The batch's status says so", await client.GetBatchAsync(batch.Id) is { IsClosed: true, Completed: 2_000, Pending: 0 });

await client.EnqueueAsync(NativeWorker.New(new Fragile(2)));
await journal.Seen("fragile");
Check("A job that failed is tried again", await UntilAsync("SELECT attempt::text FROM jobs_native.jobs WHERE args ? 'failures_first' AND state = 'completed'") == "3");

Check("What a job returns is kept", await UntilAsync("SELECT output::text FROM jobs_native.jobs WHERE args ? 'failures_first' AND state = 'completed'")
    == """{"City": "Ghent", "Street": "Main Street"}""");

var endless = await client.EnqueueAsync(HastyWorker.New(new Endless("half way")));
Check("An attempt without an end fails by its timeout, and its worker says when the next one comes",
    await UntilAsync($"SELECT attempt || ' ' || progress FROM jobs_native.jobs WHERE id = {endless.Id} AND state = 'completed'") == """2 {"done": 2, "note": "half way", "total": 2}""");
Check("Middleware sees every attempt", await UntilAsync("SELECT sum(attempt)::text FROM jobs_native.jobs HAVING every(finished_at IS NOT NULL)")
    == $"{host.Services.GetRequiredService<Counter>().Jobs}");

await ExecuteAsync("""INSERT INTO jobs_native.jobs (queue, worker, args, max_attempts) VALUES ('native', 'native', '{"txet": 1}', 1)""");
var error = await UntilAsync("SELECT errors->0->>'error' FROM jobs_native.jobs WHERE args ? 'txet' AND state = 'discarded'");
Check("Args that fit nothing are a clear error", error.Contains("{\"txet\"}, which no perform method accepts. Accepted: {status: \"complete\", batch_id", StringComparison.Ordinal));

var only = SingularWorker.New(new Singular("one"));
var (once, again) = (await client.EnqueueAsync(only), await client.EnqueueAsync(only with { Priority = 3, Tags = ["native"] }));
var many = await client.EnqueueManyAsync(Enumerable.Range(0, 200).Select(i => SingularWorker.New(new Singular($"{i % 100}"))));
var keyed = NativeWorker.New(everything) with { Key = "order-17", Meta = new Dictionary<string, string> { ["asked_by"] = "Ada" }, ScheduleIn = TimeSpan.FromDays(1) };
Check("Equal jobs are one", once.IsNew && again == once with { IsNew = false } && many.Count(job => job.IsNew) == 100);
Check("A job that waits gets the fields of its equal",
    await ScalarAsync($"SELECT priority || tags[1] FROM jobs_native.jobs WHERE id = {once.Id}") == "3native");
Check("An enqueue with a key can be repeated", (await client.EnqueueAsync(keyed)).IsNew && !(await client.EnqueueAsync(keyed)).IsNew);

try
{
    await client.EnqueueBatchAsync(batch.Id, [NativeWorker.New(everything)]);
    Check("An id that exists is refused", false);
}
catch (BatchExistsException exists)
{
    Check("An id that exists is refused", exists.Batch == batch);
}

await new StoredJobsCheck(client, journal, connectionString, Check).RunAsync();

await host.StopAsync();
Check("The callback came once", journal.Callbacks.IsEmpty && await ScalarAsync("SELECT count(*)::text FROM jobs_native.jobs WHERE callback IS NOT NULL") == "1");
Check("The node has left", await ScalarAsync("SELECT count(*)::text FROM jobs_native.nodes") == "0");

Console.WriteLine($"Native host: {new FileInfo(Environment.ProcessPath!).Length / 1e6:0.0} MB, first job performed {firstJob.TotalMilliseconds:0} ms after the start of the process (migration included).");
return failed == 0 ? 0 : 1;

static bool IsSame(Nested one, Nested other) =>
    one with { Others = other.Others, Scores = other.Scores, Bytes = other.Bytes, Json = other.Json, Numbers = other.Numbers } == other &&
    one.Others.SequenceEqual(other.Others) &&
    one.Scores.Count == other.Scores.Count && other.Scores.All(entry => one.Scores[entry.Key].SequenceEqual(entry.Value)) &&
    one.Bytes.SequenceEqual(other.Bytes) && JsonElement.DeepEquals(one.Json, other.Json) && one.Numbers.SetEquals(other.Numbers);

void Check(string name, bool holds)
{
    failed += holds ? 0 : 1;
    Console.WriteLine($"{(holds ? "passed" : "failed")} {name}");
}

async Task<string> UntilAsync(string sql)
{
    using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
    using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
    while (true)
    {
        if (await ScalarAsync(sql) is { } answer)
            return answer;
        await poll.WaitForNextTickAsync(timeout.Token);
    }
}

async Task<string?> ScalarAsync(string sql)
{
    await using var connection = new NpgsqlConnection(connectionString);
    await connection.OpenAsync();
    await using var command = new NpgsqlCommand(sql, connection);
    return await command.ExecuteScalarAsync() as string;
}

Task ExecuteAsync(string sql) => ScalarAsync(sql);
