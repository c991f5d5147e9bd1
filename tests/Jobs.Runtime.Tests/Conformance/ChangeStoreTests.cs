using Jobs.Store;

namespace Jobs.Runtime.Tests.Conformance;

/// <summary>What every store must do when jobs are changed by hand.</summary>
public abstract class ChangeStoreTests
{
    private protected abstract Task<StoreHarness> StartAsync();

    public static TheoryData<JobState> States => [.. Enum.GetValues<JobState>()];

    [Theory]
    [MemberData(nameof(States))]
    public async Task A_cancel_ends_what_waits_asks_what_executes_and_leaves_what_has_ended(JobState state)
    {
        await using var harness = await StartAsync();
        var id = await harness.EnqueueInStateAsync(state);

        var job = await harness.ChangeAsync(harness.Store.CancelAsync, id);

        var (isChanged, then) = state switch
        {
            JobState.Scheduled or JobState.Available or JobState.Retryable => (true, JobState.Cancelled),
            JobState.Executing => (true, JobState.Executing),
            _ => (false, state),
        };
        Assert.Equal(new SelectedJob(id, then, isChanged), job);
        Assert.Equal(then, (await harness.FindJobAsync(id))!.State);
    }

    [Fact]
    public async Task A_job_is_asked_to_end_once()
    {
        await using var harness = await StartAsync();
        var id = await harness.EnqueueInStateAsync(JobState.Executing);

        Assert.True((await harness.ChangeAsync(harness.Store.CancelAsync, id))!.Value.IsChanged);
        Assert.False((await harness.ChangeAsync(harness.Store.CancelAsync, id))!.Value.IsChanged);
    }

    [Theory]
    [InlineData(JobState.Available)]
    [InlineData(JobState.Retryable)]
    public async Task A_cancel_of_the_last_waiting_member_closes_its_batch(JobState state)
    {
        await using var harness = await StartAsync();
        await harness.EnqueueBatchAsync("b", 1, StoreHarness.Mailer);
        var id = await harness.BringOneToAsync(state);

        var result = await harness.Store.CancelAsync(JobSelection.One(id), TestContext.Current.CancellationToken);

        Assert.Equal(["mail"], result.Queues);
        Assert.Equal(1, (await harness.StatusAsync("b")).Cancelled);
        Assert.Single(await harness.CallbacksAsync("b"));
    }

    [Fact]
    public async Task A_rescue_cancels_a_job_that_was_asked_to_end()
    {
        await using var harness = await StartAsync();
        await harness.EnqueueBatchAsync("b", 1, StoreHarness.Mailer);
        var node = await harness.RegisterNodeAsync();
        var job = await harness.ClaimOneAsync(node);
        await harness.ChangeAsync(harness.Store.CancelAsync, job.Id);
        await harness.Store.RemoveNodeAsync(node, TestContext.Current.CancellationToken);

        var rescued = await harness.Store.RescueAsync(10, TestContext.Current.CancellationToken);

        Assert.Equal((0, 0, 1), (rescued.Rescued, rescued.Discarded, rescued.Cancelled));
        var row = await harness.FindJobAsync(job.Id);
        Assert.Equal((JobState.Cancelled, 1, 1), (row!.State, row.Attempt, row.Crashes));
        Assert.Equal(1, (await harness.StatusAsync("b")).Cancelled);
        Assert.Single(await harness.CallbacksAsync("b"));
    }

    [Fact]
    public async Task A_lost_claim_of_a_job_that_was_asked_to_end_cancels_it_and_gives_back_the_others()
    {
        await using var harness = await StartAsync();
        await harness.EnqueueBatchAsync("b", 1, StoreHarness.Mailer);
        var other = await harness.EnqueueAsync();
        var node = await harness.RegisterNodeAsync();
        var member = (await harness.ClaimAsync(node)).Single(job => job.Batch is not null);
        await harness.ChangeAsync(harness.Store.CancelAsync, member.Id);

        Assert.Equal(2, await harness.Store.GiveBackUnknownAsync("mail", node, [], TestContext.Current.CancellationToken));

        Assert.Equal((JobState.Cancelled, 0), ((await harness.FindJobAsync(member.Id))!.State, (await harness.FindJobAsync(member.Id))!.Attempt));
        Assert.Equal(JobState.Available, (await harness.FindJobAsync(other))!.State);
        Assert.Equal(1, (await harness.StatusAsync("b")).Cancelled);
        Assert.Single(await harness.CallbacksAsync("b"));
    }

    [Theory]
    [MemberData(nameof(States))]
    public async Task A_retry_makes_available_what_has_ended_or_waits_for_its_time(JobState state)
    {
        await using var harness = await StartAsync();
        var id = await harness.EnqueueInStateAsync(state);

        var result = await harness.Store.RetryAsync(JobSelection.One(id), TestContext.Current.CancellationToken);

        var isPossible = state is not (JobState.Available or JobState.Executing);
        Assert.Equal([new SelectedJob(id, isPossible ? JobState.Available : state, isPossible)], result.Jobs);
        Assert.Equal(isPossible ? ["mail"] : [], result.Queues);
        var job = (await harness.FindJobAsync(id))!;
        Assert.Equal(isPossible ? JobState.Available : state, job.State);
        Assert.InRange(job.DueIn, TimeSpan.FromMinutes(-1), TimeSpan.Zero);
    }

    [Fact]
    public async Task A_retry_keeps_the_errors_and_gives_one_more_attempt_where_they_are_used_up()
    {
        await using var harness = await StartAsync();
        var node = await harness.RegisterNodeAsync();
        var id = await harness.EnqueueAsync(StoreHarness.NewJob() with { MaxAttempts = 1 });
        await harness.AcknowledgeAsync(await harness.ClaimOneAsync(node), JobState.Discarded, error: "broken");

        await harness.ChangeAsync(harness.Store.RetryAsync, id);

        var again = await harness.ClaimOneAsync(node);
        Assert.Equal((2, 2), (again.Attempt, again.MaxAttempts));
        Assert.Equal(["broken"], (await harness.FindJobAsync(id))!.Errors);
    }

    [Fact]
    public async Task A_job_that_has_had_the_most_attempts_there_are_can_be_retried_for_ever()
    {
        await using var harness = await StartAsync();
        var id = await harness.EnqueueInStateAsync(JobState.Discarded);
        await harness.SetAttemptsAsync(id, attempt: 1000, maxAttempts: 1000);

        await harness.ChangeAsync(harness.Store.RetryAsync, id);

        var again = await harness.ClaimOneAsync(await harness.RegisterNodeAsync());
        Assert.Equal((1000, 1000), (again.Attempt, again.MaxAttempts));
    }

    [Fact]
    public async Task A_retried_job_is_no_longer_asked_to_end()
    {
        await using var harness = await StartAsync();
        var node = await harness.RegisterNodeAsync();
        await harness.EnqueueAsync();
        var job = await harness.ClaimOneAsync(node);
        await harness.ChangeAsync(harness.Store.CancelAsync, job.Id);
        await harness.AcknowledgeAsync(job, JobState.Completed);

        await harness.ChangeAsync(harness.Store.RetryAsync, job.Id);
        await harness.ClaimOneAsync(node);
        await harness.Store.RemoveNodeAsync(node, TestContext.Current.CancellationToken);

        Assert.Equal(1, (await harness.Store.RescueAsync(10, TestContext.Current.CancellationToken)).Rescued);
    }

    [Theory]
    [InlineData(JobState.Completed)]
    [InlineData(JobState.Cancelled)]
    [InlineData(JobState.Discarded)]
    public async Task A_member_that_is_retried_is_counted_back_into_its_unfinished_batch(JobState state)
    {
        await using var harness = await StartAsync();
        await harness.EnqueueBatchAsync("b", 2, StoreHarness.Mailer);
        var node = await harness.RegisterNodeAsync();
        var members = await harness.ClaimAsync(node);
        await harness.AcknowledgeAsync(members[0], state);

        await harness.ChangeAsync(harness.Store.RetryAsync, members[0].Id);

        var status = await harness.StatusAsync("b");
        Assert.Equal((2, 2, 0, 0, 0), (status.Total, status.Pending, status.Completed, status.Cancelled, status.Discarded));
        await harness.AcknowledgeAsync(members[1], JobState.Completed);
        Assert.Empty(await harness.CallbacksAsync("b"));
        await harness.AcknowledgeAsync(await harness.ClaimOneAsync(node), JobState.Completed);
        Assert.Single(await harness.CallbacksAsync("b"));
        Assert.Equal(2, (await harness.StatusAsync("b")).Completed);
    }

    [Fact]
    public async Task A_member_of_a_closed_batch_is_not_retried()
    {
        await using var harness = await StartAsync();
        await harness.EnqueueBatchAsync("b", 1, StoreHarness.Mailer);
        var member = await harness.BringOneToAsync(JobState.Discarded);

        var job = await harness.ChangeAsync(harness.Store.RetryAsync, member);

        Assert.Equal(new SelectedJob(member, JobState.Discarded, IsChanged: false), job);
        Assert.True((await harness.StatusAsync("b")).IsClosed);
    }

    [Fact]
    public async Task Eight_that_retry_the_same_members_at_once_count_each_back_once()
    {
        await using var harness = await StartAsync();
        await harness.EnqueueBatchAsync("b", 301, StoreHarness.Mailer);
        var members = await harness.ClaimAsync(await harness.RegisterNodeAsync(), limit: 300);
        await harness.Store.AcknowledgeAsync([.. members.Select(job => StoreHarness.Outcome(job, JobState.Discarded))], TestContext.Current.CancellationToken);
        var failed = new JobFilter { Batch = "b", States = [JobState.Discarded] };

        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
            harness.Store.RetryAsync(new JobSelection(failed, long.MinValue, 1_000), TestContext.Current.CancellationToken))));

        Assert.Equal(300, results.Sum(result => result.Jobs.Count(job => job.IsChanged)));
        var status = await harness.StatusAsync("b");
        Assert.Equal((301, 301, 0), (status.Total, status.Pending, status.Discarded));
    }

    [Theory]
    [MemberData(nameof(States))]
    public async Task A_delete_takes_everything_but_what_executes(JobState state)
    {
        await using var harness = await StartAsync();
        var id = await harness.EnqueueInStateAsync(state);

        var job = await harness.ChangeAsync(harness.Store.DeleteAsync, id);

        Assert.Equal(new SelectedJob(id, state, state != JobState.Executing), job);
        Assert.Equal(state == JobState.Executing, await harness.FindJobAsync(id) is not null);
    }

    [Fact]
    public async Task A_deleted_member_counts_as_what_it_was_and_as_cancelled_if_it_had_not_ended()
    {
        await using var harness = await StartAsync();
        await harness.EnqueueBatchAsync("b", 2, StoreHarness.Mailer);
        var completed = await harness.BringOneToAsync(JobState.Completed);
        var waiting = await harness.BringOneToAsync(JobState.Retryable);

        await harness.ChangeAsync(harness.Store.DeleteAsync, completed);
        Assert.Empty(await harness.CallbacksAsync("b"));
        await harness.ChangeAsync(harness.Store.DeleteAsync, waiting);

        var status = await harness.StatusAsync("b");
        Assert.Equal((2, 1, 1), (status.Total, status.Completed, status.Cancelled));
        Assert.Single(await harness.CallbacksAsync("b"));
    }

    [Fact]
    public async Task A_deleted_job_frees_its_own_unique_key_and_no_other()
    {
        await using var harness = await StartAsync();
        var id = await harness.EnqueueAsync();
        var other = await harness.EnqueueAsync();
        await harness.HoldKeyAsync(id, holder: id);
        await harness.HoldKeyAsync(other, holder: id);

        await harness.ChangeAsync(harness.Store.DeleteAsync, id);
        await harness.ChangeAsync(harness.Store.DeleteAsync, other);

        Assert.Equal(1, await harness.CountKeysAsync());
    }

    [Theory]
    [MemberData(nameof(States))]
    public async Task An_edit_changes_what_waits(JobState state)
    {
        await using var harness = await StartAsync();
        var id = await harness.EnqueueInStateAsync(state);

        var job = await harness.EditAsync(id, new JobEdit { Queue = "elsewhere" });

        var isPossible = state is JobState.Scheduled or JobState.Available or JobState.Retryable;
        Assert.Equal(new SelectedJob(id, state, isPossible), job);
        Assert.Equal(isPossible ? "elsewhere" : "mail", (await harness.FindJobAsync(id))!.Queue);
    }

    [Fact]
    public async Task An_edit_changes_what_it_names_and_nothing_else()
    {
        await using var harness = await StartAsync();
        var node = await harness.RegisterNodeAsync();
        var id = await harness.EnqueueAsync(StoreHarness.NewJob("before") with { Priority = 2, MaxAttempts = 7 });
        var urgent = await harness.EnqueueAsync(StoreHarness.NewJob() with { Priority = 1 });

        await harness.EditAsync(id, new JobEdit { Priority = 0 });
        await harness.EditAsync(id, new JobEdit { MaxAttempts = 9 });
        await harness.EditAsync(id, new JobEdit { Args = StoreHarness.NewJob("after") with { Priority = 5 } });
        await harness.EditAsync(id, new JobEdit { Tags = ["vip"] });
        await harness.EditAsync(id, new JobEdit { Meta = new Dictionary<string, string> { ["trace"] = "1" } });
        await harness.EditAsync(urgent, new JobEdit { Tags = ["x"], Meta = new Dictionary<string, string> { ["x"] = "y" } });
        await harness.EditAsync(urgent, new JobEdit { Tags = [], Meta = new Dictionary<string, string>() });

        var claimed = await harness.ClaimAsync(node, 1);
        Assert.Equal((id, 9, "mail"), (claimed[0].Id, claimed[0].MaxAttempts, claimed[0].Queue));
        Assert.Equal("""{"text": "after"}""", (await harness.FindJobAsync(id))!.Args);
        Assert.Equal(["vip"], claimed[0].Tags);
        Assert.Equal("""{"trace": "1"}""", System.Text.Encoding.UTF8.GetString(claimed[0].Meta.Span));
        var second = await harness.ClaimOneAsync(node);
        Assert.Equal((urgent, 0, true), (second.Id, second.Tags.Count, second.Meta.IsEmpty));
    }

    [Theory]
    [InlineData(JobState.Scheduled, 3600, JobState.Scheduled)]
    [InlineData(JobState.Available, 3600, JobState.Scheduled)]
    [InlineData(JobState.Retryable, 3600, JobState.Retryable)]
    [InlineData(JobState.Scheduled, 0, JobState.Available)]
    [InlineData(JobState.Available, 0, JobState.Available)]
    [InlineData(JobState.Retryable, 0, JobState.Available)]
    public async Task An_edited_schedule_says_when_a_job_is_due_and_what_it_waits_for(JobState before, int seconds, JobState after)
    {
        await using var harness = await StartAsync();
        var relative = await harness.EnqueueInStateAsync(before);
        var absolute = await harness.EnqueueInStateAsync(before);

        var result = await harness.Store.EditAsync(
            JobSelection.One(relative), new JobEdit { ScheduleIn = TimeSpan.FromSeconds(seconds) }, TestContext.Current.CancellationToken);
        await harness.EditAsync(absolute, new JobEdit { ScheduleAt = DateTimeOffset.UtcNow.AddSeconds(seconds == 0 ? -60 : seconds) });

        Assert.Equal(after == JobState.Available ? ["mail"] : [], result.Queues);
        foreach (var id in (long[])[relative, absolute])
        {
            var job = (await harness.FindJobAsync(id))!;
            Assert.Equal(after, job.State);
            Assert.InRange(job.DueIn.TotalSeconds, seconds - 90, seconds);
        }
    }

    [Fact]
    public async Task New_args_are_given_to_jobs_of_their_worker_only_under_any_of_its_names()
    {
        await using var harness = await StartAsync();
        var own = await harness.EnqueueAsync();
        var foreign = await harness.EnqueueAsync(StoreHarness.NewJob(worker: StoreHarness.Worker("Other")));
        var renamed = new Generated.WorkerDefinition
        {
            Name = "Postman",
            Aliases = ["Mailer"],
            Queue = "mail",
            MaxAttempts = 3,
            Priority = 0,
            Create = _ => throw new NotSupportedException(),
        };
        var edit = new JobEdit { Args = StoreHarness.NewJob("after", renamed) };

        Assert.Equal(new SelectedJob(own, JobState.Available, IsChanged: true), await harness.EditAsync(own, edit));
        Assert.Equal(new SelectedJob(foreign, JobState.Available, IsChanged: false), await harness.EditAsync(foreign, edit));

        Assert.Equal("""{"text": "hello"}""", (await harness.FindJobAsync(foreign))!.Args);
    }

    [Fact]
    public async Task A_change_by_filter_takes_the_first_jobs_by_id_for_which_it_is_possible()
    {
        await using var harness = await StartAsync();
        var enqueued = await harness.Store.EnqueueAsync(
            Enumerable.Range(0, 10).Select(i => StoreHarness.NewJob(i.ToString())).ToAsyncEnumerable(), EnqueueTerms.Alone, TestContext.Current.CancellationToken);
        var ids = enqueued.Select(job => job.Id).ToList();
        await harness.ChangeAsync(harness.Store.CancelAsync, ids[1]);

        var first = await harness.Store.CancelAsync(new JobSelection(JobFilter.All, ids[0], 3), TestContext.Current.CancellationToken);
        var second = await harness.Store.CancelAsync(new JobSelection(JobFilter.All, first.Jobs[^1].Id, 100), TestContext.Current.CancellationToken);

        Assert.Equal([ids[2], ids[3], ids[4]], first.Jobs.Select(job => job.Id));
        Assert.Equal(ids.Skip(5), second.Jobs.Select(job => job.Id));
        Assert.All(first.Jobs, job => Assert.True(job.IsChanged));
        Assert.Equal(JobState.Available, (await harness.FindJobAsync(ids[0]))!.State);
    }

    [Fact]
    public async Task Changes_and_acknowledgements_of_the_same_batches_at_once_lose_no_count()
    {
        await using var harness = await StartAsync();
        for (var i = 0; i < 10; i++)
            await harness.EnqueueBatchAsync($"b{i}", 100, StoreHarness.Mailer);
        var node = await harness.RegisterNodeAsync();

        Task[] changes =
        [
            AllAsync(harness.Store.CancelAsync, new JobFilter { Ids = EveryNth(3) }),
            AllAsync(harness.Store.DeleteAsync, new JobFilter { Ids = EveryNth(7) }),
            AllAsync(harness.Store.RetryAsync, new JobFilter { Ids = EveryNth(9), States = [JobState.Cancelled] }),
            WorkAsync(),
            WorkAsync(),
        ];
        await Task.WhenAll(changes);
        await WorkAsync();

        for (var i = 0; i < 10; i++)
        {
            var status = await harness.StatusAsync($"b{i}");
            Assert.Equal((100, 0, 100), (status.Total, status.Pending, status.Completed + status.Cancelled));
            Assert.Single(await harness.CallbacksAsync($"b{i}"));
        }

        static long[] EveryNth(int n) => [.. Enumerable.Range(1, 1_000).Where(id => id % n == 0).Select(id => (long)id)];

        async Task AllAsync(Func<JobSelection, CancellationToken, Task<ChangeResult>> change, JobFilter filter)
        {
            for (var after = long.MinValue; ;)
            {
                var result = await change(new JobSelection(filter, after, 50), TestContext.Current.CancellationToken);
                if (result.Jobs.Count < 50)
                    return;
                after = result.Jobs[^1].Id;
            }
        }

        async Task WorkAsync()
        {
            while (await harness.ClaimAsync(node, 20) is { Count: > 0 } jobs)
                await harness.Store.AcknowledgeAsync([.. jobs.Select(job => StoreHarness.Outcome(job, JobState.Completed))], TestContext.Current.CancellationToken);
        }
    }
}
