namespace Jobs.Runtime.Tests.BatchEnds;

/// <summary>What can be the last event of a batch. Each lets it happen, and returns what the batches have to tell of.</summary>
static class LastEvent
{
    static readonly TimeSpan Day = TimeSpan.FromDays(1);
    static readonly JobOutcome Later = JobOutcome.RetryAfter(Day, "later");

    // What a member says at its end.
    static readonly Dictionary<string, Func<Scene, Task<End>>> Outcomes = new()
    {
        ["it completes"] = static scene => scene.ReturnAsync(static () => JobOutcome.Complete, JobState.Completed),
        ["it completes with an output"] = static scene => scene.ReturnAsync(static () => JobOutcome.CompleteWith("output"), JobState.Completed),
        ["it completes itself with its own writes"] = static scene => scene.PerformAsync(
            static async (job, cancellationToken) =>
            {
                await job.CompleteAsync(static (_, _) => Task.CompletedTask, cancellationToken);
                return JobOutcome.Discard("is not looked at");
            },
            JobState.Completed),
        ["it completes at its second attempt"] = static scene => scene.PerformAsync(
            static (job, _) => Task.FromResult(job.Attempt == 1 ? JobOutcome.RetryAfter(TimeSpan.Zero, "once more") : JobOutcome.Complete), JobState.Completed, attempts: 2),
        ["it discards itself"] = static scene => scene.ReturnAsync(static () => JobOutcome.Discard("no use"), JobState.Discarded),
        ["it cancels itself"] = static scene => scene.ReturnAsync(static () => JobOutcome.Cancel("not today"), JobState.Cancelled),
        ["it throws at its last attempt"] = static scene => scene.ReturnAsync(static () => throw new FormatException("the last"), JobState.Discarded),
        ["it wants another attempt than its last"] = static scene => scene.ReturnAsync(static () => Later, JobState.Discarded),
        ["what it returns cannot be stored"] = static scene => scene.ReturnAsync(static () => JobOutcome.CompleteWith("a\0b"), JobState.Discarded),
        ["its args fit no perform method"] = static scene => scene.RunWithArgsAsync("""'{"txet": "last"}'"""),
        ["its args cannot be read"] = static scene => scene.RunWithArgsAsync("""'{"text": 7}'"""),
        ["its args are too large"] = static scene => scene.RunWithArgsAsync("jsonb_build_object('text', repeat('x', 1024 * 1024))"),
        ["its time is over and it ends by that"] = static scene => scene.TimeOutAsync(isDeaf: false),
        ["its time is over and it goes on"] = static scene => scene.TimeOutAsync(isDeaf: true),
    };

    // What is done to members by hand.
    static readonly Dictionary<string, Func<Scene, Task<End>>> Changes = new()
    {
        ["it is cancelled while it runs"] = static async scene => await CancelAsync(scene, await scene.RunUntilCancelledAsync(ByToken)),
        ["it is cancelled while it runs and snoozes"] = static async scene => await CancelAsync(scene, await scene.RunUntilCancelledAsync(static _ => JobOutcome.Snooze(Day))),
        ["it is cancelled while it runs and completes"] = static async scene =>
            await CancelAsync(scene, await scene.RunUntilCancelledAsync(static _ => JobOutcome.Complete), JobState.Completed),
        ["it is cancelled while it runs and discards itself"] = static async scene =>
            await CancelAsync(scene, await scene.RunUntilCancelledAsync(static _ => JobOutcome.Discard("no use")), JobState.Discarded),
        ["it is cancelled before its time"] = static async scene => await CancelAsync(scene, await scene.EnqueueOneAsync(Scene.Scheduled)),
        ["it is cancelled in its queue"] = static async scene => await CancelAsync(scene, await scene.EnqueueOneAsync(Scene.Available)),
        ["it is cancelled while it snoozes"] = static async scene => await CancelAsync(scene, await scene.WaitAfterAsync(JobOutcome.Snooze(Day), JobState.Scheduled)),
        ["it is cancelled before its next attempt"] = static async scene => await CancelAsync(scene, await scene.WaitAfterAsync(Later, JobState.Retryable)),
        ["it is cancelled and no node knows its worker"] = static async scene => await CancelAsync(scene, await scene.EnqueueOneAsync(Scene.OfAStranger)),
        ["it is deleted before its time"] = static async scene => await DeleteAsync(scene, await scene.EnqueueOneAsync(Scene.Scheduled)),
        ["it is deleted in its queue"] = static async scene => await DeleteAsync(scene, await scene.EnqueueOneAsync(Scene.Available)),
        ["it is deleted before its next attempt"] = static async scene => await DeleteAsync(scene, await scene.WaitAfterAsync(Later, JobState.Retryable)),
        ["it is deleted and no node knows its worker"] = static async scene => await DeleteAsync(scene, await scene.EnqueueOneAsync(Scene.OfAStranger)),
        ["it is retried by hand when it was discarded and completes"] = static scene => scene.RetryDiscardedAsync(),
        ["many are cancelled by a filter"] = static async scene =>
        {
            var count = await scene.EnqueueManyAsync();
            return await scene.EndByAsync(() => scene.Client.CancelAsync(new JobFilter { Batch = scene.Batch }, cancellationToken: TestContext.Current.CancellationToken), JobState.Cancelled, count);
        },
        ["many are deleted by a filter"] = static async scene =>
        {
            var count = await scene.EnqueueManyAsync();
            return await scene.EndByAsync(
                () => scene.Client.DeleteAsync(
                    new JobFilter { Batch = scene.Batch, States = [JobState.Available, JobState.Scheduled] }, cancellationToken: TestContext.Current.CancellationToken),
                JobState.Cancelled, count);
        },
    };

    // Nodes that die with a member.
    static readonly Dictionary<string, Func<Scene, Task<End>>> Deaths = new()
    {
        ["too many nodes die with it"] = static async scene =>
        {
            await scene.EnqueueOneAsync(Scene.Available);
            await scene.CrashAsync();
            return await scene.DieAsync(await scene.ClaimAsync(), JobState.Discarded);
        },
        ["a node dies with it that was asked to cancel it"] = static async scene =>
        {
            var id = await scene.EnqueueOneAsync(Scene.Available);
            var job = await scene.ClaimAsync();
            await scene.Client.CancelAsync(id, TestContext.Current.CancellationToken);
            return await scene.DieAsync(job, JobState.Cancelled);
        },
        ["a node dies with it and it completes alone on another"] = static async scene =>
        {
            await scene.EnqueueOneAsync(Scene.Available);
            var id = await scene.CrashAsync();
            return await scene.EndByAsync(() => scene.Client.EditAsync(id, new JobEdit { Queue = "tests" }, TestContext.Current.CancellationToken), JobState.Completed);
        },
        ["it is deleted when a node has died with it"] = static async scene =>
        {
            await scene.EnqueueOneAsync(Scene.Available);
            return await DeleteAsync(scene, await scene.CrashAsync());
        },
    };

    // What ends a batch as a whole, or is none of its members.
    static readonly Dictionary<string, Func<Scene, Task<End>>> Wholes = new()
    {
        ["the batch is cancelled while many wait"] = static async scene =>
        {
            var count = await scene.EnqueueManyAsync();
            return await scene.EndByAsync(() => scene.Client.CancelBatchAsync(scene.Batch, TestContext.Current.CancellationToken), JobState.Cancelled, count);
        },
        ["the batch is cancelled while its last member runs"] = static async scene =>
        {
            await scene.RunUntilCancelledAsync(ByToken);
            return await scene.EndByAsync(() => scene.Client.CancelBatchAsync(scene.Batch, TestContext.Current.CancellationToken), JobState.Cancelled);
        },
        ["the batch is sealed"] = static async scene =>
        {
            await scene.OpenAsync(TimeSpan.FromHours(1), isCancelledOnExpiry: false);
            return await scene.EndByAsync(() => scene.Client.SealAsync(scene.Batch, cancellationToken: TestContext.Current.CancellationToken), JobState.Completed, 0);
        },
        ["the batch is sealed in a transaction of its builder"] = static async scene =>
        {
            await scene.OpenAsync(TimeSpan.FromHours(1), isCancelledOnExpiry: false);
            return await scene.EndByAsync(scene.SealInTransactionAsync, JobState.Completed, 0);
        },
        ["the time of the open batch is over"] = static async scene =>
            scene.EndsAs(JobState.Completed, await scene.OpenAsync(TimeSpan.FromSeconds(1), isCancelledOnExpiry: false), 0),
        ["the time of the open batch is over and what waits is cancelled"] = static async scene =>
            scene.EndsAs(JobState.Cancelled, await scene.OpenAsync(TimeSpan.FromSeconds(2), isCancelledOnExpiry: true, Scene.Available, Scene.Scheduled), 2),
        ["the batch is empty"] = static async scene => await scene.EnqueueNothingAsync([]),
        ["all members of the batch are there already"] = static async scene =>
        {
            var member = Scene.Available with { Key = scene.Batch };
            await scene.Client.EnqueueAsync(member, TestContext.Current.CancellationToken);
            return await scene.EnqueueNothingAsync([member, member]);
        },
        ["its last member is a batch that completes"] = static async scene =>
        {
            var (inner, last) = await scene.EnqueueInnerAsync(Scene.Scheduled);
            var end = await scene.EndByAsync(() => scene.RunAsync(last), JobState.Completed);
            return end with { Inner = new End(inner, end.Since, Completed: 1) };
        },
        ["its last member is a batch that a rescue ends"] = static async scene =>
        {
            var (inner, _) = await scene.EnqueueInnerAsync(Scene.Available);
            await scene.CrashAsync();
            var end = await scene.DieAsync(await scene.ClaimAsync(), JobState.Discarded);
            return end with { Inner = new End(inner, end.Since, Discarded: 1) { Looks = end.Looks } };
        },
        ["its last members are deleted with SQL and the leader finds out"] = static scene => scene.DeleteWithSqlAsync(),
    };

    public static IReadOnlyDictionary<string, Func<Scene, Task<End>>> All { get; } = Outcomes.Concat(Changes).Concat(Deaths).Concat(Wholes).ToDictionary();

    static JobOutcome ByToken(CancellationToken token) => throw new OperationCanceledException(token);

    static Task<End> CancelAsync(Scene scene, long id, JobState end = JobState.Cancelled) => scene.EndByAsync(
        async () => Assert.Equal(JobChangeOutcome.Done, (await scene.Client.CancelAsync(id, TestContext.Current.CancellationToken)).Outcome), end);

    static Task<End> DeleteAsync(Scene scene, long id) => scene.EndByAsync(
        async () => Assert.Equal(JobChangeOutcome.Done, (await scene.Client.DeleteAsync(id, TestContext.Current.CancellationToken)).Outcome), JobState.Cancelled);
}
