using Jobs.Generated;
using Jobs.Model.Tests.Calls;
using Jobs.Model.Tests.Histories;

namespace Jobs.Model.Tests;

/// <summary>Histories in which the store and the model once differed, or that a broken store has to fail.</summary>
public sealed class KeptHistories
{
    public static TheoryData<string> Names => [.. Kept.Keys];

    /// <summary>Chance hardly ever makes one: the older of two equal jobs has to get the key back, and both have to end again.</summary>
    internal static History RetryOfTwo { get; } = new History(
    [
        new Enqueue(Way.Alone, [new Draft(Worker.Mailer, Unique: new Once("x"))]),
        new ChangeJob(ByHand.Cancel, 0, new Edit()),
        new Enqueue(Way.Alone, [new Draft(Worker.Mailer, Unique: new Once("x"))]),
        new ChangeJob(ByHand.Cancel, 0, new Edit()),
        new ChangeJob(ByHand.Retry, 1, new Edit()),
        new ChangeJob(ByHand.Cancel, 1, new Edit()),
        new ChangeJobs(ByHand.Retry, new Filter(JobState.Cancelled), 2, new Edit()),
    ]);

    static readonly Dictionary<string, History> Kept = new(StringComparer.Ordinal)
    {
        ["a late outcome of a snoozed and reclaimed job"] = new History(
        [
            new RegisterNode(TimeSpan.FromSeconds(60), Known.Both, [Queue.Mail]),
            new Enqueue(Way.Alone, [new Draft(Worker.Mailer)]),
            new Claim(0, Queue.Mail, Known.Both, 1),
            new Acknowledge([new Outcome(0, JobState.Scheduled)]),
            new Stage(1),
            new Claim(0, Queue.Mail, Known.Both, 1),
            new Acknowledge([new Outcome(1, JobState.Completed)]),
            new Acknowledge([new Outcome(0, JobState.Retryable)]),
        ]),
        ["a rescue of a job that was to be cancelled"] = new History(
        [
            new Enqueue(Way.Alone, [new Draft(Worker.Packer)]),
            new Claim(0, Queue.Mail, Known.Packer, 1),
            new ChangeJob(ByHand.Cancel, 0, new Edit()),
            new Rescue(1),
        ]),
        ["a prune of a batch one of whose callbacks has ended"] = new History(
        [
            new EnqueueBatch("b1", Worker.Mailer, BatchCallbacks.Complete | BatchCallbacks.Succeeded, []),
            new Claim(0, Queue.Mail, Known.Both, 1),
            new Acknowledge([new Outcome(0, JobState.Completed)]),
            new PruneBatches(TimeSpan.Zero, 1),
        ]),
        ["a retry of two equal jobs, of which the older has the key"] = RetryOfTwo,
        ["three enqueues of the same key"] = new History(
            [],
            [new Enqueue(Way.Alone, [new Draft(Worker.Mailer, Unique: new Once("x"))])],
            [new Enqueue(Way.Alone, [new Draft(Worker.Mailer, Unique: new Once("x"))])],
            [new Enqueue(Way.Alone, [new Draft(Worker.Mailer, Unique: new Once("x"))])]),
        ["a retry and a cancel of the same job"] = new History(
            [new Enqueue(Way.Alone, [new Draft(Worker.Mailer)])],
            [new ChangeJob(ByHand.Retry, 0, new Edit())],
            [new ChangeJob(ByHand.Cancel, 0, new Edit())]),
        ["a retry and the end of the same job"] = new History(
            [new Enqueue(Way.Alone, [new Draft(Worker.Packer)]), new Claim(0, Queue.Mail, Known.Both, 1)],
            [new Acknowledge([new Outcome(0, JobState.Completed)])],
            [new ChangeJob(ByHand.Retry, 0, new Edit())]),
        ["a claim of a replaced job that was inserted first and has the later id"] = new History(
            [new RegisterNode(TimeSpan.FromSeconds(60), Known.Both, [Queue.Mail])],
            [
                new Enqueue(Way.Alone, [new Draft(Worker.Mailer), new Draft(Worker.Mailer, Unique: new Once("x", OnConflict: UniqueConflict.Replace, Replaces: JobFields.All))]),
                new Claim(0, Queue.Mail, Known.Both, 2),
            ],
            [new Enqueue(Way.Alone, [new Draft(Worker.Mailer, In: TimeSpan.FromSeconds(60), Unique: new Once("x"))])]),
    };

    // Of a race chance decides who comes first.
    const int Races = 20;

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_history_that_is_kept_passes(string name)
    {
        var history = Kept[name];
        await using var subject = await Subject.StartAsync(TestContext.Current.CancellationToken);

        if (history.Clients.Count == 0)
        {
            Assert.Null(await new Sequence(subject).RunAsync(history.First, TestContext.Current.CancellationToken));
            return;
        }

        await subject.DawdleAsync();
        for (var race = 0; race < Races; race++)
            Assert.Null(await new Concurrency(subject).RunAsync(history, TestContext.Current.CancellationToken));
    }
}
