using System.Text.Json;
using System.Text.Json.Serialization;
using Jobs.Queues;
using Jobs.Runtime.Tests.Conformance;
using Jobs.Store;

namespace Jobs.Runtime.Tests.Behaviour;

public sealed record Report(int Rows, string Note);

public sealed record Faulty(int Rows)
{
    public int Broken => Rows / Math.Min(Rows, 0);
}

[JsonSerializable(typeof(Report))]
[JsonSerializable(typeof(Faulty))]
sealed partial class OutputContext : JsonSerializerContext;

public sealed class OutputTests
{
    [Fact]
    public async Task What_a_job_returns_is_kept_in_its_row()
    {
        await using var host = await TestHost.StartAsync();
        host.Script.Greet = static (job, _) => Task.FromResult(job.MaxAttempts switch
        {
            1 => JobOutcome.CompleteWith(new Report(7, "Grüße 👋 \t"), OutputContext.Default.Report),
            2 => JobOutcome.CompleteWith("two\nlines"),
            _ => JobOutcome.CompleteWithJson("[1, {\"a\": null}]"u8),
        });

        foreach (var (attempts, expected) in ((int, string)[])[(1, """{"Note": "Grüße 👋 \t", "Rows": 7}"""), (2, "\"two\\nlines\""), (3, """[1, {"a": null}]""")])
        {
            var job = await host.Client.EnqueueAsync(Greeter.New(new Greeting("hello")) with { MaxAttempts = attempts }, TestContext.Current.CancellationToken);

            await host.StateAsync(job.Id, "completed");
            Assert.Equal(expected, await host.ScalarAsync<string>($"SELECT output::text FROM jobs.jobs WHERE id = {job.Id}"));
        }
    }

    [Fact]
    public async Task An_output_that_cannot_be_written_is_a_failed_attempt_that_says_why()
    {
        await using var host = await TestHost.StartAsync(script: script =>
            script.Greet = static (_, _) => Task.FromResult(JobOutcome.CompleteWith(new Faulty(1), OutputContext.Default.Faulty)));

        var job = await host.Client.EnqueueAsync(Greeter.New(new Greeting("hello")), TestContext.Current.CancellationToken);

        await host.StateAsync(job.Id, "retryable");
        Assert.Contains("DivideByZeroException", await host.ScalarAsync<string>("SELECT errors->0->>'error' FROM jobs.jobs"), StringComparison.Ordinal);
        Assert.Equal(1, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE output IS NULL AND attempt = 1"));
    }

    [Theory]
    [InlineData("\"a\\u0000b\"", "NUL")]
    [InlineData("\"half \\ud83d\"", "surrogate")]
    [InlineData("{\"\\udc4b\": 1}", "surrogate")]
    [InlineData("{\"a\": }", "no valid JSON")]
    [InlineData("", "no valid JSON")]
    [InlineData("1 2", "no valid JSON")]
    [InlineData("1e200000", "room for 131,072 digits")]
    [InlineData("1e-20000", "16,383 behind it")]
    public void Json_that_PostgreSQL_cannot_hold_is_refused_where_it_is_returned(string json, string why)
    {
        var refused = Assert.Throws<ArgumentException>(() => JobOutcome.CompleteWithJson(System.Text.Encoding.UTF8.GetBytes(json)));

        Assert.StartsWith("The job's output ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_that_PostgreSQL_cannot_hold_is_refused_in_every_form()
    {
        foreach (var text in (string[])["a\0b", "half \ud83d", "\udc4b half"])
        {
            Assert.Contains("holds", Assert.Throws<ArgumentException>(() => JobOutcome.CompleteWith(text)).Message, StringComparison.Ordinal);
            Assert.Contains("holds", Assert.Throws<ArgumentException>(() => JobOutcome.CompleteWith(new Report(1, text), OutputContext.Default.Report)).Message, StringComparison.Ordinal);
        }

        Assert.Contains("is not UTF-8", Assert.Throws<ArgumentException>(() => JobOutcome.CompleteWithJson([(byte)'"', 0xff, (byte)'"'])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1024 * 1024 - 2, true)]
    [InlineData(1024 * 1024 - 1, false)]
    public void An_output_has_1_MiB_at_most_as_text(int characters, bool isAllowed)
    {
        var refused = Record.Exception(() => JobOutcome.CompleteWith(new string('x', characters)));

        Assert.Equal(isAllowed, refused is null);
        Assert.True(isAllowed || refused!.Message.Contains("1,048,577 bytes", StringComparison.Ordinal), refused?.Message);
        Assert.Throws<ArgumentException>(() => JobOutcome.CompleteWithJson(System.Text.Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Repeat("1e100000", 11))}]")));
    }

    [Fact]
    public async Task An_output_that_the_database_refuses_fails_alone_and_its_neighbours_in_the_flush_are_stored()
    {
        await using var harness = await PostgresHarness.StartAsync();
        for (var i = 0; i < 9; i++)
            await harness.EnqueueAsync();
        var last = await harness.EnqueueAsync(StoreHarness.NewJob() with { MaxAttempts = 1 });
        var jobs = await harness.ClaimAsync(await harness.RegisterNodeAsync());
        var held = new HeldJobs();
        var acknowledger = TestHost.Acknowledger(harness.Store, held);

        foreach (var job in jobs)
        {
            Assert.True(held.TryAdd(job) && held.TryTake(job));
            var json = job.Id == last || job == jobs[3] ? "\"\\u0000\"" : "7";
            await acknowledger.AcknowledgeAsync(Acknowledgement.Of(job, JobState.Completed) with { Output = new StoredOutput(json, job.Id == last, TimeSpan.FromMinutes(1)) });
        }

        acknowledger.Complete();
        await acknowledger.RunAsync(new Pulse("test", TimeProvider.System), TestContext.Current.CancellationToken);

        await held.WhenEmptyAsync().WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        foreach (var job in jobs)
        {
            var stored = (await harness.FindJobAsync(job.Id))!;
            Assert.Equal(job.Id == last ? JobState.Discarded : job == jobs[3] ? JobState.Retryable : JobState.Completed, stored.State);
            Assert.Equal(stored.State == JobState.Completed ? "7" : null, stored.Output);
            Assert.True(stored.State == JobState.Completed || stored.Errors.Single().Contains("what it returned could not be stored", StringComparison.Ordinal));
        }
    }
}
