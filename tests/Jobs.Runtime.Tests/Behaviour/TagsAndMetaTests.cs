using System.Globalization;
using Npgsql;

namespace Jobs.Runtime.Tests.Behaviour;

public sealed class TagsAndMetaTests
{
    static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task A_job_sees_the_tags_and_the_meta_that_it_was_enqueued_with()
    {
        await using var host = await TestHost.StartAsync(script: Tell);
        var job = Greeter.New(new Greeting("hello"));

        await host.Client.EnqueueAsync(job with { Tags = ["weekly", "mail", "weekly"], Meta = new Dictionary<string, string> { ["asked_by"] = "Ada" } }, None);
        await host.Client.EnqueueAsync(job, None);

        await host.Script.Seen("weekly,mail asked_by=Ada");
        await host.Script.Seen("greetings ");
    }

    [Fact]
    public async Task Meta_that_SQL_wrote_is_text_or_its_json()
    {
        await using var host = await TestHost.StartAsync(script: Tell);

        await host.ExecuteAsync("""
            INSERT INTO jobs.jobs (queue, worker, args, meta) VALUES ('tests', 'greeter', '{"text": "hello"}', '{"a": "text", "b": 1.50, "c": null, "d": [true]}')
            """);

        await host.Script.Seen(" a=text,b=1.50,c=null,d=[true]");
    }

    [Fact]
    public async Task A_job_without_tags_and_meta_has_neither_in_its_row()
    {
        await using var host = await TestHost.StartAsync();

        var one = await host.Client.EnqueueAsync(Greeter.New(new Greeting("hello")) with { Tags = [], Meta = new Dictionary<string, string>() }, None);
        await host.Client.EnqueueManyAsync(Enumerable.Repeat(Greeter.New(new Greeting("hello")) with { Tags = [] }, 100), None);

        Assert.True(one.IsNew);
        Assert.Equal(101, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE tags IS NULL AND meta IS NULL"));
    }

    [Theory]
    [InlineData("'{{a,b},{c,d}}'", "NULL")]
    [InlineData("array_fill('x'::text, ARRAY[51])", "NULL")]
    [InlineData("ARRAY[repeat('x', 5001)]", "NULL")]
    [InlineData("NULL", "jsonb_build_object('a', repeat('x', 65536))")]
    [InlineData("NULL", "'{\"a\": 1e131071}'")]
    [InlineData("NULL", "'[]'")]
    public async Task A_row_with_more_than_a_claim_may_bring_is_refused(string tags, string meta)
    {
        await using var host = await TestHost.StartAsync();

        var refused = await Assert.ThrowsAsync<PostgresException>(() => host.ExecuteAsync($"INSERT INTO jobs.jobs (worker, tags, meta) VALUES ('greeter', {tags}, {meta})"));

        Assert.Equal(PostgresErrorCodes.CheckViolation, refused.SqlState);
    }

    [Fact]
    public async Task The_most_that_a_job_may_carry_is_stored_one_by_one_and_by_copy()
    {
        await using var host = await TestHost.StartAsync();
        var job = Greeter.New(new Greeting("hello")) with
        {
            Tags = [.. Enumerable.Range(0, 50).Select(static i => i.ToString("000", CultureInfo.InvariantCulture) + new string('ø', 97))],
            Meta = new Dictionary<string, string> { [""] = new('x', (64 * 1024) - 9) },
        };

        await host.Client.EnqueueAsync(job, None);
        await host.Client.EnqueueManyAsync(Enumerable.Repeat(job, 60), None);

        Assert.Equal(61, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE cardinality(tags) = 50 AND length(meta ->> '') = 65527"));
    }

    [Fact]
    public void Tags_and_meta_that_cannot_be_stored_are_refused_by_the_name_of_their_property()
    {
        var job = Greeter.New(new Greeting("hello"));

        Refuses<string[]>("Tags", value => job with { Tags = value }, null!, [""], [" "], ["a\0b"], [StorableTextTests.WithHalf("^")], [new string('x', 101)], [null!],
            [.. Enumerable.Range(0, 51).Select(static i => $"{i}")]);
        Refuses<Dictionary<string, string>>("Meta", value => job with { Meta = value }, null!, Meta("a\0", ""), Meta("", "a\0"), Meta(StorableTextTests.WithHalf("^"), ""), Meta("", null!),
            Meta("", new string('x', (64 * 1024) - 8)), Meta("", new string('\n', 32 * 1024)));

        static Dictionary<string, string> Meta(string name, string text) => new() { [name] = text };

        static void Refuses<T>(string property, Func<T, NewJob> make, params T[] values) =>
            Assert.All(values, value => Assert.Equal(property, Assert.ThrowsAny<ArgumentException>(() => make(value)).ParamName));
    }

    [Fact]
    public void What_a_job_was_given_may_change_afterwards_without_changing_the_job()
    {
        var (tags, meta) = (new List<string> { "mail" }, new Dictionary<string, string> { ["a"] = "b" });
        var job = Greeter.New(new Greeting("hello")) with { Tags = tags, Meta = meta };

        tags.Add("later");
        meta["a"] = "later";

        Assert.Equal(["mail"], job.Tags);
        Assert.Equal("b", job.Meta["a"]);
        Assert.Equal("""{"a":"b"}""", job.StoredMeta);
    }

    static void Tell(Script script) => script.Greet = (job, _) =>
    {
        script.Say($"{string.Join(',', job.Tags)} {string.Join(',', job.Meta.OrderBy(static pair => pair.Key).Select(static pair => $"{pair.Key}={pair.Value}"))}");
        return Task.FromResult(JobOutcome.Complete);
    };
}
