namespace Jobs.Runtime.Tests.BatchEnds;

/// <summary>Every way in which the last member of a batch ends, and the batch without one, on two nodes that delete at once what has ended.</summary>
public sealed class BatchEndTests(EndNodes nodes, ITestOutputHelper output) : IClassFixture<EndNodes>
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    // A timer of .NET and the database's clock are not the same.
    static readonly TimeSpan Early = TimeSpan.FromMilliseconds(-20);

    public static TheoryData<string> LastEvents => [.. LastEvent.All.Keys];

    [Theory]
    [MemberData(nameof(LastEvents))]
    public async Task A_batch_tells_once_and_within_a_second_whatever_its_last_event_is(string lastEvent)
    {
        await nodes.ClearAsync();
        var scene = new Scene(nodes, lastEvent);

        var end = await LastEvent.All[lastEvent](scene);
        await nodes.Journal.Heard(end.Batch);
        await scene.LeaveAsync();
        await nodes.EmptyAsync();

        foreach (var batch in end.Inner is null ? [end] : new[] { end, end.Inner })
            AssertTold(batch, Assert.Single(nodes.Journal.Told, told => told.Batch.BatchId == batch.Batch));
    }

    void AssertTold(End end, Told told)
    {
        output.WriteLine(FormattableString.Invariant($"The callback of \"{end.Batch}\" was enqueued {(told.InsertedAt - end.Since).TotalMilliseconds:0} ms after."));
        Assert.Equal(new BatchComplete(end.Batch, end.Total, end.Completed, end.Cancelled, end.Discarded), told.Batch with { InsertedAt = null, OccurredAt = null });
        Assert.InRange(told.InsertedAt - end.Since, Early, Soon + end.Looks);

        // The end of the batch and the callback are one statement.
        Assert.Equal(told.InsertedAt, told.Status.ClosedAt);
        Assert.Equal((end.Total, 0, end.Completed, end.Cancelled, end.Discarded), (told.Status.Total, told.Status.Pending, told.Status.Completed, told.Status.Cancelled, told.Status.Discarded));
        Assert.True(told.Status.IsClosed);
    }
}
