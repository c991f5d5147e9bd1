using CsCheck;
using Jobs.Model.Tests.Histories;

namespace Jobs.Model.Tests;

/// <summary>A model that finds nothing proves nothing: each of these faults in a statement has to be found.</summary>
public sealed class BrokenStoreTests(BrokenStoreTests.Subjects subjects) : IClassFixture<BrokenStoreTests.Subjects>
{
    const int Most = 500;

    // Two clients have to meet within a millisecond, which on a busy machine they seldom do.
    const int MostMeetings = 3_000;

    public static TheoryData<string, string, string> Faults => new()
    {
        { "_acknowledge", " AND j.run = input.run", "" },
        { "_acknowledge", " AND j.node IS NOT DISTINCT FROM input.node", "" },
        { "_acknowledge", " IN ('scheduled', 'available') THEN j.attempt - 1", " IN ('scheduled', 'available') THEN j.attempt" },
        { "_acknowledge", " IN ('scheduled', 'retryable') THEN :schema.clock() + input.delay", " = 'scheduled' THEN :schema.clock() + input.delay" },
        { "_acknowledge", "(state = 'cancelled')::integer - (was = 'cancelled')::integer AS cancelled", "0 AS cancelled" },
        { "_acknowledge", "was_attempted::integer - attempted::integer AS unattempted", "0 AS unattempted" },
        { "_acknowledge", " = 'retryable' AND j.batch IS NOT NULL THEN true", " IN ('scheduled', 'retryable') AND j.batch IS NOT NULL THEN true" },
        { "_acknowledge", " = 'retryable' AND j.batch IS NOT NULL THEN true", " = 'retryable' THEN j.attempted" },
        { "_acknowledge", "(j.attempted IS TRUE OR j.state IN ('completed', 'cancelled', 'discarded')) AS attempted", "j.attempted IS TRUE AS attempted" },
        { "_acknowledge", "j.batch IS NOT NULL AND j.run > 1", "false" },
        { "_acknowledge", "'cancelled', b.cancelled", "'cancelled', b.discarded" },
        { "_acknowledge", "WHERE b.telling & kind.bit <> 0", "WHERE b.telling & kind.bit <> 0 AND b.discarded = 0" },
        { "_acknowledgeUnbatched", " AND j.run = input.run", "" },
        { "_acknowledgeUnbatched", " AND j.node IS NOT DISTINCT FROM input.node", "" },
        { "_acknowledgeUnbatched", " IN ('scheduled', 'available') THEN j.attempt - 1", " IN ('scheduled', 'available') THEN j.attempt" },
        { "_acknowledgeUnbatched", " IN ('scheduled', 'retryable') THEN :schema.clock() + input.delay", " = 'scheduled' THEN :schema.clock() + input.delay" },
        { "_acknowledgeUnbatched", "WHERE was_cancelled", "WHERE false" },
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
        { "_rescue", "j.state = 'executing' AND j.node < holder.node", "false" },
        { "_rescue", "WHERE node IS NOT NULL AND NOT EXISTS (SELECT FROM :schema.nodes AS n WHERE n.id = holder.node)", "WHERE node IS NOT NULL" },
        { "_insert", "due > :schema.clock()", "due >= :schema.clock()" },
        { "_insertOne", "due.at > :schema.clock()", "due.at >= :schema.clock()" },
        { "_insertUnique", ":schema.holds(taken.job_id, taken.expires_at, taken.held_in)", "EXISTS (SELECT FROM :schema.jobs AS j WHERE j.id = taken.job_id AND j.state = ANY (taken.held_in))" },
        { "_insertUnique", "greatest(due, :schema.clock())", ":schema.clock()" },
        { "_insertUnique", ", expires_at = excluded.expires_at", "" },
        { "_takeKeys", ", held_in = excluded.held_in", "" },
        { "_takeKeys", "coalesce(t.due_at, (:schema.clock() AT TIME ZONE 'UTC' + t.due_in) AT TIME ZONE 'UTC')", "t.due_at" },
        { "_heldKeys", " AND :schema.holds(job_id, expires_at, held_in)", "" },
        { "_replace", " AND state IN ('scheduled', 'available', 'retryable')", "" },
        { "_replace", "i.fields & 16 > 0", "i.fields & 8 > 0" },
        { "_replace", "greatest(i.due, :schema.clock()) + make_interval", "k.expires_at + make_interval" },
        { "_deleteJobs", " AND moved.id = k.job_id", " AND moved.id <> k.job_id" },
        { "_deleteJobs", " AND moved.id = k.job_id", "" },
        { "_retryJobs", "place > 1 OR key IS NULL OR ", "key IS NULL OR " },
        { "_retryJobs", " AND :schema.holds(job_id, expires_at, held_in)", "" },
        { "_retryJobs", "SET job_id = ended.id", "SET job_id = k.job_id" },
        { "_prune", "u.expires_at = 'infinity' OR ", "" },
        { "_prune", " OR CAST($1 AS :schema.job_state) <> ALL (u.held_in)", "" },
        { "_prune", "u.expires_at = 'infinity' OR u.expires_at <= :schema.clock() OR CAST($1 AS :schema.job_state) <> ALL (u.held_in)", "true" },
        { "_sweepKeys", "WHERE expires_at <= :schema.clock()", "WHERE expires_at < :schema.clock()" },
        { "_sweepKeys", " AND NOT EXISTS (SELECT FROM :schema.jobs AS j WHERE j.id = seen.job_id)", "" },
        { "_renewNode", " AND j.run = input.run AND j.node = $1", "" },
        { "_elect", "l.node = excluded.node AND l.expires_at > :schema.clock()", "l.node = excluded.node" },
    };

    public static TheoryData<string, string, string> Races => new()
    {
        { "_acknowledge", "j.run = input.run AND j.node IS NOT DISTINCT FROM input.node", FenceInSnapshot },
        { "_acknowledgeUnbatched", "j.run = input.run AND j.node IS NOT DISTINCT FROM input.node", FenceInSnapshot },
        { "_claim", "FOR NO KEY UPDATE SKIP LOCKED", "" },
        { "_claimSuspect", "FOR NO KEY UPDATE SKIP LOCKED", "" },
        { "_stage", "FOR NO KEY UPDATE SKIP LOCKED", "" },
        { "_insertUnique", ":schema.holds(taken.job_id, taken.expires_at, taken.held_in)", HeldInSnapshot },
        { "_takeKeys", ":schema.holds(taken.job_id, taken.expires_at, taken.held_in)", HeldInSnapshot },
    };

    // The fence, asked of the version that the statement has found, and not of what became of it while it waited.
    const string FenceInSnapshot = "EXISTS (SELECT FROM :schema.jobs AS found WHERE found.id = j.id AND found.run = input.run AND found.node = input.node)";

    // What holds() asks, in the snapshot of the statement that takes the key: the job that it waited for is not there.
    const string HeldInSnapshot = """
        (taken.expires_at > :schema.clock() AND coalesce(
            (SELECT j.state = ANY (taken.held_in) FROM :schema.jobs AS j WHERE j.id = taken.job_id),
            isfinite(taken.expires_at) AND 'completed' = ANY (taken.held_in)))
        """;

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_fault_in_a_statement_is_found(string statement, string text, string wrong)
    {
        using var broken = subjects.Quick.Break(statement, text, wrong);

        await FindAsync(
            statement is "_retryJobs" or "_deleteJobs" or "_prune" or "_sweepKeys" ? HistoryGen.OfRivals : HistoryGen.OfOne,
            history => new Sequence(subjects.Quick).RunAsync(history.First, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_retry_that_forgets_who_has_the_key_is_found_by_a_history_that_is_kept()
    {
        using var broken = subjects.Quick.Break("_retryJobs", "ended.id = keys.job_id DESC NULLS LAST, ", "");

        Assert.NotNull(await new Sequence(subjects.Quick).RunAsync(KeptHistories.RetryOfTwo.First, TestContext.Current.CancellationToken));
    }

    [Theory]
    [MemberData(nameof(Races))]
    public async Task A_fault_that_takes_two_at_the_same_time_is_found(string statement, string text, string wrong)
    {
        using var broken = subjects.Slow.Break(statement, text, wrong);

        await FindAsync(MeetingIn(statement), history => new Concurrency(subjects.Slow).RunAsync(history, TestContext.Current.CancellationToken), MostMeetings);
    }

    static Gen<History> MeetingIn(string statement) => statement switch
    {
        "_acknowledge" or "_acknowledgeUnbatched" => HistoryGen.OfAcknowledgements,
        "_claim" => HistoryGen.OfClaims,
        "_claimSuspect" => HistoryGen.OfSuspects,
        "_stage" => HistoryGen.OfStages,
        "_insertUnique" => HistoryGen.OfEnqueues,
        "_takeKeys" => HistoryGen.OfManyEnqueued,
        _ => HistoryGen.OfSeveral,
    };

    static async Task FindAsync(Gen<History> generator, Func<History, Task<string?>> run, int most = Most)
    {
        var random = new PCG(Settings.Seed, 0);
        for (var histories = 1; histories <= most; histories++)
        {
            if (await run(generator.Generate(random, null, out var _)) is not null)
            {
                TestContext.Current.TestOutputHelper?.WriteLine($"Found in history {histories}.");
                return;
            }
        }

        Assert.Fail($"{most} histories pass.");
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
