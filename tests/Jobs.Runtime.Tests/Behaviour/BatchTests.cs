using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Jobs.Runtime.Tests.Behaviour;

public sealed record Chore(string What);

public sealed record Campaign(string Name, int Year);

[JsonSerializable(typeof(Campaign)), JsonSerializable(typeof(string[]))]
sealed partial class BatchJson : JsonSerializerContext;

/// <summary>Does what its args say, and is told of its batches in all ways.</summary>
[Worker(Name = "crew", Queue = "tests", MaxAttempts = 2)]
public sealed partial class Crew(Script script, JobClient client)
{
    [Perform]
    public async Task<JobOutcome> RunAsync(Chore task, JobContext job, BatchRef? batch, CancellationToken cancellationToken)
    {
        script.Say($"began {task.What}");
        switch (task.What.Split(' ')[0])
        {
            case "fail":
                throw new InvalidOperationException(task.What);
            case "fail-once" when job.Attempt == 1:
                return JobOutcome.RetryAfter(TimeSpan.Zero, "once");
            case "discard":
                return JobOutcome.Discard("no use");
            case "cancel":
                return JobOutcome.Cancel("not today");
            case "wait":
                await Task.Delay(Timeout.Infinite, cancellationToken);
                break;
            case "return":
                return JobOutcome.CompleteWith(task.What);
            case "add":
                await job.CompleteAsync(
                    (transaction, token) => client.AddAsync(batch!.Id, [New(new Chore("added"))], options => options.Transaction = transaction, token), cancellationToken);
                break;
            case "add-and-fail":
                await job.CompleteAsync(
                    async (transaction, token) =>
                    {
                        await client.AddAsync(batch!.Id, [New(new Chore("never added"))], options => options.Transaction = transaction, token);
                        throw new InvalidOperationException("after the addition");
                    },
                    cancellationToken);
                break;
        }

        return JobOutcome.Complete;
    }

    [Perform]
    public void Complete(BatchComplete batch) => Tell("complete", batch);

    [Perform]
    public void Succeeded(BatchSucceeded batch) => Tell("succeeded", batch);

    [Perform]
    public void Attempted(BatchAttempted batch) => Tell("attempted", batch);

    [Perform]
    public void Discarded(BatchDiscarded batch) => Tell("discarded", batch);

    [Perform]
    public void Cancelled(BatchCancelled batch) => Tell("cancelled", batch);

    [Perform]
    public void Retryable(BatchRetryable batch) => Tell("retryable", batch);

    void Tell(string what, BatchCallback<JsonElement?> batch) => script.Say($"{batch.BatchId} {what}{(batch.MetadataAs(BatchJson.Default.Campaign) is { } campaign ? $" ({campaign.Name} {campaign.Year})" : "")}");
}

public sealed record Notice(string Text);

/// <summary>Is told of its batches with what their callers know of them, as a record; of one that went well also without.</summary>
[Worker(Name = "announcer", Queue = "tests", MaxAttempts = 1)]
public sealed partial class Announcer(Script script)
{
    [Perform]
    public void Announce(Notice notice) => script.Say($"announced {notice.Text}");

    [Perform]
    public void Complete(BatchComplete<Campaign> batch) => script.Say($"{batch.BatchId} complete ({batch.Metadata.Name} {batch.Metadata.Year})");

    [Perform]
    public void Succeeded(BatchSucceeded<Campaign?> batch) => script.Say($"{batch.BatchId} succeeded ({batch.Metadata?.Name ?? "nothing known"})");
}

public sealed class BatchTests
{
    [Fact]
    public async Task A_batch_tells_its_worker_in_each_way_once_with_its_metadata()
    {
        await using var host = await TestHost.StartAsync();

        await host.Client.EnqueueBatchAsync(
            "b", Tasks("ok", "fail-once", "discard", "cancel"), batch => batch.WithMetadata(new Campaign("spring", 2026), BatchJson.Default.Campaign), TestContext.Current.CancellationToken);
        var status = await host.Client.WaitAsync("b", TestContext.Current.CancellationToken);

        await host.Script.Seen("b complete (spring 2026)");
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE callback IS NOT NULL AND state = 'completed'", static count => count == 5);
        Assert.Equal((4, 2, 1, 1), (status.Total, status.Completed, status.Cancelled, status.Discarded));
        Assert.Equal(
            ["b attempted (spring 2026)", "b cancelled (spring 2026)", "b complete (spring 2026)", "b discarded (spring 2026)", "b retryable (spring 2026)"],
            Told(host));
    }

    [Fact]
    public async Task A_batch_tells_its_worker_with_its_metadata_as_the_record_that_the_worker_takes()
    {
        await using var host = await TestHost.StartAsync();
        var campaign = Announcer.Metadata(new Campaign("spring", 2026));

        await host.Client.EnqueueBatchAsync("b", [Announcer.New(new Notice("it"))], batch => batch.WithMetadata(campaign), TestContext.Current.CancellationToken);
        await host.Client.EnqueueBatchAsync("c", Tasks("discard"), batch => batch.WithMetadata(campaign).OnComplete<Announcer>(), TestContext.Current.CancellationToken);

        await host.Script.Seen("b complete (spring 2026)");
        await host.Script.Seen("b succeeded (spring)");
        await host.Script.Seen("c complete (spring 2026)");
        Assert.Equal("""{"name": "spring", "year": 2026}""", await host.ScalarAsync<string>("SELECT metadata::text FROM jobs.batches WHERE id = 'b'"));
    }

    [Fact]
    public async Task A_batch_without_metadata_or_with_another_records_fails_the_callback_that_needs_it_and_nothing_else()
    {
        await using var host = await TestHost.StartAsync();

        await host.Client.EnqueueBatchAsync("none", [Announcer.New(new Notice("it"))], cancellationToken: TestContext.Current.CancellationToken);
        await host.Client.EnqueueBatchAsync(
            "other", Tasks("ok"), static batch => batch.WithMetadata(new Campaign("spring", 2026), BatchJson.Default.Campaign).OnComplete<Announcer>(), TestContext.Current.CancellationToken);

        await host.Script.Seen("none succeeded (nothing known)");
        Assert.Contains("metadata in the stored args must be an object, and is null.", await Refused("none"), StringComparison.Ordinal);
        Assert.Contains("metadata in the stored args has no key name, which it must have.", await Refused("other"), StringComparison.Ordinal);
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'completed'", static completed => completed == 5);
        Assert.Equal(2, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state <> 'completed'"));

        Task<string?> Refused(string batch) => host.UntilAsync<string?>(
            $"SELECT errors->0->>'error' FROM jobs.jobs WHERE callback = 'complete' AND state = 'discarded' AND args->>'batch_id' = '{batch}'", static error => error is not null);
    }

    [Fact]
    public async Task A_batch_that_is_built_over_transactions_and_by_its_own_members_ends_once_it_is_sealed()
    {
        await using var host = await TestHost.StartAsync();

        await host.Client.OpenBatchAsync("b", cancellationToken: TestContext.Current.CancellationToken);
        await host.Client.AddAsync("b", Tasks("ok", "add"), cancellationToken: TestContext.Current.CancellationToken);
        await host.Script.Seen("began added");
        Assert.Equal(4, (await host.Client.AddAsync("b", Tasks("late"), cancellationToken: TestContext.Current.CancellationToken)).Total);
        await host.UntilAsync<int>("SELECT completed FROM jobs.batches WHERE id = 'b'", static completed => completed == 4);
        Assert.Empty(Told(host));
        await host.Client.SealAsync("b", cancellationToken: TestContext.Current.CancellationToken);

        foreach (var told in (string[])["b attempted", "b complete", "b succeeded"])
            await host.Script.Seen(told);
        Assert.Equal(["b attempted", "b complete", "b succeeded"], Told(host));
        var refused = await Assert.ThrowsAsync<BatchSealedException>(() => host.Client.AddAsync("b", Tasks("too late"), cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal("b", refused.BatchId);
    }

    [Fact]
    public async Task What_a_member_adds_in_its_own_transaction_is_not_added_if_it_fails()
    {
        await using var host = await TestHost.StartAsync();

        await host.Client.OpenBatchAsync("b", cancellationToken: TestContext.Current.CancellationToken);
        await host.Client.AddAsync("b", Tasks("add-and-fail"), cancellationToken: TestContext.Current.CancellationToken);
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'retryable'", static count => count == 1);

        Assert.Equal((1, 1), ((await StatusAsync(host)).Total, (await StatusAsync(host)).Pending));
        Assert.DoesNotContain("began never added", host.Script.Events);
    }

    [Fact]
    public async Task The_cancel_of_a_batch_fires_the_tokens_of_what_runs_and_ends_what_waits_within_a_second()
    {
        await using var host = await TestHost.StartAsync();
        await using var other = await host.StartAnotherAsync();
        await host.Client.EnqueueBatchAsync("b", Tasks([.. Enumerable.Repeat("wait", 300)]), cancellationToken: TestContext.Current.CancellationToken);
        await host.Script.Seen("began wait");
        await other.Script.Seen("began wait");

        var watch = Stopwatch.StartNew();
        Assert.True(await host.Client.CancelBatchAsync("b", TestContext.Current.CancellationToken));
        Assert.True(await host.Client.CancelBatchAsync("b", TestContext.Current.CancellationToken));
        var status = await host.Client.WaitAsync("b", TestContext.Current.CancellationToken);

        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(3));
        Assert.Equal((300, 300), (status.Total, status.Cancelled));
        Assert.NotNull(status.CancelRequestedAt);
        Assert.InRange(host.Script.Events.Concat(other.Script.Events).Count(static what => what == "began wait"), 2, 20);
        Assert.False(await host.Client.CancelBatchAsync("b", TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<BatchNotFoundException>(() => host.Client.CancelBatchAsync("nowhere", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Failed_members_run_again_in_their_batch_or_in_a_new_one_if_it_has_told_of_them()
    {
        await using var host = await TestHost.StartAsync();
        await host.Client.EnqueueBatchAsync("b", Tasks("discard 1", "discard 2", "wait"), cancellationToken: TestContext.Current.CancellationToken);
        await host.UntilAsync<int>("SELECT discarded FROM jobs.batches WHERE id = 'b'", static discarded => discarded == 2);

        Assert.Equal(new BatchRetry("b", 2), await host.Client.RetryFailedAsync("b", cancellationToken: TestContext.Current.CancellationToken));
        await host.UntilAsync<int>("SELECT discarded FROM jobs.batches WHERE id = 'b'", static discarded => discarded == 2);
        await host.Client.CancelBatchAsync("b", TestContext.Current.CancellationToken);
        await host.Client.WaitAsync("b", TestContext.Current.CancellationToken);
        await host.ExecuteAsync("""UPDATE jobs.jobs SET args = '{"what": "ok"}' WHERE state IN ('discarded', 'cancelled')""");
        var retry = await host.Client.RetryFailedAsync("b", cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(new BatchRetry("b/retry-1", 3), retry);
        var status = await host.Client.WaitAsync(retry.BatchId, TestContext.Current.CancellationToken);
        Assert.Equal((3, 3), (status.Total, status.Completed));
        await host.Script.Seen("b/retry-1 succeeded");
        Assert.Equal(new BatchRetry("b", 0), await host.Client.RetryFailedAsync("b", cancellationToken: TestContext.Current.CancellationToken));
    }

    // Of the first more than one statement moves, and what has moved runs while the rest is still to be moved.
    [Fact]
    public async Task Of_eight_who_retry_a_batch_that_has_ended_none_leaves_a_member_behind_and_no_batch_is_empty()
    {
        int[] sizes = [2_500, .. Enumerable.Repeat(3, 40)];
        await using var host = await TestHost.StartAsync(script: static script => script.Greet = static (job, _) =>
            Task.FromResult(job.Attempt == 1 ? JobOutcome.Discard("no use") : JobOutcome.Complete));
        foreach (var (i, size) in sizes.Index())
        {
            var batch = $"b{i}";
            await host.Client.EnqueueBatchAsync(batch, Enumerable.Range(0, size).Select(static i => Greeter.New(new Greeting($"{i}"))), cancellationToken: TestContext.Current.CancellationToken);
            await host.UntilAsync<int>($"SELECT discarded FROM jobs.batches WHERE id = '{batch}'", discarded => discarded == size);

            var retries = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => host.Client.RetryFailedAsync(batch, cancellationToken: TestContext.Current.CancellationToken))));

            Assert.Equal(size, retries.Sum(static retry => retry.Retried));
        }

        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE NOT jobs.is_final(state)", static left => left == 0);
        Assert.Equal(sizes.Sum(), await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE callback IS NULL AND state = 'completed'"));
        Assert.Equal("", await host.ScalarAsync<string>("""
            SELECT coalesce(string_agg(format('%s: %s of %s completed, %s members, %s callbacks', b.id, b.completed, b.total, members.count, callbacks.count), '; '), '')
            FROM jobs.batches AS b
            CROSS JOIN LATERAL (SELECT count(*) FROM jobs.jobs AS j WHERE j.batch = b.key) AS members
            CROSS JOIN LATERAL (SELECT count(*) FROM jobs.jobs AS j WHERE j.callback_of = b.key) AS callbacks
            WHERE b.id LIKE '%/retry-%' AND (b.total = 0 OR b.total <> members.count OR b.completed <> b.total OR b.closed_at IS NULL OR callbacks.count <> 1)
            """));
    }

    [Fact]
    public async Task Who_watches_a_batch_sees_it_go_on_until_its_end()
    {
        await using var host = await TestHost.StartAsync();
        await host.Client.OpenBatchAsync("b", cancellationToken: TestContext.Current.CancellationToken);
        var seen = new List<BatchProgress>();

        await foreach (var progress in host.Client.WatchAsync("b", TestContext.Current.CancellationToken))
        {
            seen.Add(progress);
            if (progress.Status is { Total: < 30, SealedAt: null })
                await host.Client.AddAsync("b", Tasks("ok"), cancellationToken: TestContext.Current.CancellationToken);
            else if (progress.Status is { SealedAt: null })
                await host.Client.SealAsync("b", cancellationToken: TestContext.Current.CancellationToken);
            if (seen.Count == 3)
                await host.Client.AddAsync("b", Tasks([.. Enumerable.Repeat("ok", 30)]), cancellationToken: TestContext.Current.CancellationToken);
        }

        Assert.True(seen.Count >= 3, $"{seen.Count}");
        Assert.Equal(seen.Select(static progress => progress.Status.Ended).Order(), seen.Select(static progress => progress.Status.Ended));
        Assert.All(seen.SkipLast(1), static progress => Assert.False(progress.Status.IsClosed));
        Assert.True(seen[^1] is { Status.IsClosed: true, TimeLeft: { Ticks: 0 } });
        Assert.Contains(seen, static progress => progress.JobsPerSecond > 0);
        await Assert.ThrowsAsync<BatchNotFoundException>(() => host.Client.WaitAsync("nowhere", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Outputs_and_failures_of_members_come_as_a_stream()
    {
        await using var host = await TestHost.StartAsync();
        await host.Client.EnqueueBatchAsync("b", Tasks("return 1", "ok", "discard", "return 2"), cancellationToken: TestContext.Current.CancellationToken);
        await host.Client.WaitAsync("b", TestContext.Current.CancellationToken);

        var outputs = await host.Client.ReadOutputsAsync("b", TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);
        var failures = await host.Client.ReadFailuresAsync("b", TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);

        Assert.Equal(["\"return 1\"", "\"return 2\""], outputs.Select(static job => System.Text.Encoding.UTF8.GetString(job.Output!.Value.Span)));
        Assert.Equal("no use", Assert.Single(Assert.Single(failures).Errors).Text);
    }

    [Fact]
    public async Task Batches_in_batches_close_from_the_innermost_and_each_tells()
    {
        await using var host = await TestHost.StartAsync();
        await host.Client.OpenBatchAsync("all", static batch => batch.OnComplete<Crew>(), TestContext.Current.CancellationToken);
        for (var i = 0; i < 5; i++)
            await host.Client.EnqueueBatchAsync(string.Create(CultureInfo.InvariantCulture, $"part {i}"), Tasks("ok", i == 4 ? "cancel" : "ok"), static batch => batch.Parent = "all", TestContext.Current.CancellationToken);
        await host.Client.SealAsync("all", cancellationToken: TestContext.Current.CancellationToken);

        var status = await host.Client.WaitAsync("all", TestContext.Current.CancellationToken);

        Assert.Equal((5, 4, 1), (status.Total, status.Completed, status.Cancelled));
        await host.Script.Seen("all complete");
        await host.Script.Seen("part 0 succeeded");
        Assert.Equal(5, (await host.Client.ListBatchesAsync(new BatchFilter { Parent = "all" }, cancellationToken: TestContext.Current.CancellationToken)).Batches.Count);
    }

    [Fact]
    public async Task An_open_batch_that_nobody_seals_is_sealed_when_its_time_is_over()
    {
        await using var host = await TestHost.StartAsync();
        await host.Client.OpenBatchAsync("b", static batch => batch.OpenFor = TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        await host.Client.AddAsync("b", Tasks("ok"), cancellationToken: TestContext.Current.CancellationToken);

        await host.Client.WaitAsync("b", TestContext.Current.CancellationToken);

        await host.Script.Seen("b succeeded");
    }

    [Fact]
    public async Task A_callback_goes_where_its_options_say_and_two_workers_that_could_have_it_are_refused()
    {
        await using var host = await TestHost.StartAsync();
        await host.Client.EnqueueBatchAsync(
            "b", [], static batch => batch.OnComplete<Crew>(static callback => (callback.Queue, callback.Priority, callback.MaxAttempts) = ("elsewhere", 7, 3)), TestContext.Current.CancellationToken);
        Assert.Equal("elsewhere 7 3", await host.ScalarAsync<string>("SELECT queue || ' ' || priority || ' ' || max_attempts FROM jobs.jobs WHERE callback = 'complete'"));

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => host.Client.EnqueueBatchAsync(
            "both", [Crew.New(new Chore("ok")), Greeter.New(new Greeting("hello"))], cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("crew and greeter could each get the batch's BatchComplete. Name the one that should: EnqueueBatchAsync(id, jobs, batch => batch.OnComplete<ThatWorker>())", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Metadata_that_is_no_object_or_too_large_is_refused()
    {
        var options = new BatchOptions();

        Assert.Contains("JSON object", Assert.Throws<ArgumentException>(() => options.WithMetadata(["a"], BatchJson.Default.StringArray)).Message, StringComparison.Ordinal);
        Assert.Contains("65536 bytes at most", Assert.Throws<ArgumentException>(() => options.WithMetadata(new Campaign(new string('x', 70_000), 1), BatchJson.Default.Campaign)).Message, StringComparison.Ordinal);
        Assert.Contains("NUL", Assert.Throws<ArgumentException>(() => options.WithMetadata(new Campaign("\0", 1), BatchJson.Default.Campaign)).Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Metadata_of_a_worker_is_refused_as_that_of_a_context_is()
    {
        Assert.Contains("65536 bytes at most", Assert.Throws<ArgumentException>(static () => Announcer.Metadata(new Campaign(new string('x', 70_000), 1))).Message, StringComparison.Ordinal);
        Assert.Contains("NUL", Assert.Throws<ArgumentException>(static () => Announcer.Metadata(new Campaign("\0", 1))).Message, StringComparison.Ordinal);
        Assert.Contains("Campaign.Name is null", Assert.Throws<ArgumentException>(static () => Announcer.Metadata(new Campaign(null!, 1))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>(static () => Announcer.Metadata(null!));
        Assert.Throws<ArgumentNullException>(static () => new BatchOptions().WithMetadata(null!));
    }

    [Theory]
    [InlineData(63, true)]
    [InlineData(64, false)]
    public void Metadata_that_is_as_deep_as_args_may_be_is_refused_for_it_stands_in_the_args_of_callbacks(int levels, bool isTaken)
    {
        var refused = Record.Exception(() => BatchMetadata.Create(levels, static (json, levels) => Nest(json, levels)));

        Assert.Equal(isTaken, refused is null);
        Assert.True(isTaken || refused is ArgumentException);
    }

    static void Nest(Utf8JsonWriter json, int levels)
    {
        json.WriteStartObject();
        if (levels > 1)
        {
            json.WritePropertyName("a");
            Nest(json, levels - 1);
        }

        json.WriteEndObject();
    }

    static IEnumerable<NewJob> Tasks(params IEnumerable<string> what) => what.Select(static what => Crew.New(new Chore(what)));

    static Task<BatchStatus> StatusAsync(TestHost host) => host.Client.GetBatchAsync("b", TestContext.Current.CancellationToken);

    static IEnumerable<string> Told(TestHost host) => host.Script.Events.Where(static what => what.StartsWith("b ", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
}
