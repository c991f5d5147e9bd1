namespace Jobs.Runtime.Tests.Behaviour;

public sealed class ClientTests
{
    static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task The_callback_goes_to_the_worker_that_the_caller_names()
    {
        await using var host = await TestHost.StartAsync();

        var batch = await host.Client.EnqueueBatchAsync("b", [Greeter.New(new Greeting("hello"))], options => options.OnComplete<AdminWorker>(), None);

        await host.Script.Seen("admin: b");
        Assert.Equal(typeof(AdminWorker).FullName, batch.CallbackWorker);
        Assert.DoesNotContain(host.Script.Events, line => line.StartsWith("b:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Two_workers_that_could_get_the_callback_and_no_name_insert_nothing()
    {
        await using var host = await TestHost.StartAsync();
        var admin = NewAdminJob();

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => host.Client.EnqueueBatchAsync("b", [Greeter.New(new Greeting("hello")), admin], cancellationToken: None));

        Assert.Contains("Jobs.Runtime.Tests.Behaviour.AdminWorker and greeter", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs"));
        await Assert.ThrowsAsync<BatchNotFoundException>(() => host.Client.GetBatchAsync("b", None));

        static NewJob NewAdminJob() => NewJob.Create(DefinitionOf<AdminWorker>(), "", static (json, _) =>
        {
            json.WriteStartObject();
            json.WriteEndObject();
        });

        static Generated.WorkerDefinition DefinitionOf<TWorker>()
            where TWorker : IGeneratedWorker => TWorker.Definition;
    }

    [Fact]
    public async Task An_empty_batch_tells_the_named_worker_at_once()
    {
        await using var host = await TestHost.StartAsync();

        await host.Client.EnqueueBatchAsync("b", [], options => options.OnComplete<Greeter>(), None);

        await host.Script.Seen("b: 0 completed, 0 cancelled, 0 discarded of 0");
    }

    [Fact]
    public async Task A_batch_whose_members_end_in_every_way_tells_once()
    {
        await using var host = await TestHost.StartAsync(script: script => script.Greet = static (job, _) => Task.FromResult((job.Id % 3) switch
        {
            0 => JobOutcome.Complete,
            1 => JobOutcome.Cancel("one"),
            _ => JobOutcome.Discard("two"),
        }));

        var batch = await host.Client.EnqueueBatchAsync(Enumerable.Range(0, 30).Select(i => Greeter.New(new Greeting($"{i}"))), cancellationToken: None);

        await host.Script.Seen($"{batch.Id}: 10 completed, 10 cancelled, 10 discarded of 30");
        var status = await host.Client.GetBatchAsync(batch.Id, None);
        Assert.Equal((30, 0, 0, 10, 10, 10), (status.Total, status.Pending, status.Retryable, status.Completed, status.Cancelled, status.Discarded));
        Assert.Equal(1, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE callback IS NOT NULL"));
    }

    [Fact]
    public async Task A_job_with_two_schedules_is_refused_and_so_are_all_with_it()
    {
        await using var host = await TestHost.StartAsync();
        var good = Greeter.New(new Greeting("hello"));
        var soon = good with { ScheduleIn = TimeSpan.FromSeconds(1) };

        await Assert.ThrowsAsync<ArgumentException>(() => host.Client.EnqueueManyAsync([good, soon with { ScheduleAt = DateTimeOffset.UtcNow }], None));

        Assert.Equal(0, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs"));
    }

    [Fact]
    public async Task A_host_without_a_queue_enqueues_and_says_that_it_runs_nothing()
    {
        await using var host = await TestHost.StartAsync(static jobs => jobs.Configure(static options => options.Queues.Clear()));

        await host.Client.EnqueueAsync(Greeter.New(new Greeting("hello")), None);

        Assert.Single(host.Logs.Lines, static line => line.StartsWith("Information: This host works no queue", StringComparison.Ordinal));
        Assert.Equal(1, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'available'"));
        Assert.Equal(0, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.nodes"));
    }

    [Fact]
    public void What_a_job_cannot_have_is_refused_by_the_name_of_its_property()
    {
        var job = Greeter.New(new Greeting("hello"));

        Refuses("Queue", value => job with { Queue = value }, " ");
        Refuses("Queue.Length", value => job with { Queue = value }, new string('q', 201));
        Refuses("MaxAttempts", value => job with { MaxAttempts = value }, 0, 1001);
        Refuses("Priority", value => job with { Priority = value }, -1, 10);
        Refuses("ScheduleIn", value => job with { ScheduleIn = value }, TimeSpan.FromSeconds(-1), TimeSpan.FromDays(36_501));

        static void Refuses<T>(string property, Func<T, NewJob> make, params T[] values) =>
            Assert.All(values, value => Assert.Equal(property, Assert.ThrowsAny<ArgumentException>(() => make(value)).ParamName));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\0b")]
    [InlineData("^")]
    public async Task A_batch_id_that_cannot_be_stored_is_refused(string id)
    {
        await using var host = await TestHost.StartAsync();

        await Assert.ThrowsAnyAsync<ArgumentException>(() => host.Client.EnqueueBatchAsync(StorableTextTests.WithHalf(id), [], cancellationToken: None));
    }

    [Theory]
    [InlineData("a\0b")]
    [InlineData("half ^")]
    public void Text_that_cannot_be_stored_is_refused_when_the_job_is_made(string text)
    {
        var refused = Assert.Throws<InvalidArgsException>(() => Greeter.New(new Greeting(StorableTextTests.WithHalf(text))));

        Assert.Contains("Text", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hostile_text_comes_back_as_it_was()
    {
        await using var host = await TestHost.StartAsync();
        const string hostile = "'; DROP TABLE jobs.jobs; -- \" \\ $$ \u202e שלום 👩‍👩‍👧 \t\r\n </script> {\"a\":1}";

        await host.Client.EnqueueBatchAsync(hostile, [Greeter.New(new Greeting(hostile))], cancellationToken: None);

        await host.Script.Seen($"{hostile}, attempt 1");
        await host.Script.Seen($"{hostile}: 1 completed, 0 cancelled, 0 discarded of 1");
    }
}
