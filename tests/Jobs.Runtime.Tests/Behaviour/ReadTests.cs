namespace Jobs.Runtime.Tests.Behaviour;

/// <summary>Jobs that are read and waited for, as a user of the client sees it.</summary>
public sealed class ReadTests
{
    static NewJob Greet(string text = "hello") => Greeter.New(new Greeting(text));

    [Fact]
    public async Task A_job_is_found_by_its_id_and_one_that_is_not_there_is_not()
    {
        await using var host = await TestHost.StartAsync();
        var job = await host.Client.EnqueueAsync(Greet() with { ScheduleIn = TimeSpan.FromHours(1) }, TestContext.Current.CancellationToken);

        var found = await host.Client.FindAsync(job.Id, TestContext.Current.CancellationToken);

        Assert.Equal((JobState.Scheduled, "greeter"), (found!.State, found.Worker));
        Assert.Null(await host.Client.FindAsync(job.Id + 1, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task All_jobs_of_a_filter_come_page_by_page()
    {
        await using var host = await TestHost.StartAsync();
        var jobs = await host.Client.EnqueueManyAsync(
            Enumerable.Range(0, 1_200).Select(i => Greet($"{i}") with { ScheduleIn = TimeSpan.FromHours(1) }), TestContext.Current.CancellationToken);

        var read = await host.Client.ReadAllAsync(JobFilter.Of<Greeter>(), JobOrder.OldestFirst, TestContext.Current.CancellationToken)
            .Select(job => job.Id).ToListAsync(TestContext.Current.CancellationToken);

        Assert.Equal(jobs.Select(job => job.Id), read);
    }

    [Fact]
    public async Task Jobs_are_found_by_the_members_of_their_args()
    {
        await using var host = await TestHost.StartAsync();
        var later = TimeSpan.FromHours(1);
        NewJob[] jobs =
        [
            Greet("a \"quoted\" one") with { ScheduleIn = later },
            Greeter.New(new Order(7, null)) with { ScheduleIn = later },
            Greeter.New(new Order(7, "n")) with { ScheduleIn = later },
            Parting.New(new Farewell("a \"quoted\" one")) with { ScheduleIn = later },
        ];
        var ids = (await host.Client.EnqueueManyAsync(jobs, TestContext.Current.CancellationToken)).Select(job => job.Id).ToList();

        Assert.Equal([ids[0]], await IdsAsync(Greeter.Where(text: "a \"quoted\" one")));
        Assert.Equal([ids[1], ids[2]], await IdsAsync(Greeter.Where(number: 7)));
        Assert.Equal([ids[1]], await IdsAsync(Greeter.Where(number: 7, note: null)));
        Assert.Equal([ids[2]], await IdsAsync(Greeter.Where(note: "n") with { States = [JobState.Scheduled] }));
        Assert.Equal([], await IdsAsync(Greeter.Where(number: 8)));
        Assert.Equal([ids[0], ids[1], ids[2]], await IdsAsync(Greeter.Where()));
        Assert.Throws<InvalidArgsException>(() => Greeter.Where(text: "a\0b"));

        async Task<IEnumerable<long>> IdsAsync(JobFilter filter) =>
            (await host.Client.ListAsync(filter, order: JobOrder.OldestFirst, cancellationToken: TestContext.Current.CancellationToken)).Jobs.Select(job => job.Id);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1_001)]
    public async Task A_page_of_another_size_is_refused(int size)
    {
        await using var host = await TestHost.StartAsync();

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => host.Client.ListAsync(JobFilter.All, size, cancellationToken: TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1_000_001)]
    public async Task A_count_without_a_limit_is_refused(int limit)
    {
        await using var host = await TestHost.StartAsync();

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => host.Client.CountAsync(JobFilter.All, limit, TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => host.Client.CountQueuesAsync(limit, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Errors_progress_and_meta_that_were_written_with_SQL_are_read_as_far_as_they_can_be()
    {
        await using var host = await TestHost.StartAsync();
        await host.ExecuteAsync("""
            INSERT INTO jobs.jobs (id, worker, queue, state, scheduled_at, errors, progress, meta, output)
            VALUES (7, 'x', 'y', 'scheduled', '2999-01-01', '["odd", {"attempt": "1"}, {"attempt": 2, "at": "never", "error": "e"}]',
                '{"done": 3, "note": 5}', '{"a": {"b": 1}}', '[1]')
            """);

        var job = await host.Client.FindAsync(7, TestContext.Current.CancellationToken);

        Assert.Equal([new(0, default, ""), new(2, default, "e")], job!.Errors);
        Assert.Equal(new JobProgress(3, null, null), job.Progress);
        Assert.Equal("""{"b": 1}""", job.Meta["a"]);
        Assert.Equal([1], job.OutputAs(Json.Default.Int32Array)!);
    }

    [Fact]
    public async Task Waiting_for_a_job_returns_it_when_it_has_ended_here()
    {
        var may = new TaskCompletionSource();
        await using var host = await TestHost.StartAsync(script: script => script.Greet = async (_, cancellationToken) =>
        {
            await may.Task.WaitAsync(cancellationToken);
            return JobOutcome.Discard("no");
        });
        var job = await host.Client.EnqueueAsync(Greet(), TestContext.Current.CancellationToken);

        var waits = Enumerable.Range(0, 3).Select(_ => host.Client.WaitAsync(job.Id, TestContext.Current.CancellationToken)).ToList();
        await Assert.ThrowsAsync<TimeoutException>(() => host.Client.WaitAsync(job.Id, TimeSpan.FromMilliseconds(300), TestContext.Current.CancellationToken));
        Assert.All(waits, wait => Assert.False(wait.IsCompleted));
        may.SetResult();

        foreach (var ended in await Task.WhenAll(waits))
            Assert.Equal((JobState.Discarded, "no"), (ended.State, Assert.Single(ended.Errors).Text));
    }

    [Fact]
    public async Task Waiting_for_a_job_of_another_node_and_for_one_that_has_ended_returns_it()
    {
        await using var host = await TestHost.StartAsync();
        var elsewhere = await host.Client.EnqueueAsync(Greet() with { Queue = "elsewhere" }, TestContext.Current.CancellationToken);

        var wait = host.Client.WaitAsync(elsewhere.Id, TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        await host.ExecuteAsync($"UPDATE jobs.jobs SET state = 'completed', finished_at = now() WHERE id = {elsewhere.Id}");

        Assert.Equal(JobState.Completed, (await wait).State);
        Assert.Equal(elsewhere.Id, (await host.Client.WaitAsync(elsewhere.Id, TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken)).Id);
    }

    [Fact]
    public async Task A_job_that_ends_here_wakes_who_waits_for_it_before_the_next_look()
    {
        var slow = new TaskCompletionSource();
        await using var host = await TestHost.StartAsync(script: script => script.Greet = async (_, cancellationToken) =>
        {
            await slow.Task.WaitAsync(cancellationToken);
            return JobOutcome.Complete;
        });
        var job = await host.Client.EnqueueAsync(Greet(), TestContext.Current.CancellationToken);
        var wait = host.Client.WaitAsync(job.Id, TestContext.Current.CancellationToken);
        await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);   // from now on it looks every second
        var times = new List<double>();

        for (var i = 0; i < 5; i++)
        {
            var another = await host.Client.EnqueueAsync(Greet($"{i}"), TestContext.Current.CancellationToken);
            var since = System.Diagnostics.Stopwatch.GetTimestamp();
            if (i == 0)
                slow.SetResult();
            await host.Client.WaitAsync(another.Id, TestContext.Current.CancellationToken);
            times.Add(System.Diagnostics.Stopwatch.GetElapsedTime(since).TotalMilliseconds);
        }

        Assert.Equal(JobState.Completed, (await wait).State);
        Assert.True(times.Order().ElementAt(2) < 95, $"It took {string.Join(", ", times.Select(time => $"{time:N0} ms"))}.");
    }

    [Fact]
    public async Task Waiting_for_a_job_that_is_not_there_or_is_deleted_says_so()
    {
        await using var host = await TestHost.StartAsync();
        var job = await host.Client.EnqueueAsync(Greet() with { ScheduleIn = TimeSpan.FromHours(1) }, TestContext.Current.CancellationToken);
        var wait = host.Client.WaitAsync(job.Id, TestContext.Current.CancellationToken);

        await host.Client.DeleteAsync(job.Id, TestContext.Current.CancellationToken);

        Assert.Equal(job.Id, (await Assert.ThrowsAsync<JobNotFoundException>(() => wait)).JobId);
        await Assert.ThrowsAsync<JobNotFoundException>(() => host.Client.WaitAsync(999, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_thousand_waits_share_their_statements()
    {
        await using var host = await TestHost.StartAsync();
        var jobs = await host.Client.EnqueueManyAsync(
            Enumerable.Range(0, 1_000).Select(i => Greet($"{i}") with { Queue = "elsewhere" }), TestContext.Current.CancellationToken);
        var before = await TransactionsAsync();

        var waits = jobs.Select(job => host.Client.WaitAsync(job.Id, TestContext.Current.CancellationToken)).ToList();
        await host.ExecuteAsync("UPDATE jobs.jobs SET state = 'completed', finished_at = now() WHERE queue = 'elsewhere'");
        await Task.WhenAll(waits);

        Assert.InRange(await TransactionsAsync() - before, 0, 400);

        async Task<long> TransactionsAsync() => await host.ScalarAsync<long>("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()");
    }

    [Fact]
    public async Task A_wait_that_is_cancelled_leaves_the_job_alone()
    {
        await using var host = await TestHost.StartAsync();
        var job = await host.Client.EnqueueAsync(Greet() with { ScheduleIn = TimeSpan.FromHours(1) }, TestContext.Current.CancellationToken);
        using var gaveUp = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => host.Client.WaitAsync(job.Id, gaveUp.Token));

        Assert.Equal(JobState.Scheduled, (await host.Client.FindAsync(job.Id, TestContext.Current.CancellationToken))!.State);
    }
}

[System.Text.Json.Serialization.JsonSerializable(typeof(int[]))]
partial class Json : System.Text.Json.Serialization.JsonSerializerContext;
