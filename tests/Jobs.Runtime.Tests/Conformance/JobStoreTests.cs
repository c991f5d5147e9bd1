using Jobs.Store;

namespace Jobs.Runtime.Tests.Conformance;

/// <summary>What every store must do with jobs.</summary>
public abstract class JobStoreTests
{
    private protected abstract Task<StoreHarness> StartAsync();

    [Fact]
    public async Task Ids_come_back_in_the_order_of_the_jobs()
    {
        await using var harness = await StartAsync();

        var ids = await harness.Store.EnqueueAsync(
            Enumerable.Range(0, 2_500).Select(i => StoreHarness.NewJob(i.ToString())).ToAsyncEnumerable(), EnqueueTerms.Alone, TestContext.Current.CancellationToken);

        Assert.Equal(2_500, ids.Count);
        foreach (var i in (int[])[0, 1, 999, 1_000, 2_499])
            Assert.Equal($$"""{"text": "{{i}}"}""", (await harness.FindJobAsync(ids[i].Id))!.Args);
    }

    [Fact]
    public async Task An_enqueue_that_fails_midway_stores_nothing()
    {
        await using var harness = await StartAsync();

        await Assert.ThrowsAsync<InvalidOperationException>(() => harness.Store.EnqueueAsync(Jobs().ToAsyncEnumerable(), EnqueueTerms.Alone, TestContext.Current.CancellationToken));

        Assert.Equal(0, await harness.CountJobsAsync());

        static IEnumerable<NewJob> Jobs()
        {
            for (var i = 0; i < 1_500; i++)
                yield return StoreHarness.NewJob();
            throw new InvalidOperationException("The source broke.");
        }
    }

    [Fact]
    public async Task A_claim_takes_the_most_urgent_jobs_first_and_no_more_than_asked()
    {
        await using var harness = await StartAsync();
        var low = await harness.EnqueueAsync(StoreHarness.NewJob() with { Priority = 5 });
        var first = await harness.EnqueueAsync();
        var second = await harness.EnqueueAsync();
        var node = await harness.RegisterNodeAsync();

        var claimed = await harness.ClaimAsync(node, limit: 2);

        Assert.Equal([first, second], claimed.Select(job => job.Id));
        Assert.Equal(JobState.Available, (await harness.FindJobAsync(low))!.State);
    }

    [Fact]
    public async Task A_claim_weighs_the_jobs_of_all_known_workers_together()
    {
        await using var harness = await StartAsync();
        var other = StoreHarness.Worker("Other");
        for (var i = 0; i < 5; i++)
            await harness.EnqueueAsync(StoreHarness.NewJob() with { Priority = 1 });
        var urgent = await harness.EnqueueAsync(StoreHarness.NewJob(worker: other));
        var node = await harness.RegisterNodeAsync();

        var claimed = await harness.ClaimAsync(node, limit: 3, ["Mailer", "Other"]);

        Assert.Equal(3, claimed.Count);
        Assert.Equal(urgent, claimed[0].Id);
    }

    [Fact]
    public async Task A_claim_leaves_jobs_of_unknown_workers_and_other_queues()
    {
        await using var harness = await StartAsync();
        var stranger = await harness.EnqueueAsync(StoreHarness.NewJob(worker: StoreHarness.Worker("Stranger")));
        var elsewhere = await harness.EnqueueAsync(StoreHarness.NewJob() with { Queue = "elsewhere" });
        var node = await harness.RegisterNodeAsync();

        Assert.Empty(await harness.ClaimAsync(node));

        Assert.Equal(JobState.Available, (await harness.FindJobAsync(stranger))!.State);
        Assert.Equal(JobState.Available, (await harness.FindJobAsync(elsewhere))!.State);
    }

    [Fact]
    public async Task Eight_nodes_that_claim_at_once_never_take_the_same_job()
    {
        await using var harness = await StartAsync();
        await harness.Store.EnqueueAsync(Enumerable.Range(0, 2_000).Select(i => StoreHarness.NewJob(i.ToString())).ToAsyncEnumerable(), EnqueueTerms.Alone, TestContext.Current.CancellationToken);

        var claims = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(ClaimAllAsync)));

        var ids = claims.SelectMany(claim => claim).ToList();
        Assert.Equal(2_000, ids.Count);
        Assert.Equal(2_000, ids.Distinct().Count());

        async Task<List<long>> ClaimAllAsync()
        {
            var node = await harness.RegisterNodeAsync();
            var mine = new List<long>();
            for (var empty = 0; empty < 2;)
            {
                var claimed = await harness.ClaimAsync(node, limit: 17);
                empty = claimed.Count == 0 ? empty + 1 : 0;
                mine.AddRange(claimed.Select(job => job.Id));
            }

            return mine;
        }
    }

    [Fact]
    public async Task A_claimed_job_carries_what_was_enqueued()
    {
        await using var harness = await StartAsync();
        var id = await harness.EnqueueAsync(StoreHarness.NewJob("Grüße, 世界 👋") with { MaxAttempts = 7 });
        var node = await harness.RegisterNodeAsync();

        var job = await harness.ClaimOneAsync(node);

        Assert.Equal((id, 1L, node, "Mailer", "mail", 1, 7), (job.Id, job.Run, job.Node, job.Worker, job.Queue, job.Attempt, job.MaxAttempts));
        Assert.Null(job.Batch);
        Assert.Equal("""{"text": "Grüße, 世界 👋"}""", System.Text.Encoding.UTF8.GetString(job.Args!.Value.Span));
    }

    [Theory]
    [InlineData(JobState.Completed)]
    [InlineData(JobState.Cancelled)]
    [InlineData(JobState.Discarded)]
    public async Task A_final_outcome_ends_the_job(JobState state)
    {
        await using var harness = await StartAsync();
        var id = await harness.EnqueueAsync();
        var node = await harness.RegisterNodeAsync();

        Assert.True(await harness.AcknowledgeAsync(await harness.ClaimOneAsync(node), state, error: "why"));

        var job = (await harness.FindJobAsync(id))!;
        Assert.Equal(state, job.State);
        Assert.Equal(["why"], job.Errors);
        Assert.Empty(await harness.ClaimAsync(node));
    }

    [Fact]
    public async Task A_repeated_acknowledgement_changes_nothing()
    {
        await using var harness = await StartAsync();
        var id = await harness.EnqueueAsync();
        var node = await harness.RegisterNodeAsync();
        var claimed = await harness.ClaimOneAsync(node);
        await harness.AcknowledgeAsync(claimed, JobState.Completed);

        Assert.False(await harness.AcknowledgeAsync(claimed, JobState.Discarded, error: "late"));

        var job = (await harness.FindJobAsync(id))!;
        Assert.Equal(JobState.Completed, job.State);
        Assert.Empty(job.Errors);
    }

    [Fact]
    public async Task An_acknowledgement_of_an_older_run_changes_nothing()
    {
        await using var harness = await StartAsync();
        var id = await harness.EnqueueAsync();
        var node = await harness.RegisterNodeAsync();
        var older = await harness.ClaimOneAsync(node);
        await harness.AcknowledgeAsync(older, JobState.Available);
        var newer = await harness.ClaimOneAsync(node);

        Assert.Equal(older.Attempt, newer.Attempt);
        Assert.False(await harness.AcknowledgeAsync(older, JobState.Discarded));

        Assert.Equal(JobState.Executing, (await harness.FindJobAsync(id))!.State);
    }

    [Fact]
    public async Task An_acknowledgement_of_another_node_with_the_same_run_changes_nothing()
    {
        await using var harness = await StartAsync();
        var id = await harness.EnqueueAsync();
        var claimed = await harness.ClaimOneAsync(await harness.RegisterNodeAsync());

        Assert.False(await harness.AcknowledgeAsync(claimed with { Node = Guid.NewGuid() }, JobState.Completed));

        Assert.Equal(JobState.Executing, (await harness.FindJobAsync(id))!.State);
    }

    [Fact]
    public async Task One_acknowledgement_of_many_leaves_out_only_the_stale_ones()
    {
        await using var harness = await StartAsync();
        await harness.Store.EnqueueAsync(Enumerable.Range(0, 300).Select(i => StoreHarness.NewJob(i.ToString())).ToAsyncEnumerable(), EnqueueTerms.Alone, TestContext.Current.CancellationToken);
        var node = await harness.RegisterNodeAsync();
        var claimed = await harness.ClaimAsync(node, limit: 300);
        await harness.AcknowledgeAsync(claimed[7], JobState.Cancelled);

        var result = await harness.Store.AcknowledgeAsync(
            [.. claimed.Reverse().Select(job => StoreHarness.Outcome(job, JobState.Completed))], TestContext.Current.CancellationToken);

        Assert.Equal(299, result.Acknowledged.Count);
        Assert.DoesNotContain(claimed[7].Id, result.Acknowledged);
    }

    [Fact]
    public async Task A_completed_job_keeps_its_output_and_one_that_returned_nothing_has_none()
    {
        await using var harness = await StartAsync();
        var id = await harness.EnqueueAsync();
        var plain = await harness.EnqueueAsync();
        var claimed = await harness.ClaimAsync(await harness.RegisterNodeAsync());

        var result = await harness.Store.AcknowledgeAsync(
            [
                StoreHarness.Outcome(claimed[0], JobState.Completed) with { Output = new StoredOutput("""{"rows": 7}""", IsOfLastAttempt: false, TimeSpan.Zero) },
                StoreHarness.Outcome(claimed[1], JobState.Completed),
            ],
            TestContext.Current.CancellationToken);

        Assert.Equal([id, plain], result.Acknowledged.Order());
        Assert.Equal("""{"rows": 7}""", (await harness.FindJobAsync(id))!.Output);
        Assert.Null((await harness.FindJobAsync(plain))!.Output);
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("\"\\u0000\"")]
    [InlineData("\"\\ud83d\"")]
    [InlineData("1e200000")]
    public async Task An_output_that_cannot_be_stored_is_refused_for_good_and_changes_nothing(string output)
    {
        await using var harness = await StartAsync();
        await harness.EnqueueAsync();
        await harness.EnqueueAsync();
        var claimed = await harness.ClaimAsync(await harness.RegisterNodeAsync());

        var refused = await Assert.ThrowsAsync<JobStoreException>(() => harness.Store.AcknowledgeAsync(
            [
                StoreHarness.Outcome(claimed[0], JobState.Completed) with { Output = new StoredOutput(output, IsOfLastAttempt: false, TimeSpan.Zero) },
                StoreHarness.Outcome(claimed[1], JobState.Completed),
            ],
            TestContext.Current.CancellationToken));

        Assert.False(refused.IsTransient);
        foreach (var job in claimed)
            Assert.Equal(JobState.Executing, (await harness.FindJobAsync(job.Id))!.State);
    }

    [Theory]
    [InlineData(JobState.Completed, JobState.Completed)]
    [InlineData(JobState.Discarded, JobState.Discarded)]
    [InlineData(JobState.Cancelled, JobState.Cancelled)]
    [InlineData(JobState.Retryable, JobState.Cancelled)]
    [InlineData(JobState.Scheduled, JobState.Cancelled)]
    [InlineData(JobState.Available, JobState.Cancelled)]
    public async Task A_job_whose_cancel_was_requested_while_it_ran_is_cancelled_unless_its_own_word_was_final(JobState wanted, JobState expected)
    {
        await using var harness = await StartAsync();
        var batch = await harness.EnqueueBatchAsync("b", 1, StoreHarness.Mailer);
        var claimed = await harness.ClaimOneAsync(await harness.RegisterNodeAsync());
        await harness.RequestCancelAsync(claimed.Id);

        var result = await harness.Store.AcknowledgeAsync([StoreHarness.Outcome(claimed, wanted, error: "why")], TestContext.Current.CancellationToken);

        Assert.Equal([claimed.Id], result.Acknowledged);
        Assert.Equal(wanted == expected ? [] : [claimed.Id], result.Cancelled);
        Assert.Equal([batch.Id], result.ClosedBatches);
        var job = (await harness.FindJobAsync(claimed.Id))!;
        Assert.Equal((expected, 1, false), (job.State, job.Attempt, job.IsCancelRequested));
        Assert.Equal(["why"], job.Errors);
        Assert.Equal(expected == JobState.Cancelled ? 1 : 0, (await harness.StatusAsync("b")).Cancelled);
        Assert.Single(await harness.CallbacksAsync("b"));
    }

    [Fact]
    public async Task A_job_whose_last_attempt_failed_is_cancelled_where_that_was_requested_and_discarded_elsewhere()
    {
        await using var harness = await StartAsync();
        await harness.EnqueueBatchAsync("b", 2);
        var claimed = await harness.ClaimAsync(await harness.RegisterNodeAsync());
        await harness.RequestCancelAsync(claimed[0].Id);

        var result = await harness.Store.AcknowledgeAsync(
            [.. claimed.Select(job => StoreHarness.Outcome(job, JobState.Discarded) with { WasLastAttempt = true })], TestContext.Current.CancellationToken);

        Assert.Equal([claimed[0].Id], result.Cancelled);
        var status = await harness.StatusAsync("b");
        Assert.Equal((1, 1), (status.Cancelled, status.Discarded));
    }

    [Fact]
    public async Task Snoozing_a_job_gives_its_attempt_back_but_not_its_run()
    {
        await using var harness = await StartAsync();
        var id = await harness.EnqueueAsync();
        var node = await harness.RegisterNodeAsync();

        await harness.AcknowledgeAsync(await harness.ClaimOneAsync(node), JobState.Scheduled, TimeSpan.FromMinutes(10));

        var job = (await harness.FindJobAsync(id))!;
        Assert.Equal((JobState.Scheduled, 0, 1L), (job.State, job.Attempt, job.Run));
        Assert.InRange(job.DueIn, TimeSpan.FromMinutes(9), TimeSpan.FromMinutes(10));
    }

    [Fact]
    public async Task A_failed_job_keeps_its_attempt_and_its_error_and_runs_again_when_due()
    {
        await using var harness = await StartAsync();
        var id = await harness.EnqueueAsync();
        var node = await harness.RegisterNodeAsync();
        await harness.AcknowledgeAsync(await harness.ClaimOneAsync(node), JobState.Retryable, TimeSpan.FromMinutes(1), "first");

        Assert.Equal(0, (await harness.Store.StageAsync(100, TestContext.Current.CancellationToken)).Count);
        await harness.MoveClockAsync(TimeSpan.FromMinutes(2));
        var staged = await harness.Store.StageAsync(100, TestContext.Current.CancellationToken);
        var again = await harness.ClaimOneAsync(node);
        await harness.AcknowledgeAsync(again, JobState.Discarded, error: "second");

        Assert.Equal(1, staged.Count);
        Assert.Equal(["mail"], staged.Queues);
        Assert.Equal((2, 2L), (again.Attempt, again.Run));
        Assert.Equal(["first", "second"], (await harness.FindJobAsync(id))!.Errors);
    }

    [Fact]
    public async Task A_row_keeps_its_newest_fifty_errors()
    {
        await using var harness = await StartAsync();
        var id = await harness.EnqueueAsync(StoreHarness.NewJob() with { MaxAttempts = 1000 });
        var node = await harness.RegisterNodeAsync();

        for (var i = 0; i < 53; i++)
        {
            await harness.AcknowledgeAsync(await harness.ClaimOneAsync(node), JobState.Retryable, error: $"error {i}");
            await harness.Store.StageAsync(1, TestContext.Current.CancellationToken);
        }

        var errors = (await harness.FindJobAsync(id))!.Errors;
        Assert.Equal(50, errors.Count);
        Assert.Equal(("error 3", "error 52"), (errors[0], errors[^1]));
    }

    [Fact]
    public async Task A_job_scheduled_for_later_waits_and_one_scheduled_for_the_past_does_not()
    {
        await using var harness = await StartAsync();
        var later = await harness.EnqueueAsync(StoreHarness.NewJob() with { ScheduleIn = TimeSpan.FromHours(1) });
        var at = await harness.EnqueueAsync(StoreHarness.NewJob() with { ScheduleAt = DateTimeOffset.UtcNow.AddHours(2) });
        var past = await harness.EnqueueAsync(StoreHarness.NewJob() with { ScheduleAt = DateTimeOffset.Now.AddHours(-2) });
        var node = await harness.RegisterNodeAsync();

        Assert.Equal(past, (await harness.ClaimOneAsync(node)).Id);
        Assert.Equal(JobState.Scheduled, (await harness.FindJobAsync(later))!.State);
        Assert.Equal(JobState.Scheduled, (await harness.FindJobAsync(at))!.State);

        await harness.MoveClockAsync(TimeSpan.FromMinutes(90));
        await harness.Store.StageAsync(100, TestContext.Current.CancellationToken);
        Assert.Equal(later, (await harness.ClaimOneAsync(node)).Id);
    }

    [Fact]
    public async Task The_longest_due_jobs_are_staged_first_in_bounded_chunks()
    {
        await using var harness = await StartAsync();
        for (var i = 5; i >= 1; i--)
            await harness.EnqueueAsync(StoreHarness.NewJob(i.ToString()) with { ScheduleIn = TimeSpan.FromMinutes(i) });
        var node = await harness.RegisterNodeAsync();
        await harness.MoveClockAsync(TimeSpan.FromHours(1));

        var staged = await harness.Store.StageAsync(2, TestContext.Current.CancellationToken);

        Assert.Equal(2, staged.Count);
        Assert.Equal(
            ["""{"text": "1"}""", """{"text": "2"}"""],
            (await harness.ClaimAsync(node)).Select(job => System.Text.Encoding.UTF8.GetString(job.Args!.Value.Span)));
    }

    [Fact]
    public async Task A_dead_nodes_jobs_are_rescued_and_a_living_nodes_are_not()
    {
        await using var harness = await StartAsync();
        var (one, other) = (await harness.EnqueueAsync(), await harness.EnqueueAsync());
        var dead = await harness.RegisterNodeAsync(TimeSpan.FromSeconds(10));
        var living = await harness.RegisterNodeAsync(TimeSpan.FromDays(1));
        var orphan = await harness.ClaimOneAsync(dead);
        await harness.ClaimOneAsync(living);
        await harness.MoveClockAsync(TimeSpan.FromMinutes(1));

        var rescued = await harness.Store.RescueAsync(100, TestContext.Current.CancellationToken);

        Assert.Equal((1, 0), (rescued.Rescued, rescued.Discarded));
        Assert.Equal([$"node {dead}"], rescued.DeadNodes);
        var freed = (await harness.FindJobAsync(one))!;
        Assert.Equal((JobState.Available, 0, 1, 1L), (freed.State, freed.Attempt, freed.Crashes, freed.Run));
        Assert.Equal(JobState.Executing, (await harness.FindJobAsync(other))!.State);
        Assert.False(await harness.AcknowledgeAsync(orphan, JobState.Completed));
    }

    // As somebody may insert it with SQL.
    [Fact]
    public async Task A_row_that_executes_in_no_attempt_does_not_hold_up_the_rescue_of_others()
    {
        await using var harness = await StartAsync();
        await harness.EnqueueAsync();
        await harness.DieWithOneAsync();
        var odd = await harness.EnqueueAsync();
        var node = await harness.RegisterNodeAsync();
        Assert.Equal(odd, (await harness.ClaimOneAsync(node)).Id);
        await harness.SetAttemptsAsync(odd, 0, 3);
        await harness.Store.RemoveNodeAsync(node, TestContext.Current.CancellationToken);

        var rescued = await harness.Store.RescueAsync(10, TestContext.Current.CancellationToken);

        Assert.Equal(2, rescued.Rescued);
        Assert.Equal(0, (await harness.FindJobAsync(odd))!.Attempt);
    }

    [Fact]
    public async Task A_node_whose_row_is_gone_is_dead()
    {
        await using var harness = await StartAsync();
        await harness.EnqueueAsync();
        var node = await harness.RegisterNodeAsync();
        await harness.ClaimOneAsync(node);
        await harness.Store.RemoveNodeAsync(node, TestContext.Current.CancellationToken);

        Assert.Equal(1, (await harness.Store.RescueAsync(100, TestContext.Current.CancellationToken)).Rescued);
    }

    [Fact]
    public async Task A_lease_that_has_run_out_cannot_be_renewed()
    {
        await using var harness = await StartAsync();
        var node = await harness.RegisterNodeAsync(TimeSpan.FromSeconds(10));

        Assert.True((await harness.Store.RenewNodeAsync(node, TimeSpan.FromSeconds(10), [], TestContext.Current.CancellationToken)).IsRenewed);
        await harness.MoveClockAsync(TimeSpan.FromMinutes(1));
        Assert.False((await harness.Store.RenewNodeAsync(node, TimeSpan.FromSeconds(10), [], TestContext.Current.CancellationToken)).IsRenewed);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(3, 3)]
    public async Task A_job_that_sees_too_many_nodes_die_is_discarded_but_never_at_the_first(int maxAttempts, int deaths)
    {
        await using var harness = await StartAsync();
        var id = await harness.EnqueueAsync(StoreHarness.NewJob() with { MaxAttempts = maxAttempts });

        for (var i = 1; i <= deaths; i++)
        {
            Assert.Equal(JobState.Available, (await harness.FindJobAsync(id))!.State);
            await harness.DieWithOneAsync();
            await harness.Store.RescueAsync(100, TestContext.Current.CancellationToken);
        }

        var job = (await harness.FindJobAsync(id))!;
        Assert.Equal((JobState.Discarded, deaths), (job.State, job.Crashes));
        Assert.Contains("nodes died", Assert.Single(job.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Jobs_that_no_living_node_takes_are_found_by_queue_and_worker()
    {
        await using var harness = await StartAsync();
        await harness.EnqueueAsync();
        await harness.EnqueueAsync(StoreHarness.NewJob() with { Queue = "mial" });
        for (var i = 0; i < 3; i++)
            await harness.EnqueueAsync(StoreHarness.NewJob(worker: StoreHarness.Worker("Stranger")) with { Queue = "odd" });
        await harness.RegisterNodeAsync();

        Assert.Equal(
            [new Stranded("mial", "Mailer", 1, IsWorkerKnown: true), new Stranded("odd", "Stranger", 3, IsWorkerKnown: false)],
            await harness.Store.FindStrandedAsync(TestContext.Current.CancellationToken));

        await harness.Store.RegisterNodeAsync(new NodeRow(Guid.NewGuid(), "late", [new("odd", 1), new("mial", 1)], ["Stranger", "Mailer"]), TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        Assert.Empty(await harness.Store.FindStrandedAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Eight_nodes_may_migrate_at_once_and_again()
    {
        await using var harness = await StartAsync();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => harness.Store.MigrateAsync(TestContext.Current.CancellationToken)));

        await harness.EnqueueAsync();
    }

    [Fact]
    public async Task Jobs_claimed_for_a_node_that_does_not_know_of_them_are_given_back_and_no_others()
    {
        await using var harness = await StartAsync();
        for (var i = 0; i < 3; i++)
            await harness.EnqueueAsync();
        var node = await harness.RegisterNodeAsync();
        var known = await harness.ClaimOneAsync(node);
        var lost = await harness.ClaimOneAsync(node);
        var foreign = await harness.ClaimOneAsync(await harness.RegisterNodeAsync());

        Assert.Equal(1, await harness.Store.GiveBackUnknownAsync("mail", node, [known.Id], TestContext.Current.CancellationToken));

        var given = (await harness.FindJobAsync(lost.Id))!;
        Assert.Equal((JobState.Available, 0, 0, 1L), (given.State, given.Attempt, given.Crashes, given.Run));
        Assert.Equal(JobState.Executing, (await harness.FindJobAsync(known.Id))!.State);
        Assert.Equal(JobState.Executing, (await harness.FindJobAsync(foreign.Id))!.State);
        Assert.False(await harness.AcknowledgeAsync(lost, JobState.Completed));
    }
}
