namespace Jobs.Runtime.Tests.Behaviour;

/// <summary>Is told of its batches, and fails over it as often as it is told to.</summary>
[Worker(Name = "hearer", Queue = "tests", MaxAttempts = 4)]
public sealed partial class Hearer(Script script)
{
    [Backoff]
    static TimeSpan WaitAfter(FailedAttempt failed) => TimeSpan.Zero;

    [Perform]
    public void Work(Chore chore)
    {
    }

    [Perform]
    public void Hear(BatchComplete batch, JobContext job)
    {
        script.Say($"{batch.BatchId} {job.Attempt}");
        if (batch.BatchId == "poison" || job.Attempt <= 3)
            throw new InvalidOperationException($"Failed over {batch.BatchId}.");
    }
}

/// <summary>That a batch has ended, and that its callback has run, are two facts.</summary>
public sealed class BatchCallbackTests
{
    [Fact]
    public async Task A_callback_that_fails_three_times_runs_a_fourth_time_and_its_batch_has_ended_all_the_while()
    {
        await using var host = await TestHost.StartAsync();

        await host.Client.EnqueueBatchAsync("b", [Hearer.New(new Chore("ok"))], cancellationToken: TestContext.Current.CancellationToken);
        await host.Script.Seen("b 1");
        Assert.True((await host.Client.GetBatchAsync("b", TestContext.Current.CancellationToken)).IsClosed);
        await host.UntilAsync<string>("SELECT state::text FROM jobs.jobs WHERE callback = 'complete'", static state => state == "completed");

        Assert.Equal(["b 1", "b 2", "b 3", "b 4"], host.Script.Events);
        var status = await host.Client.GetBatchAsync("b", TestContext.Current.CancellationToken);
        Assert.Equal((1, 1, 0, JobState.Completed), (status.Total, status.Completed, status.Discarded, status.CallbackState));
        Assert.Equal(3, await host.ScalarAsync<int>("SELECT jsonb_array_length(errors) FROM jobs.jobs WHERE callback = 'complete'"));
    }

    [Fact]
    public async Task A_callback_that_always_fails_is_discarded_with_its_errors_and_keeps_no_other_batch_waiting()
    {
        await using var host = await TestHost.StartAsync();

        await host.Client.EnqueueBatchAsync("poison", [Hearer.New(new Chore("ok"))], cancellationToken: TestContext.Current.CancellationToken);
        await host.Client.EnqueueBatchAsync("good", [Hearer.New(new Chore("ok"))], cancellationToken: TestContext.Current.CancellationToken);
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE NOT jobs.is_final(state)", static left => left == 0);

        var poison = await host.Client.GetBatchAsync("poison", TestContext.Current.CancellationToken);
        Assert.Equal((true, 1, 0, JobState.Discarded), (poison.IsClosed, poison.Completed, poison.Discarded, poison.CallbackState));
        Assert.Equal(JobState.Completed, (await host.Client.GetBatchAsync("good", TestContext.Current.CancellationToken)).CallbackState);
        Assert.Equal("4 Failed over poison.", await host.ScalarAsync<string>("""
            SELECT jsonb_array_length(errors) || ' ' || substring(errors->3->>'error' FROM 'Failed over poison\.') FROM jobs.jobs WHERE callback = 'complete' AND state = 'discarded'
            """));

        // It can be run again by hand, as any job.
        var callback = await host.ScalarAsync<long>("SELECT id FROM jobs.jobs WHERE callback = 'complete' AND state = 'discarded'");
        Assert.Equal(JobChangeOutcome.Done, (await host.Client.RetryAsync(callback, TestContext.Current.CancellationToken)).Outcome);
        await host.Script.Seen("poison 5");
    }
}
