using Jobs.Store;

namespace Jobs.Runtime.Tests.Conformance;

/// <summary>What every store must do for the nodes: suspects, the leader, hints.</summary>
public abstract class NodeStoreTests
{
    static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    private protected abstract Task<StoreHarness> StartAsync();

    [Fact]
    public async Task A_job_that_a_node_died_with_is_left_by_claims_which_say_that_it_waits()
    {
        await using var harness = await StartAsync();
        var suspect = await harness.EnqueueAsync();
        await harness.DieWithOneAsync();
        await harness.Store.RescueAsync(100, TestContext.Current.CancellationToken);
        var other = await harness.EnqueueAsync();
        var node = await harness.RegisterNodeAsync();

        var claim = await harness.Store.ClaimAsync("mail", StoreHarness.Known, 10, node, TestContext.Current.CancellationToken);
        var elsewhere = await harness.Store.ClaimAsync("elsewhere", StoreHarness.Known, 10, node, TestContext.Current.CancellationToken);
        var unknown = await harness.Store.ClaimAsync("mail", ["Stranger"], 10, node, TestContext.Current.CancellationToken);
        var alone = await harness.ClaimSuspectAsync(node);

        Assert.Equal([other], claim.Jobs.Select(job => job.Id));
        Assert.True(claim.SuspectsWait);
        Assert.False(elsewhere.SuspectsWait);
        Assert.False(unknown.SuspectsWait);
        Assert.Equal((suspect, 2, 1), (alone!.Id, alone.Run, alone.Attempt));
        Assert.False((await harness.Store.ClaimAsync("mail", StoreHarness.Known, 10, node, TestContext.Current.CancellationToken)).SuspectsWait);
        Assert.Null(await harness.ClaimSuspectAsync(node));
    }

    [Fact]
    public async Task Suspects_of_other_queues_and_workers_are_left_alone()
    {
        await using var harness = await StartAsync();
        await harness.EnqueueAsync();
        await harness.DieWithOneAsync();
        await harness.Store.RescueAsync(100, TestContext.Current.CancellationToken);
        var node = await harness.RegisterNodeAsync();

        Assert.Null(await harness.Store.ClaimSuspectAsync(["elsewhere"], StoreHarness.Known, node, TestContext.Current.CancellationToken));
        Assert.Null(await harness.Store.ClaimSuspectAsync(["mail"], ["Stranger"], node, TestContext.Current.CancellationToken));
        Assert.NotNull(await harness.Store.ClaimSuspectAsync(["elsewhere", "mail"], ["Stranger", "Mailer"], node, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Of_several_suspects_the_one_with_the_fewest_crashes_comes_first()
    {
        await using var harness = await StartAsync();
        var often = await harness.EnqueueAsync();
        await harness.DieWithOneAsync();
        await harness.Store.RescueAsync(100, TestContext.Current.CancellationToken);
        await harness.DieWithOneAsync();
        await harness.Store.RescueAsync(100, TestContext.Current.CancellationToken);
        var once = await harness.EnqueueAsync();
        await harness.DieWithOneAsync();
        await harness.Store.RescueAsync(100, TestContext.Current.CancellationToken);
        var node = await harness.RegisterNodeAsync();

        Assert.Equal((2, 1), ((await harness.FindJobAsync(often))!.Crashes, (await harness.FindJobAsync(once))!.Crashes));
        Assert.Equal(once, (await harness.ClaimSuspectAsync(node))!.Id);
        Assert.Equal(often, (await harness.ClaimSuspectAsync(node))!.Id);
    }

    [Fact]
    public async Task A_renewal_stores_the_progress_of_jobs_that_execute_the_told_run_on_the_node()
    {
        await using var harness = await StartAsync();
        var node = await harness.RegisterNodeAsync();
        for (var i = 0; i < 3; i++)
            await harness.EnqueueAsync();
        var jobs = await harness.ClaimAsync(node);
        await harness.AcknowledgeAsync(jobs[2], JobState.Completed);
        await harness.EnqueueAsync();
        var foreign = await harness.ClaimOneAsync(await harness.RegisterNodeAsync());
        ProgressReport Report(ClaimedJob job, long done) => new(job.Id, job.Run, new JobProgress(done, 10, "half"));

        var renewal = await harness.Store.RenewNodeAsync(
            node, Lease, [Report(jobs[0], 3), Report(jobs[1] with { Run = 7 }, 4), Report(jobs[2], 5), Report(foreign, 6)], TestContext.Current.CancellationToken);

        Assert.True(renewal.IsRenewed);
        Assert.Equal([jobs[0].Id], renewal.Stored);
        Assert.Equal("""{"done": 3, "note": "half", "total": 10}""", (await harness.FindJobAsync(jobs[0].Id))!.Progress);
        foreach (var id in (long[])[jobs[1].Id, jobs[2].Id, foreign.Id])
            Assert.Null((await harness.FindJobAsync(id))!.Progress);
    }

    [Fact]
    public async Task An_outcome_brings_the_last_progress_and_one_without_any_leaves_what_is_stored()
    {
        await using var harness = await StartAsync();
        var id = await harness.EnqueueAsync();
        var node = await harness.RegisterNodeAsync();

        await harness.Store.AcknowledgeAsync(
            [StoreHarness.Outcome(await harness.ClaimOneAsync(node), JobState.Available) with { Progress = new JobProgress(7, null, null) }], TestContext.Current.CancellationToken);
        await harness.AcknowledgeAsync(await harness.ClaimOneAsync(node), JobState.Completed);

        Assert.Equal("""{"done": 7}""", (await harness.FindJobAsync(id))!.Progress);
    }

    [Fact]
    public async Task Of_many_nodes_that_stand_for_election_at_once_one_leads()
    {
        await using var harness = await StartAsync();

        var elections = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() =>
            harness.Store.ElectAsync(Guid.NewGuid(), Lease, TestContext.Current.CancellationToken))));

        Assert.Single(elections, election => election.IsLeader);
    }

    [Fact]
    public async Task A_leader_stays_it_while_it_renews_and_another_follows_only_when_its_lease_has_run_out()
    {
        await using var harness = await StartAsync();
        Guid first = Guid.NewGuid(), second = Guid.NewGuid();

        Assert.True((await ElectAsync(first)).IsLeader);
        var refused = await ElectAsync(second);
        await harness.MoveClockAsync(TimeSpan.FromSeconds(20));
        Assert.True((await ElectAsync(first)).IsLeader);
        await harness.MoveClockAsync(TimeSpan.FromSeconds(40));
        Assert.False((await ElectAsync(second)).IsLeader);
        await harness.MoveClockAsync(TimeSpan.FromSeconds(55));
        Assert.True((await ElectAsync(second)).IsLeader);
        Assert.False((await ElectAsync(first)).IsLeader);

        Assert.False(refused.IsLeader);
        Assert.InRange(refused.ExpiresIn, TimeSpan.FromSeconds(20), Lease);

        Task<Election> ElectAsync(Guid node) => harness.Store.ElectAsync(node, Lease, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Who_resigns_leaves_the_lead_to_the_next_and_who_does_not_lead_resigns_for_nobody()
    {
        await using var harness = await StartAsync();
        Guid first = Guid.NewGuid(), second = Guid.NewGuid();
        await harness.Store.ElectAsync(first, Lease, TestContext.Current.CancellationToken);

        await harness.Store.ResignAsync(second, TestContext.Current.CancellationToken);
        Assert.False((await harness.Store.ElectAsync(second, Lease, TestContext.Current.CancellationToken)).IsLeader);
        await harness.Store.ResignAsync(first, TestContext.Current.CancellationToken);
        Assert.True((await harness.Store.ElectAsync(second, Lease, TestContext.Current.CancellationToken)).IsLeader);
    }

    [Fact]
    public async Task An_outcome_and_the_callers_writes_are_one_transaction()
    {
        await using var harness = await StartAsync();
        await harness.EnqueueBatchAsync("b", 1, StoreHarness.Mailer);
        var job = await harness.ClaimOneAsync(await harness.RegisterNodeAsync());
        var outcome = StoreHarness.Outcome(job, JobState.Completed);

        await Assert.ThrowsAsync<InvalidOperationException>(() => harness.Store.CompleteAsync(
            outcome, (_, _) => throw new InvalidOperationException("The caller's writes failed."), TestContext.Current.CancellationToken));
        Assert.Equal(JobState.Executing, (await harness.FindJobAsync(job.Id))!.State);
        var stale = await harness.Store.CompleteAsync(outcome with { Run = 7 }, (_, _) => Task.CompletedTask, TestContext.Current.CancellationToken);
        Assert.Equal(JobState.Executing, (await harness.FindJobAsync(job.Id))!.State);
        var result = await harness.Store.CompleteAsync(outcome, (_, _) => Task.CompletedTask, TestContext.Current.CancellationToken);

        Assert.Empty(stale.Acknowledged);
        Assert.Equal([job.Id], result.Acknowledged);
        Assert.Equal(["b"], result.ClosedBatches);
        Assert.Equal(["mail"], result.CallbackQueues);
        Assert.Equal(JobState.Completed, (await harness.FindJobAsync(job.Id))!.State);
        Assert.Single(await harness.CallbacksAsync("b"));
    }
}
