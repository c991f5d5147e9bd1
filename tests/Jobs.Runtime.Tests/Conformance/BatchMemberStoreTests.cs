using Jobs.Store;

namespace Jobs.Runtime.Tests.Conformance;

/// <summary>What every store must count when a member of a batch, in whatever state, meets whatever can happen to it.</summary>
public abstract class BatchMemberStoreTests
{
    const string Unchanged = "=";
    const string Gone = "deleted";

    static readonly JobState[] States =
    [
        JobState.Scheduled, JobState.Available, JobState.Executing, JobState.Retryable, JobState.Completed, JobState.Cancelled, JobState.Discarded,
    ];

    // In which state it leaves a member that was in the state of the column.
    const string Table = """
        .                    Scheduled  Available  Executing  Retryable  Completed  Cancelled  Discarded
        claim                =          Executing  =          =          =          =          =
        says-completed       =          =          Completed  =          =          =          =
        says-cancelled       =          =          Cancelled  =          =          =          =
        says-discarded       =          =          Discarded  =          =          =          =
        says-retryable       =          =          Retryable  =          =          =          =
        says-scheduled       =          =          Scheduled  =          =          =          =
        says-available       =          =          Available  =          =          =          =
        cancel               Cancelled  Cancelled  =          Cancelled  =          =          =
        cancel-then-fails    Cancelled  Cancelled  Cancelled  Cancelled  =          =          =
        retry                Available  =          =          Available  Available  Available  Available
        delete               deleted    deleted    =          deleted    deleted    deleted    deleted
        edit                 =          =          =          =          =          =          =
        become-due           Available  =          =          Available  =          =          =
        node-dies            =          =          Available  =          =          =          =
        nodes-die-too-often  =          =          Discarded  =          =          =          =
        cancel-and-node-dies Cancelled  Cancelled  Cancelled  Cancelled  =          =          =
        prune                =          =          =          =          =          =          =
        """;

    private protected abstract Task<StoreHarness> StartAsync();

    public static TheoryData<JobState> AllStates => [.. States];

    [Theory]
    [MemberData(nameof(AllStates))]
    public async Task Whatever_happens_to_a_member_its_batch_counts_it_as_what_it_is_and_tells_once(JobState state)
    {
        await using var harness = await StartAsync();
        var column = Array.IndexOf(States, state) + 1;
        foreach (var row in Rows().Skip(1))
            await HappenAsync(harness, state, row[0], row[column]);
    }

    [Fact]
    public void The_table_has_every_state() => Assert.Equal(Enum.GetNames<JobState>().Order(), Rows().First().Skip(1).Order());

    static IEnumerable<string[]> Rows() => Table.Split('\n').Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    static async Task HappenAsync(StoreHarness harness, JobState state, string what, string becomes)
    {
        var batch = $"{state} {what}";

        // The other member keeps the batch from its end. It waits in a queue that nobody claims from.
        await harness.EnqueueBatchAsync(batch, [StoreHarness.NewJob(), StoreHarness.NewJob() with { Queue = "other" }], StoreHarness.Worker("Teller"));
        var member = await harness.ClaimOneAsync(await harness.RegisterNodeAsync());
        if (state is not JobState.Executing)
            Assert.True(await harness.AcknowledgeAsync(member, state, TimeSpan.FromHours(1)));

        await HappenToAsync(harness, member, what);

        var now = becomes switch
        {
            Unchanged => state,
            Gone => IsFinal(state) ? state : JobState.Cancelled,
            _ => Enum.Parse<JobState>(becomes),
        };
        Assert.Equal($"{batch}: {(becomes == Gone ? "" : now)}", $"{batch}: {(await harness.FindJobAsync(member.Id))?.State}");
        await AssertCountsAsync(harness, batch, [now, JobState.Available]);
        Assert.Empty(await harness.CallbacksAsync(batch));

        await EndAsync(harness, batch, member);
        await AssertCountsAsync(harness, batch, [IsFinal(now) ? now : JobState.Cancelled, JobState.Cancelled]);
        Assert.Single(await harness.CallbacksAsync(batch));
    }

    static async Task HappenToAsync(StoreHarness harness, ClaimedJob member, string what)
    {
        switch (what)
        {
            case "claim":
                await harness.ClaimAsync(member.Node);
                break;
            case "cancel":
                await harness.ChangeAsync(harness.Store.CancelAsync, member.Id);
                break;
            case "cancel-then-fails":
                await harness.ChangeAsync(harness.Store.CancelAsync, member.Id);
                await harness.AcknowledgeAsync(member, JobState.Retryable);
                break;
            case "retry":
                await harness.ChangeAsync(harness.Store.RetryAsync, member.Id);
                break;
            case "delete":
                await harness.ChangeAsync(harness.Store.DeleteAsync, member.Id);
                break;
            case "edit":
                await harness.EditAsync(member.Id, new JobEdit { Priority = 3 });
                break;
            case "become-due":
                await harness.MoveClockAsync(TimeSpan.FromHours(2));
                await harness.Store.StageAsync(10, TestContext.Current.CancellationToken);
                break;
            case "node-dies":
                await DieAsync(harness, member);
                break;
            case "nodes-die-too-often":
                await harness.SetAttemptsAsync(member.Id, 1, 1);
                await DieAsync(harness, member);
                if (await harness.ClaimSuspectAsync(await harness.RegisterNodeAsync()) is { } again)
                    await DieAsync(harness, again);
                break;
            case "cancel-and-node-dies":
                await harness.ChangeAsync(harness.Store.CancelAsync, member.Id);
                await DieAsync(harness, member);
                break;
            case "prune":
                foreach (var end in States.Where(IsFinal))
                    await harness.Store.PruneAsync(new PruneRule(end, TimeSpan.Zero, [], [], [], [], AndTheRest: true), WalkMark.Start, 100, TestContext.Current.CancellationToken);
                await harness.Store.PruneBatchesAsync(TimeSpan.Zero, WalkMark.Start, 100, TestContext.Current.CancellationToken);
                break;
            default:
                await harness.AcknowledgeAsync(member, Enum.Parse<JobState>(what["says-".Length..], ignoreCase: true), TimeSpan.FromHours(1));
                break;
        }
    }

    /// <summary>Cancels what has not ended.</summary>
    static async Task EndAsync(StoreHarness harness, string batch, ClaimedJob member)
    {
        await harness.Store.CancelAsync(new JobSelection(new JobFilter { Batch = batch }, long.MinValue, 10), TestContext.Current.CancellationToken);
        await DieAsync(harness, member);
    }

    static async Task DieAsync(StoreHarness harness, ClaimedJob member)
    {
        await harness.DieWithAsync(member);
        await harness.Store.RescueAsync(10, TestContext.Current.CancellationToken);
    }

    static async Task AssertCountsAsync(StoreHarness harness, string batch, IReadOnlyCollection<JobState> members)
    {
        var status = await harness.StatusAsync(batch);
        var pending = members.Count(static state => !IsFinal(state));
        Assert.Equal(
            (batch, members.Count, pending, Count(JobState.Retryable), Count(JobState.Completed), Count(JobState.Cancelled), Count(JobState.Discarded), pending == 0),
            (batch, status.Total, status.Pending, status.Retryable, status.Completed, status.Cancelled, status.Discarded, status.IsClosed));

        int Count(JobState state) => members.Count(member => member == state);
    }

    static bool IsFinal(JobState state) => state is JobState.Completed or JobState.Cancelled or JobState.Discarded;
}
