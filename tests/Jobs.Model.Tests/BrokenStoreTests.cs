using CsCheck;
using Jobs.Model.Tests.Histories;

namespace Jobs.Model.Tests;

/// <summary>A model that finds nothing proves nothing: each of these faults in a statement has to be found.</summary>
public sealed class BrokenStoreTests(BrokenStoreTests.Subjects subjects) : IClassFixture<BrokenStoreTests.Subjects>
{
    const int Most = 500;

    public static TheoryData<string, string, string> Faults => new()
    {
        { "_acknowledge", " AND j.run = input.run", "" },
        { "_acknowledge", " AND j.node = input.node", "" },
        { "_acknowledge", "CASE WHEN locked.state IN ('scheduled', 'available') THEN j.attempt - 1 ELSE j.attempt END", "j.attempt" },
        { "_acknowledge", "locked.state IN ('scheduled', 'retryable') THEN :schema.clock() + locked.delay", "locked.state = 'scheduled' THEN :schema.clock() + locked.delay" },
        { "_acknowledge", "(state = 'cancelled')::integer - (was = 'cancelled')::integer AS cancelled", "0 AS cancelled" },
        { "_acknowledge", "was_attempted::integer - attempted::integer AS unattempted", "0 AS unattempted" },
        { "_acknowledge", "locked.state IN ('scheduled', 'available') OR j.batch IS NULL THEN j.attempted", "j.batch IS NULL THEN j.attempted" },
        { "_acknowledge", "'cancelled', b.cancelled", "'cancelled', b.discarded" },
        { "_acknowledge", "ORDER BY b.key, kind.bit", "AND b.discarded = 0" },
        { "_claim", "run = j.run + 1, ", "" },
        { "_claim", "ORDER BY j.priority, j.scheduled_at, j.id", "ORDER BY j.scheduled_at, j.id" },
        { "_claim", "LIMIT share.size", "LIMIT $3" },
        { "_claim", "AND j.crashes = 0 ", "" },
        { "_claimSuspect", "ORDER BY crashes, priority", "ORDER BY priority" },
        { "_giveBackUnknown", "attempt = j.attempt - 1,", "" },
        { "_giveBackUnknown", "AND queue = $2", "AND $2::text IS NOT NULL" },
        { "_stage", "scheduled_at <= :schema.clock()", "scheduled_at < :schema.clock()" },
        { "_stage", "IN ('scheduled', 'retryable')", "IN ('scheduled')" },
        { "_stage", "ORDER BY scheduled_at, id", "ORDER BY id" },
        { "_buryNodes", "expires_at <= :schema.clock()", "expires_at < :schema.clock()" },
        { "_renewNode", " AND expires_at > :schema.clock()", "" },
        { "_rescue", "SELECT batch, CAST('executing' AS :schema.job_state) AS was", "SELECT NULL::bigint AS batch, CAST('executing' AS :schema.job_state) AS was" },
        { "_rescue", "greatest(j.max_attempts, 2)", "j.max_attempts" },
        { "_rescue", "CASE WHEN locked.state = 'available' THEN greatest(j.attempt - 1, 0) ELSE j.attempt END", "j.attempt" },
        { "_rescue", "crashes = j.crashes + 1,", "" },
        { "_insert", "due > :schema.clock()", "due >= :schema.clock()" },
        { "_elect", "l.node = excluded.node AND l.expires_at > :schema.clock()", "l.node = excluded.node" },
    };

    public static TheoryData<string, string, string> Races => new()
    {
        { "_acknowledge", "j.node = input.node\n        FOR NO KEY UPDATE", "j.node = input.node" },
        { "_claim", "FOR NO KEY UPDATE SKIP LOCKED", "" },
        { "_claimSuspect", "FOR NO KEY UPDATE SKIP LOCKED", "" },
        { "_stage", "FOR NO KEY UPDATE SKIP LOCKED", "" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_fault_in_a_statement_is_found(string statement, string text, string wrong)
    {
        using var broken = subjects.Quick.Break(statement, text, wrong);

        await FindAsync(HistoryGen.OfOne, history => new Sequence(subjects.Quick).RunAsync(history.First, TestContext.Current.CancellationToken));
    }

    [Theory]
    [MemberData(nameof(Races))]
    public async Task A_fault_that_takes_two_at_the_same_time_is_found(string statement, string text, string wrong)
    {
        using var broken = subjects.Slow.Break(statement, text, wrong);

        await FindAsync(MeetingIn(statement), history => new Concurrency(subjects.Slow).RunAsync(history, TestContext.Current.CancellationToken));
    }

    static Gen<History> MeetingIn(string statement) => statement switch
    {
        "_acknowledge" => HistoryGen.OfAcknowledgements,
        "_claim" => HistoryGen.OfClaims,
        "_claimSuspect" => HistoryGen.OfSuspects,
        "_stage" => HistoryGen.OfStages,
        _ => HistoryGen.OfSeveral,
    };

    static async Task FindAsync(Gen<History> generator, Func<History, Task<string?>> run)
    {
        var random = new PCG(Settings.Seed, 0);
        for (var histories = 1; histories <= Most; histories++)
        {
            if (await run(generator.Generate(random, null, out var _)) is not null)
            {
                TestContext.Current.TestOutputHelper?.WriteLine($"Found in history {histories}.");
                return;
            }
        }

        Assert.Fail($"{Most} histories pass.");
    }

    /// <summary>The two stores that are broken and mended again.</summary>
    public sealed class Subjects : IAsyncLifetime
    {
        internal Subject Quick { get; private set; } = null!;

        internal Subject Slow { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Quick = await Subject.StartAsync(TestContext.Current.CancellationToken);
            Slow = await Subject.StartAsync(TestContext.Current.CancellationToken);
            await Slow.DawdleAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await Quick.DisposeAsync();
            await Slow.DisposeAsync();
        }
    }
}
