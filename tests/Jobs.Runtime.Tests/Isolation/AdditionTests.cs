using Jobs.Generated;
using Jobs.Runtime.Tests.Conformance;
using Jobs.Store;
using Npgsql;

namespace Jobs.Runtime.Tests.Isolation;

/// <summary>An addition to an open batch, its seal, and the acknowledgement of its last member, in every order, with commits and rollbacks.</summary>
public sealed class AdditionTests(BatchFixture fixture) : IClassFixture<BatchFixture>
{
    const int Added = 2;

    static readonly bool[] Endings = [true, false];

    int _batches;

    public static TheoryData<bool, bool> EndingsOfTwo => [.. from first in Endings from second in Endings select (first, second)];

    [Theory]
    [MemberData(nameof(EndingsOfTwo))]
    public async Task Jobs_that_are_added_hold_the_batch_open_or_are_not_stored_in_every_order(bool additionCommits, bool sealCommits)
    {
        var results = new HashSet<string>();
        foreach (var order in Step.Orders(2, 2, 2))
        {
            var (batch, member) = await OpenAsync();
            var refusal = default(Exception?);

            var trace = await fixture.Tester.RunAsync(Step.Arrange(order,
            [
                Steps("adder", "add", async transaction => refusal = await Record.ExceptionAsync(() => AddAsync(batch, Added, transaction)), additionCommits),
                Steps("sealer", "seal", transaction => SealAsync(batch, transaction), sealCommits),
                Steps("owner", "acknowledge", transaction => fixture.AcknowledgeAsync(transaction.Connection!, Outcome(member)), commits: true),
            ]));
            Assert.True(refusal is null or BatchSealedException, $"{trace}: {refusal}");
            var isAdded = additionCommits && refusal is null;
            Assert.Equal((trace, isAdded ? 1 + Added : 1, isAdded ? Added : 0, isAdded ? Added : 0L, !isAdded && sealCommits, !isAdded && sealCommits ? 1L : 0L), await FindAsync(trace, batch));

            await SealAsync(batch, null);
            foreach (var added in (await fixture.Store.ClaimAsync(batch, [StoreHarness.Mailer.Name], 10, Guid.NewGuid(), CancellationToken.None)).Jobs)
                await fixture.Store.AcknowledgeAsync([Outcome(added)], CancellationToken.None);
            Assert.Equal((trace, isAdded ? 1 + Added : 1, 0, 0L, true, 1L), await FindAsync(trace, batch));
            results.Add($"{isAdded}");
        }

        Assert.Equal(additionCommits, results.Contains("True"));
        Assert.Equal(!additionCommits || sealCommits, results.Contains("False"));
    }

    /// <summary>An open batch with one member, which executes.</summary>
    async Task<(string Batch, ClaimedJob Member)> OpenAsync()
    {
        var batch = $"additions-{++_batches}-{Guid.NewGuid()}";
        await fixture.Store.OpenBatchAsync(
            new NewBatch(batch) { OpenFor = TimeSpan.FromHours(1) }, [StoreHarness.Listener(BatchCallbacks.Complete, StoreHarness.Worker("Teller"))], EnqueueTerms.Alone, CancellationToken.None);
        await AddAsync(batch, 1, null);
        return (batch, (await fixture.Store.ClaimAsync(batch, [StoreHarness.Mailer.Name], 1, Guid.NewGuid(), CancellationToken.None)).Jobs[0]);
    }

    Task<BatchRef> AddAsync(string batch, int count, NpgsqlTransaction? transaction) => fixture.Store.AddToBatchAsync(
        batch, Enumerable.Range(0, count).Select(i => StoreHarness.NewJob($"{i}") with { Queue = batch }).ToAsyncEnumerable(), static () => [], Terms(transaction), CancellationToken.None);

    Task<SealResult> SealAsync(string batch, NpgsqlTransaction? transaction) => fixture.Store.SealBatchAsync(batch, Terms(transaction), CancellationToken.None);

    static EnqueueTerms Terms(NpgsqlTransaction? transaction) => new(transaction, null, []);

    static IReadOnlyList<Step> Steps(string session, string name, Func<NpgsqlTransaction, Task> change, bool commits)
    {
        var transaction = default(NpgsqlTransaction);
        return
        [
            new(session, name, async connection =>
            {
                transaction = await connection.BeginTransactionAsync();
                await change(transaction);
            }),
            new(session, commits ? "commit" : "rollback", _ => commits ? transaction!.CommitAsync() : transaction!.RollbackAsync()),
        ];
    }

    /// <summary>The batch's counters, how many members wait, and whether it has ended and told.</summary>
    async Task<(string Trace, int Total, int Pending, long Waiting, bool IsClosed, long Callbacks)> FindAsync(string trace, string batch)
    {
        var status = (await fixture.Store.FindBatchAsync(batch, CancellationToken.None))!;
        await using var command = fixture.DataSource.CreateCommand("SELECT count(*) FROM jobs.jobs WHERE queue = $1 AND state = 'available'");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = batch });
        return (trace, status.Total, status.Pending, (long)(await command.ExecuteScalarAsync())!, status.IsClosed, await fixture.CountCallbacksAsync(new BatchRef(batch, 0)));
    }

    static Acknowledgement Outcome(ClaimedJob job) => new(job.Id, job.Run, job.Node, JobState.Completed);
}
