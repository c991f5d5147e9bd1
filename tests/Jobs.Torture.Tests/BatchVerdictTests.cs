using Jobs.Torture.Checking;
using Jobs.Torture.Journals;
using Jobs.Torture.Work;

namespace Jobs.Torture.Tests;

/// <summary>Each offence that the checker of batches is there for is committed here.</summary>
/// <remarks>The batch "all" has no member but the batch "b", which has four: one of each of <see cref="Fates"/>.</remarks>
public sealed class BatchVerdictTests
{
    static readonly DateTime Noon = new(2026, 11, 24, 12, 0, 0, DateTimeKind.Utc);
    static readonly Fate[] Fates = [Fate.Complete, Fate.FailThenComplete, Fate.Cancel, Fate.Discard];
    static readonly PlannedBatch B = PlanB();

    const int Slow = 200;

    [Fact]
    public void Batches_that_ran_as_they_should_are_beyond_reproach()
    {
        var verdict = BatchVerdict.Of(Blameless());

        Assert.Equal((4, 2), (verdict.Members, verdict.Batches));
        Assert.Equal("complete 2, succeeded 0, attempted 2, discarded 2, cancelled 1, retryable 1", string.Join(", ", verdict.Told.Select(static told => $"{told.Key} {told.Value}")));
        Assert.Empty(Offences(verdict));
    }

    [Fact]
    public void A_member_is_lost_that_has_not_ended_or_never_came_to_its_end_or_is_gone()
    {
        var blameless = Blameless();

        Assert.Equal(["0"], BatchVerdict.Of(With(blameless, 1, static member => member with { State = "available", FinishedAt = null })).Lost);
        Assert.Equal(["0"], BatchVerdict.Of(blameless with { Journal = [.. blameless.Journal.Where(static line => line is not { Key: "0", Moment: Moment.Ended })] }).Lost);
        Assert.Equal(["0"], BatchVerdict.Of(Without(blameless, 1)).Lost);
    }

    [Fact]
    public void A_member_that_is_gone_is_lost_unless_somebody_wanted_to_delete_it()
    {
        var deleted = Happened(Without(Blameless(), 1), new MemberEvent(1, 0, 2, "deleted", "completed", Second(8)));

        Assert.Equal(["0"], Offences(BatchVerdict.Of(deleted)));
        Assert.Empty(Offences(BatchVerdict.Of(deleted with { Deleted = new HashSet<long> { 1 } })));
    }

    [Fact]
    public void A_member_is_unexpected_that_nobody_asked_for_or_that_is_stored_twice_or_in_another_batch()
    {
        var blameless = Blameless();
        var tables = blameless.Tables;
        var ghost = blameless with { Tables = tables with { Members = [.. tables.Members, Member(9, 7, "completed", 2)] } };
        var twice = blameless with { Tables = tables with { Members = [.. tables.Members, Member(9, 0, "completed", 2)] } };
        var line = blameless with { Journal = [.. blameless.Journal, Line(Moment.Started, 1, "7", 9)] };

        Assert.Equal(["7"], BatchVerdict.Of(ghost).Unexpected);
        Assert.Equal(["0"], BatchVerdict.Of(twice).Unexpected);
        Assert.Equal(["7"], BatchVerdict.Of(line).Unexpected);
        Assert.Equal(["0"], BatchVerdict.Of(With(blameless, 1, static member => member with { Batch = 1 })).Unexpected);
    }

    [Fact]
    public void A_member_that_ran_to_its_end_twice_or_was_started_again_has_a_cause_only_if_its_node_was_killed_or_slow()
    {
        var blameless = Blameless();
        var ended = blameless with { Journal = [.. blameless.Journal, Line(Moment.Ended, 6, "1", 2)] };
        var started = blameless with { Journal = [.. blameless.Journal, Line(Moment.Started, 6, "0", 1)] };
        var slow = blameless with { Journal = [.. blameless.Journal, Line(Moment.Started, 6, "0", 1) with { Process = Slow }] };

        Assert.Equal(["1"], Offences(BatchVerdict.Of(ended)));
        Assert.Equal(["0"], Offences(BatchVerdict.Of(started)));
        Assert.Equal(["0"], Offences(BatchVerdict.Of(slow)));
        Assert.Empty(Offences(BatchVerdict.Of(ended with { InFlight = new HashSet<long> { 2 } })));
        Assert.Empty(Offences(BatchVerdict.Of(started with { InFlight = new HashSet<long> { 1 } })));
        Assert.Empty(Offences(BatchVerdict.Of(slow with { Slow = new HashSet<int> { Slow } })));
        Assert.Equal(["0"], BatchVerdict.Of(slow with { Slow = new HashSet<int> { Slow } }).Doubled);
    }

    [Theory]
    [InlineData(1, "cancelled")]
    [InlineData(1, "discarded")]
    [InlineData(2, "discarded")]
    [InlineData(3, "completed")]
    [InlineData(3, "discarded")]
    [InlineData(4, "completed")]
    [InlineData(4, "cancelled")]
    public void A_member_that_ends_otherwise_than_it_should_was_misled(long member, string state) =>
        Assert.Contains($"{member - 1} ({Fates[member - 1]}, {state})", BatchVerdict.Of(With(Blameless(), member, row => row with { State = state })).Misled);

    [Fact]
    public void A_member_was_not_misled_that_somebody_cancelled_or_of_which_nodes_had_died()
    {
        var cancelled = With(Blameless(), 1, static member => member with { State = "cancelled" });

        Assert.Empty(BatchVerdict.Of(cancelled with { Cancelled = new HashSet<long> { 1 } }).Misled);
        Assert.Empty(BatchVerdict.Of(With(cancelled, "b", static batch => batch with { IsCancelRequested = true })).Misled);
        Assert.Empty(BatchVerdict.Of(With(cancelled, "all", static batch => batch with { IsCancelRequested = true })).Misled);
        Assert.Empty(BatchVerdict.Of(With(Blameless(), 1, static member => member with { State = "discarded", Crashes = 3 })).Misled);
    }

    [Theory]
    [InlineData("complete b")]
    [InlineData("attempted b")]
    [InlineData("discarded b")]
    [InlineData("cancelled b")]
    [InlineData("retryable b")]
    [InlineData("complete all")]
    [InlineData("attempted all")]
    [InlineData("discarded all")]
    public void What_happened_and_was_not_told_is_missed(string told)
    {
        var blameless = Blameless();
        var row = blameless.Tables.Callbacks.Single(callback => $"{callback.Kind} {(callback.Batch == 1 ? "all" : "b")}" == told);
        var untold = blameless with { Journal = [.. blameless.Journal.Where(line => line.Key != told)] };
        var failed = blameless with { Tables = blameless.Tables with { Callbacks = [.. blameless.Tables.Callbacks.Except([row]), row with { State = "discarded" }] } };

        Assert.Equal([Name(told)], Offences(BatchVerdict.Of(untold)));
        Assert.Equal([Name(told)], Offences(BatchVerdict.Of(failed)));
    }

    [Fact]
    public void A_success_that_was_not_told_is_missed()
    {
        var succeeded = Succeeded();
        var untold = succeeded with { Journal = [.. succeeded.Journal.Where(static line => line.Key != "succeeded b")] };

        Assert.Empty(Offences(BatchVerdict.Of(succeeded)));
        Assert.Equal(["succeeded of b"], Offences(BatchVerdict.Of(untold)));
    }

    [Fact]
    public void A_batch_that_is_not_closed_or_not_there_has_missed_to_tell()
    {
        var blameless = Blameless();
        var open = With(blameless, "b", static batch => batch with { ClosedAt = null });
        var gone = blameless with { Tables = blameless.Tables with { Batches = [.. blameless.Tables.Batches.Where(static batch => batch.Id != "all")] } };

        Assert.Contains("complete of b", BatchVerdict.Of(open).CallbacksMissed);
        Assert.Equal(["all, which is not there"], BatchVerdict.Of(gone).CallbacksMissed);
    }

    [Theory]
    [InlineData("complete b", 5)]
    [InlineData("attempted b", 5)]
    [InlineData("discarded b", 5)]
    [InlineData("cancelled b", 4)]
    [InlineData("retryable b", 2)]
    [InlineData("complete all", 9)]
    [InlineData("attempted all", 9)]
    [InlineData("discarded all", 9)]
    public void What_was_told_before_it_was_so_is_early(string told, int second)
    {
        var blameless = Blameless();
        var early = blameless with { Journal = [.. blameless.Journal.Select(line => line.Key == told ? line with { At = Second(second) } : line)] };

        Assert.Equal([Name(told)], Offences(BatchVerdict.Of(early)));
    }

    [Fact]
    public void A_success_that_was_told_before_the_last_end_is_early_and_so_is_an_end_after_which_a_member_started()
    {
        var succeeded = Succeeded();
        var early = succeeded with { Journal = [.. succeeded.Journal.Select(static line => line.Key == "succeeded b" ? line with { At = Second(3) } : line)] };
        var late = With(Blameless(), 3, static member => member with { FinishedAt = Second(12) });
        var started = Blameless() with { Journal = [.. Blameless().Journal, Line(Moment.Started, 12, "3", 4)] };

        Assert.Equal(["succeeded of b"], Offences(BatchVerdict.Of(early)));
        Assert.Equal(["complete of b"], Offences(BatchVerdict.Of(late)));
        Assert.Equal(["complete of b"], Offences(BatchVerdict.Of(started)));
        Assert.Empty(Offences(BatchVerdict.Of(started with { InFlight = new HashSet<long> { 4 } })));
    }

    [Theory]
    [InlineData("succeeded b", 2)]
    [InlineData("succeeded all", 1)]
    [InlineData("cancelled all", 1)]
    [InlineData("retryable all", 1)]
    public void What_never_was_so_is_told_early(string told, long batch)
    {
        var blameless = Blameless();
        var line = blameless with { Journal = [.. blameless.Journal, Line(Moment.Told, 30, told, 60)] };
        var row = blameless with { Tables = blameless.Tables with { Callbacks = [.. blameless.Tables.Callbacks, Callback(60, told.Split(' ')[0], batch)] } };

        Assert.Equal([Name(told)], Offences(BatchVerdict.Of(line)));
        Assert.Equal([Name(told)], Offences(BatchVerdict.Of(row)));
    }

    [Fact]
    public void A_member_that_was_deleted_before_it_ended_counts_as_cancelled_and_the_batch_tells_of_it()
    {
        var succeeded = Succeeded();
        var deleted = Happened(Without(succeeded, 2), new MemberEvent(2, 1, 2, "deleted", "available", Second(5))) with { Deleted = new HashSet<long> { 2 } };
        deleted = With(deleted, "b", static batch => batch with { Completed = 1, Cancelled = 1 });
        deleted = deleted with { Tables = deleted.Tables with { Callbacks = [.. deleted.Tables.Callbacks.Select(static row => row.Kind == "complete" ? row with { Completed = 1, Cancelled = 1 } : row)] } };

        Assert.Equal(["cancelled of b", "succeeded of b"], Offences(BatchVerdict.Of(deleted)).Order());
    }

    [Fact]
    public void A_second_callback_is_double_and_so_is_a_second_run_of_it_without_a_kill()
    {
        var blameless = Blameless();
        foreach (var row in blameless.Tables.Callbacks.Where(static callback => callback.Batch == 2))
        {
            var second = blameless with { Tables = blameless.Tables with { Callbacks = [.. blameless.Tables.Callbacks, row with { Id = 99 }] } };
            var again = blameless with { Journal = [.. blameless.Journal, Line(Moment.Told, 30, $"{row.Kind} b", row.Id)] };

            Assert.Equal([$"{row.Kind} of b"], BatchVerdict.Of(second).CallbacksDoubled);
            Assert.Equal([$"{row.Kind} of b"], Offences(BatchVerdict.Of(again)));
            Assert.Empty(Offences(BatchVerdict.Of(again with { InFlight = new HashSet<long> { row.Id } })));
        }
    }

    [Fact]
    public void An_end_that_is_told_with_other_counts_is_miscounted()
    {
        var tables = Blameless().Tables;
        var wrong = Blameless() with { Tables = tables with { Callbacks = [.. tables.Callbacks.Select(static row => row is { Kind: "complete", Batch: 2 } ? row with { Completed = 3 } : row)] } };

        Assert.Equal(["complete of b"], Offences(BatchVerdict.Of(wrong)));
    }

    [Theory]
    [InlineData("I1", 1, 4, 2, 1, 1)]
    [InlineData("I2", 1, 4, 2, 1, 1)]
    [InlineData("I4", 0, 5, 2, 1, 1)]
    [InlineData("I4", 0, 4, 3, 0, 1)]
    [InlineData("I4", 0, 4, 2, 2, 0)]
    public void Counters_that_do_not_fit_the_rows_break_an_invariant(string invariant, int pending, int total, int completed, int cancelled, int discarded)
    {
        var tables = With(Blameless(), "b", batch => batch with { Pending = pending, Total = total, Completed = completed, Cancelled = cancelled, Discarded = discarded }).Tables;

        Assert.Contains(BatchInvariants.FindBroken(tables), sentence => sentence.StartsWith($"{invariant}: batch b ", StringComparison.Ordinal));
    }

    [Fact]
    public void A_batch_that_counts_one_in_it_otherwise_than_it_ended_or_before_it_did_breaks_an_invariant()
    {
        var uncounted = With(Blameless(), "b", static batch => batch with { CountedAt = null }).Tables;
        var otherwise = With(Blameless(), "all", static batch => batch with { Discarded = 0, Cancelled = 1 }).Tables;

        Assert.Equal(["I1", "I4"], Broken(uncounted, "all"));
        Assert.Equal(["I4", "I4"], Broken(otherwise, "all"));
    }

    [Fact]
    public void A_closed_batch_without_a_callback_and_an_open_one_with_it_break_an_invariant()
    {
        var tables = Blameless().Tables;
        var untold = tables with { Callbacks = [.. tables.Callbacks.Where(static row => row is not { Kind: "complete", Batch: 2 })] };
        var open = With(Blameless(), "b", static batch => batch with { ClosedAt = null }).Tables;

        Assert.Equal(["I3"], Broken(untold, "b"));
        Assert.Equal(["I2", "I3"], Broken(open, "b"));
    }

    // Where it came from it stays counted; where it went it is one more.
    [Fact]
    public void A_member_that_moved_on_to_another_batch_counts_in_both()
    {
        var blameless = Blameless();
        var moved = Happened(With(blameless, 4, static member => member with { Batch = 3, FinishedAt = Second(15) }), new MemberEvent(4, 3, 2, "moved", "discarded", Second(12)));
        var retry = new CountedBatch(3, "b/retry-1", null, IsSealed: true, Second(16), null, IsCancelRequested: false, 1, 0, 0, 0, 1);
        var told = moved with
        {
            Tables = moved.Tables with
            {
                Batches = [.. moved.Tables.Batches, retry],
                Events = [.. moved.Tables.Events, new MemberEvent(4, 3, 3, "discarded", "discarded", Second(15))],
                Callbacks = [.. moved.Tables.Callbacks, Callback(71, "complete", 3) with { Total = 1, Discarded = 1 }, Callback(72, "attempted", 3), Callback(73, "discarded", 3)],
            },
            Journal =
            [
                .. moved.Journal, Line(Moment.Started, 14, "3", 4), Line(Moment.Told, 17, "complete b/retry-1", 71), Line(Moment.Told, 17, "attempted b/retry-1", 72),
                Line(Moment.Told, 17, "discarded b/retry-1", 73),
            ],
        };

        Assert.Empty(Offences(BatchVerdict.Of(told)));
        Assert.Contains(BatchInvariants.FindBroken(told.Tables with { Events = blameless.Tables.Events }), static sentence => sentence.StartsWith("I4: batch b ", StringComparison.Ordinal));
    }

    static PlannedBatch PlanB() => Enumerable.Range(0, int.MaxValue)
        .Select(static seed => new PlannedBatch { Id = "b", First = 0, Size = Fates.Length, Mood = Mood.Mixed, Seed = seed })
        .First(static batch => batch.Members.Select(static member => member.Fate).SequenceEqual(Fates));

    static BatchEvidence Blameless() => new()
    {
        Plan = BatchPlan.Of(new PlannedBatch { Id = "all", First = 0, Size = 0, Mood = Mood.Good, Additions = 2, Children = [B] }),
        Tables = new BatchTables(
            [
                Member(1, 0, "completed", 2), Member(2, 1, "completed", 4), Member(3, 2, "cancelled", 5), Member(4, 3, "discarded", 6),
            ],
            [
                Callback(51, "retryable", 2), Callback(52, "cancelled", 2), Callback(53, "discarded", 2), Callback(54, "attempted", 2),
                Callback(55, "complete", 2) with { Total = 4, Completed = 2, Cancelled = 1, Discarded = 1 },
                Callback(56, "discarded", 1), Callback(57, "attempted", 1), Callback(58, "complete", 1) with { Total = 1, Discarded = 1 },
            ],
            [
                new CountedBatch(1, "all", null, IsSealed: true, Second(11), null, IsCancelRequested: false, 1, 0, 0, 0, 1),
                new CountedBatch(2, "b", 1, IsSealed: true, Second(10), Second(11), IsCancelRequested: false, 4, 0, 2, 1, 1),
            ],
            [
                new MemberEvent(2, 1, 2, "retryable", "retryable", Second(3)), new MemberEvent(3, 2, 2, "cancelled", "cancelled", Second(5)),
                new MemberEvent(4, 3, 2, "discarded", "discarded", Second(6)),
            ]),
        Journal =
        [
            Line(Moment.Started, 1, "0", 1), Line(Moment.Ended, 2, "0", 1), Line(Moment.Started, 2, "1", 2), Line(Moment.Started, 3, "1", 2), Line(Moment.Ended, 4, "1", 2),
            Line(Moment.Started, 4, "2", 3), Line(Moment.Started, 5, "3", 4),
            Line(Moment.Told, 4, "retryable b", 51), Line(Moment.Told, 7, "cancelled b", 52), Line(Moment.Told, 7, "discarded b", 53), Line(Moment.Told, 10, "attempted b", 54),
            Line(Moment.Told, 10, "complete b", 55),
            Line(Moment.Told, 12, "discarded all", 56), Line(Moment.Told, 12, "attempted all", 57), Line(Moment.Told, 12, "complete all", 58),
        ],
    };

    /// <summary>The batch "b" alone, with the two of its members that complete.</summary>
    static BatchEvidence Succeeded()
    {
        var blameless = Blameless();
        var tables = blameless.Tables;
        return blameless with
        {
            Plan = BatchPlan.Of(B with { Size = 2 }),
            Tables = new BatchTables(
                [.. tables.Members.Take(2)],
                [
                    Callback(51, "retryable", 2), Callback(54, "attempted", 2), Callback(55, "complete", 2) with { Total = 2, Completed = 2 }, Callback(59, "succeeded", 2),
                ],
                [tables.Batches[1] with { Parent = null, CountedAt = null, Total = 2, Cancelled = 0, Discarded = 0 }],
                [.. tables.Events.Take(1)]),
            Journal =
            [
                .. blameless.Journal.Where(static line => line.JobId is 1 or 2 or 51 or 54 or 55), Line(Moment.Told, 10, "succeeded b", 59),
            ],
        };
    }

    static BatchEvidence With(BatchEvidence evidence, long id, Func<MemberRow, MemberRow> change) => evidence with
    {
        Tables = evidence.Tables with { Members = [.. evidence.Tables.Members.Select(member => member.Id == id ? change(member) : member)] },
    };

    static BatchEvidence With(BatchEvidence evidence, string id, Func<CountedBatch, CountedBatch> change) => evidence with
    {
        Tables = evidence.Tables with { Batches = [.. evidence.Tables.Batches.Select(batch => batch.Id == id ? change(batch) : batch)] },
    };

    static BatchEvidence Without(BatchEvidence evidence, long id) => evidence with
    {
        Tables = evidence.Tables with { Members = [.. evidence.Tables.Members.Where(member => member.Id != id)] },
    };

    static BatchEvidence Happened(BatchEvidence evidence, MemberEvent happened) => evidence with
    {
        Tables = evidence.Tables with { Events = [.. evidence.Tables.Events, happened] },
    };

    static IEnumerable<string> Offences(BatchVerdict verdict) =>
    [
        .. verdict.Lost, .. verdict.Unexpected, .. verdict.DoubledWithoutCause, .. verdict.Misled, .. verdict.CallbacksMissed, .. verdict.CallbacksEarly,
        .. verdict.CallbacksDoubled, .. verdict.Miscounted, .. verdict.BrokenInvariants,
    ];

    static IEnumerable<string> Broken(BatchTables tables, string batch) => BatchInvariants.FindBroken(tables)
        .Where(sentence => sentence.Contains($"batch {batch} ", StringComparison.Ordinal)).Select(static sentence => sentence[..2]).Order();

    static string Name(string told) => told.Replace(" ", " of ", StringComparison.Ordinal);

    static DateTime Second(int second) => Noon.AddSeconds(second);

    static MemberRow Member(long id, long number, string state, int second) => new(id, number, state, Run: 1, Crashes: 0, Batch: 2, Second(second));

    static CallbackRow Callback(long id, string kind, long batch) => new(id, kind, "completed", Crashes: 0, batch, 0, 0, 0, 0);

    static JournalLine Line(Moment moment, int second, string key, long job) => new(100, moment, Second(second), job, key);
}
