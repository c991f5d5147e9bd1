namespace Jobs.Runtime.Tests.Behaviour;

/// <summary>Jobs that are changed by hand, as a user of the client sees it.</summary>
public sealed class ChangeTests
{
    static NewJob Greet(string text = "hello") => Greeter.New(new Greeting(text));

    [Fact]
    public async Task A_job_that_waits_is_cancelled_edited_and_deleted_and_a_result_says_so()
    {
        await using var host = await TestHost.StartAsync();
        var job = await host.Client.EnqueueAsync(Greet() with { ScheduleIn = TimeSpan.FromHours(1) }, TestContext.Current.CancellationToken);

        Assert.Equal(Done(JobState.Scheduled), await host.Client.EditAsync(job.Id, new JobEdit { Priority = 3 }, TestContext.Current.CancellationToken));
        Assert.Equal(Done(JobState.Cancelled), await host.Client.CancelAsync(job.Id, TestContext.Current.CancellationToken));
        Assert.Equal(Refused(JobChangeOutcome.WrongState, JobState.Cancelled), await host.Client.CancelAsync(job.Id, TestContext.Current.CancellationToken));
        Assert.Equal(Refused(JobChangeOutcome.WrongState, JobState.Cancelled), await host.Client.EditAsync(job.Id, new JobEdit { Priority = 3 }, TestContext.Current.CancellationToken));
        Assert.Equal(Done(JobState.Cancelled), await host.Client.DeleteAsync(job.Id, TestContext.Current.CancellationToken));
        Assert.Equal(Refused(JobChangeOutcome.NotFound, null), await host.Client.DeleteAsync(job.Id, TestContext.Current.CancellationToken));
        Assert.Equal(Refused(JobChangeOutcome.NotFound, null), await host.Client.RetryAsync(job.Id, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_retried_job_runs_again_at_once()
    {
        await using var host = await TestHost.StartAsync(script: script => script.Greet = (job, _) =>
            Task.FromResult(job.Attempt == 1 ? JobOutcome.Discard("not today") : JobOutcome.Complete));
        var job = await host.Client.EnqueueAsync(Greet(), TestContext.Current.CancellationToken);
        await host.StateAsync(job.Id, "discarded");

        Assert.Equal(Done(JobState.Available), await host.Client.RetryAsync(job.Id, TestContext.Current.CancellationToken));

        await host.Script.Seen("hello, attempt 2");
        await host.StateAsync(job.Id, "completed");
    }

    [Fact]
    public async Task A_job_that_waits_for_its_time_is_brought_forward()
    {
        await using var host = await TestHost.StartAsync();
        var job = await host.Client.EnqueueAsync(Greet() with { ScheduleIn = TimeSpan.FromHours(1) }, TestContext.Current.CancellationToken);

        await host.Client.RetryAsync(job.Id, TestContext.Current.CancellationToken);

        await host.Script.Seen("hello, attempt 1");
    }

    [Fact]
    public async Task A_member_of_a_batch_that_has_ended_is_not_retried()
    {
        await using var host = await TestHost.StartAsync();
        await host.Client.EnqueueBatchAsync("b", [Greet()], cancellationToken: TestContext.Current.CancellationToken);
        await host.Script.Seen("b: 1 completed, 0 cancelled, 0 discarded of 1");
        var member = await host.ScalarAsync<long>("SELECT id FROM jobs.jobs WHERE batch IS NOT NULL");

        Assert.Equal(Refused(JobChangeOutcome.BatchClosed, JobState.Completed), await host.Client.RetryAsync(member, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Args_of_another_worker_are_refused()
    {
        await using var host = await TestHost.StartAsync();
        var job = await host.Client.EnqueueAsync(Greet() with { ScheduleIn = TimeSpan.FromHours(1) }, TestContext.Current.CancellationToken);

        var changed = await host.Client.EditAsync(job.Id, new JobEdit { Args = Parting.New(new Farewell("bye")) }, TestContext.Current.CancellationToken);

        Assert.Equal(Refused(JobChangeOutcome.OtherWorker, JobState.Scheduled), changed);
    }

    [Fact]
    public async Task An_edited_job_runs_with_its_new_args_when_it_is_due()
    {
        await using var host = await TestHost.StartAsync();
        var job = await host.Client.EnqueueAsync(Greet() with { ScheduleIn = TimeSpan.FromHours(1) }, TestContext.Current.CancellationToken);

        await host.Client.EditAsync(job.Id, new JobEdit { Args = Greet("welcome"), ScheduleIn = TimeSpan.Zero }, TestContext.Current.CancellationToken);

        await host.Script.Seen("welcome, attempt 1");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_batch_whose_waiting_members_all_go_tells_once(bool deletes)
    {
        await using var host = await TestHost.StartAsync();
        await host.Client.EnqueueBatchAsync(
            "b", Enumerable.Range(0, 2_500).Select(i => Greet($"{i}") with { ScheduleIn = TimeSpan.FromHours(1) }), cancellationToken: TestContext.Current.CancellationToken);
        var progress = new List<long>();
        var filter = new JobFilter { Batch = "b" };

        var changed = deletes
            ? await host.Client.DeleteAsync(filter, new Synchronous(progress.Add), TestContext.Current.CancellationToken)
            : await host.Client.CancelAsync(filter, new Synchronous(progress.Add), TestContext.Current.CancellationToken);

        Assert.Equal(2_500, changed);
        Assert.Equal([1_000, 2_000, 2_500], progress);
        await host.Script.Seen("b: 0 completed, 2500 cancelled, 0 discarded of 2500");
        Assert.Equal(1, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE callback_of IS NOT NULL"));
    }

    [Fact]
    public async Task Members_of_a_batch_that_wait_go_before_those_that_have_ended_and_the_progress_counts_both()
    {
        await using var host = await TestHost.StartAsync();
        await host.Client.OpenBatchAsync("b", cancellationToken: TestContext.Current.CancellationToken);
        await host.Client.AddAsync(
            "b", Enumerable.Range(0, 2_600).Select(i => Greet($"{i}") with { ScheduleIn = TimeSpan.FromHours(1) }), cancellationToken: TestContext.Current.CancellationToken);
        var ids = await host.ScalarAsync<long[]>("SELECT array_agg(id ORDER BY id) FROM jobs.jobs");
        await host.Client.CancelAsync(new JobFilter { Ids = ids[..1_300] }, cancellationToken: TestContext.Current.CancellationToken);
        var progress = new List<long>();

        var deleted = await host.Client.DeleteAsync(new JobFilter { Batch = "b" }, new Synchronous(progress.Add), TestContext.Current.CancellationToken);

        Assert.Equal(2_600, deleted);
        Assert.Equal([1_000, 1_300, 2_300, 2_600], progress);
        Assert.Equal(0, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs"));
    }

    [Fact]
    public async Task A_change_by_filter_stops_between_two_statements_and_keeps_what_was_done()
    {
        await using var host = await TestHost.StartAsync();
        await host.Client.EnqueueManyAsync(
            Enumerable.Range(0, 2_500).Select(i => Greet($"{i}") with { ScheduleIn = TimeSpan.FromHours(1) }), TestContext.Current.CancellationToken);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            host.Client.CancelAsync(JobFilter.All, new Synchronous(_ => stop.Cancel()), stop.Token));

        Assert.Equal(1_000, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'cancelled'"));
    }

    [Fact]
    public async Task A_filter_without_a_condition_changes_nothing()
    {
        await using var host = await TestHost.StartAsync();

        await Assert.ThrowsAsync<ArgumentException>(() => host.Client.DeleteAsync(new JobFilter(), cancellationToken: TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<ArgumentException>(() => host.Client.EditAsync(new JobFilter(), new JobEdit { Priority = 1 }, cancellationToken: TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task An_edit_of_nothing_or_of_two_schedules_is_refused()
    {
        await using var host = await TestHost.StartAsync();
        var twice = new JobEdit { ScheduleIn = TimeSpan.Zero, ScheduleAt = DateTimeOffset.UtcNow };

        await Assert.ThrowsAsync<ArgumentException>(() => host.Client.EditAsync(1, new JobEdit(), TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<ArgumentException>(() => host.Client.EditAsync(1, twice, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_filter_of_a_worker_finds_jobs_under_its_former_names()
    {
        await using var host = await TestHost.StartAsync();
        await host.ExecuteAsync("""
            INSERT INTO jobs.jobs (worker, queue, state, scheduled_at)
            SELECT worker, 'tests', 'scheduled', now() + interval '1 hour'
            FROM unnest(ARRAY['App.OldGreeter', 'greeter', 'other']) AS t (worker)
            """);

        Assert.Equal(2, await host.Client.CancelAsync(JobFilter.Of<Greeter>() with { States = [JobState.Scheduled] }, cancellationToken: TestContext.Current.CancellationToken));
    }

    static JobChange Done(JobState state) => new(JobChangeOutcome.Done, state);

    static JobChange Refused(JobChangeOutcome outcome, JobState? state) => new(outcome, state);

    /// <summary>Unlike <see cref="Progress{T}"/>, it reports before the next statement.</summary>
    sealed class Synchronous(Action<long> report) : IProgress<long>
    {
        public void Report(long value) => report(value);
    }
}
