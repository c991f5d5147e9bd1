using System.Text;
using Jobs.Generated;
using Jobs.Runtime.Tests.Behaviour;
using Jobs.Runtime.Tests.Conformance;
using Jobs.Store;
using Npgsql;

namespace Jobs.Runtime.Tests.HostileArgs;

/// <summary>A job's args may have a mebibyte, counted as jsonb gives them back.</summary>
public sealed class ArgsSizeTests
{
    const int Largest = 1024 * 1024;

    [Fact]
    public async Task Args_of_a_mebibyte_run_and_one_byte_more_is_refused_with_both_sizes()
    {
        await using var host = await TestHost.StartAsync();
        var room = Largest - """{"text": ""}""".Length;

        var largest = await host.Client.EnqueueAsync(Greeter.New(new Greeting(new string('x', room))), TestContext.Current.CancellationToken);
        var refused = Assert.Throws<InvalidArgsException>(() => Greeter.New(new Greeting(new string('x', room + 1))));

        await host.StateAsync(largest.Id, "completed");
        Assert.Equal(Largest, await host.ScalarAsync<int>("SELECT args_bytes FROM jobs.jobs"));
        Assert.Equal("The args are 1,048,577 bytes as jsonb reads them back, more than the 1,048,576 that a job may have. Keep the data elsewhere, and enqueue where it is.", refused.Message);
    }

    [Theory]
    [InlineData("[1e131071]", true)]
    [InlineData("[1e131071,1e131071,1e131071,1e131071,1e131071,1e131071,1e131071]", true)]
    [InlineData("[1e131071,1e131071,1e131071,1e131071,1e131071,1e131071,1E+131071,1e131071]", false)]
    [InlineData("[1e131072]", false)]
    [InlineData("[1e-16383]", true)]
    [InlineData("[1e-16384]", false)]
    [InlineData("[1e99999999999999999999]", false)]
    [InlineData("[\"1e99999999999999999999\"]", true)]
    [InlineData("[1.25e+2, -0.5E-3, 0, 10e1, \"e\", \"2e2\"]", true)]
    public async Task Numbers_count_with_the_digits_that_they_are_read_back_with(string json, bool fits)
    {
        await using var harness = await PostgresHarness.StartAsync();

        if (!fits)
        {
            Assert.Throws<InvalidArgsException>(() => Raw(json));
            return;
        }

        await harness.EnqueueAsync(Raw(json));
        Assert.NotNull((await harness.ClaimOneAsync(await harness.RegisterNodeAsync())).Args);
    }

    [Fact]
    public async Task Whatever_New_accepts_is_small_enough_to_be_claimed()
    {
        await using var harness = await PostgresHarness.StartAsync();
        var numbers = string.Join(',', Enumerable.Repeat("1E+308,-5E-324,1,\"\\n\"", 1_500));
        var nested = string.Concat(Enumerable.Repeat("{\"a\":[", 31)) + string.Concat(Enumerable.Repeat("]}", 31));

        await harness.EnqueueAsync(Raw($"[{numbers}]"));
        await harness.EnqueueAsync(Raw($"[{string.Join(',', Enumerable.Repeat(nested, 1_000))}]"));
        await harness.EnqueueAsync(Raw($"[{string.Join(',', Enumerable.Repeat("1", Largest / 3 - 1))}]"));

        Assert.InRange((int)(await harness.ScalarAsync("SELECT max(args_bytes) FROM jobs.jobs"))!, Largest * 9 / 10, Largest);
        Assert.Throws<InvalidArgsException>(() => Raw($"[{numbers},{numbers}]"));
    }

    [Fact]
    public void Args_nested_deeper_than_they_are_read_are_refused()
    {
        Assert.NotNull(Nested(64));

        var refused = Assert.Throws<InvalidArgsException>(() => Nested(65));

        Assert.Contains("nested deeper than 64 levels", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_claim_brings_eight_mebibytes_at_most_and_the_rest_is_read_job_by_job()
    {
        await using var harness = await PostgresHarness.StartAsync();
        var node = await harness.RegisterNodeAsync();
        var text = new string('x', 900_000);
        for (var i = 0; i < 30; i++)
            await harness.EnqueueAsync(StoreHarness.NewJob(text));

        var claimed = await harness.ClaimAsync(node, limit: 30);

        Assert.Equal(30, claimed.Count);
        Assert.Equal([.. Enumerable.Repeat(true, 9), .. Enumerable.Repeat(false, 21)], claimed.Select(job => job.Args is not null));
        var args = await harness.Store.ReadArgsAsync(claimed[29], TestContext.Current.CancellationToken);
        Assert.Equal($$"""{"text": "{{text}}"}""", Encoding.UTF8.GetString(args.Span));
    }

    [Fact]
    public async Task Args_of_a_job_that_is_no_longer_the_nodes_are_not_read()
    {
        await using var harness = await PostgresHarness.StartAsync();
        await harness.EnqueueAsync(StoreHarness.NewJob());
        var job = await harness.ClaimOneAsync(await harness.RegisterNodeAsync());

        await Assert.ThrowsAsync<StaleJobException>(() => harness.Store.ReadArgsAsync(job with { Run = 2 }, TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<StaleJobException>(() => harness.Store.ReadArgsAsync(job with { Node = Guid.NewGuid() }, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Args_too_large_as_text_are_claimed_unread_and_their_size_is_told()
    {
        await using var harness = await PostgresHarness.StartAsync();
        var node = await harness.RegisterNodeAsync();
        await harness.ScalarAsync("INSERT INTO jobs.jobs (queue, worker, args) VALUES ('mail', 'Mailer', '[1e131071, 1e131071, 1e131071, 1e131071, 1e131071, 1e131071, 1e131071, 1e131071]')");
        await harness.EnqueueAsync(StoreHarness.NewJob());

        var claimed = await harness.ClaimAsync(node);

        Assert.Equal([false, true], claimed.Select(job => job.Args is not null));
        var refused = await Assert.ThrowsAsync<InvalidArgsException>(() => harness.Store.ReadArgsAsync(claimed[0], TestContext.Current.CancellationToken));
        Assert.StartsWith($"Job {claimed[0].Id} (Mailer, queue \"mail\", attempt 1 of 20) has args of 1,048,592 bytes as text, more than the 1,048,576 ", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_suspect_with_args_too_large_as_text_is_claimed_unread()
    {
        await using var harness = await PostgresHarness.StartAsync();
        await harness.ScalarAsync("INSERT INTO jobs.jobs (queue, worker, crashes, args) SELECT 'mail', 'Mailer', 1, jsonb_agg('1e131071'::jsonb) FROM generate_series(1, 8)");

        var suspect = await harness.ClaimSuspectAsync(await harness.RegisterNodeAsync());

        Assert.Null(suspect!.Args);
    }

    static NewJob Raw(string json) => Jobs.NewJob.Create(StoreHarness.Mailer, json, static (writer, raw) => writer.WriteRawValue(raw));

    static NewJob Nested(int depth) => Jobs.NewJob.Create(StoreHarness.Mailer, $"{depth}", static (writer, levels) =>
    {
        var depth = int.Parse(levels, System.Globalization.CultureInfo.InvariantCulture);
        for (var i = 0; i < depth; i++)
            writer.WriteStartArray();
        for (var i = 0; i < depth; i++)
            writer.WriteEndArray();
    });
}
