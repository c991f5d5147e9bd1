using Jobs.Torture.Checking;
using Jobs.Torture.Journals;

namespace Jobs.Torture.Tests;

/// <summary>A checker that finds nothing proves nothing: each offence that it is there for is committed here.</summary>
public sealed class VerdictTests
{
    static readonly DateTime Noon = new(2026, 11, 24, 12, 0, 0, DateTimeKind.Utc);

    [Fact]
    public void A_batch_that_ran_as_it_should_is_beyond_reproach()
    {
        var verdict = Verdict.Of(Blameless());

        Assert.Equal(2, verdict.Stored);
        Assert.Empty((string[])[.. verdict.Lost, .. verdict.Unexpected, .. verdict.Doubled, .. verdict.DoubledWithoutCause, .. verdict.Recovered]);
        Assert.Empty((string[])[.. verdict.CallbacksMissed, .. verdict.CallbacksEarly, .. verdict.CallbacksDoubled, .. verdict.BrokenInvariants]);
    }

    [Fact]
    public void A_job_that_never_ended_is_lost_though_its_row_says_completed()
    {
        var blameless = Blameless();

        Assert.Equal(["2"], Verdict.Of(blameless with { Journal = [.. blameless.Journal.Where(line => line is not { Key: "2", Moment: Moment.Ended })] }).Lost);
    }

    [Fact]
    public void A_job_that_ended_is_lost_if_its_row_is_gone_or_waits()
    {
        var blameless = Blameless();
        var gone = blameless with { Tables = blameless.Tables with { Jobs = [.. blameless.Tables.Jobs.Where(job => job.Key != "1")] } };
        var waits = blameless with { Tables = blameless.Tables with { Jobs = [.. blameless.Tables.Jobs.Select(job => job.Key == "1" ? job with { State = "available" } : job)] } };

        Assert.Equal(["1"], Verdict.Of(gone).Lost);
        Assert.Equal(["1"], Verdict.Of(waits).Lost);
    }

    [Fact]
    public void A_job_that_nobody_asked_for_is_unexpected_and_so_is_one_that_is_stored_twice()
    {
        var blameless = Blameless();
        var ghost = blameless with { Stored = ["1"] };
        var twice = blameless with { Tables = blameless.Tables with { Jobs = [.. blameless.Tables.Jobs, Member(9, "1")] } };

        Assert.Equal(["2"], Verdict.Of(ghost).Unexpected);
        Assert.Equal(["1"], Verdict.Of(twice).Unexpected);
    }

    [Fact]
    public void A_job_that_ran_twice_has_a_cause_only_if_it_was_executing_at_a_fault()
    {
        var blameless = Blameless();
        var twice = blameless with { Journal = [.. blameless.Journal, Line(Moment.Started, 5, "1")] };

        Assert.Equal(["1"], Verdict.Of(twice).DoubledWithoutCause);
        Assert.Equal(["1"], Verdict.Of(twice with { InFlight = new HashSet<string> { "1" } }).Doubled);
        Assert.Empty(Verdict.Of(twice with { InFlight = new HashSet<string> { "1" } }).DoubledWithoutCause);
    }

    [Fact]
    public void A_job_whose_enqueue_threw_is_recovered_if_it_is_there_and_not_lost_if_it_is_not()
    {
        var verdict = Verdict.Of(Blameless() with { Stored = ["1"], Unknown = ["2", "3"] });

        Assert.Equal(["2"], verdict.Recovered);
        Assert.Empty((string[])[.. verdict.Lost, .. verdict.Unexpected]);
    }

    [Fact]
    public void A_callback_that_did_not_run_is_missed_and_one_that_ran_before_the_last_job_is_early()
    {
        var blameless = Blameless();
        var untold = blameless with { Journal = [.. blameless.Journal.Where(line => line.Moment != Moment.Told)] };
        var early = untold with { Journal = [.. untold.Journal, Line(Moment.Told, 2, "batch")] };

        Assert.Equal(["batch"], Verdict.Of(untold).CallbacksMissed);
        Assert.Equal(["batch"], Verdict.Of(early).CallbacksEarly);
    }

    [Fact]
    public void A_second_callback_is_double_and_so_is_a_second_run_of_it_without_a_fault()
    {
        var blameless = Blameless();
        var second = blameless with { Tables = blameless.Tables with { Jobs = [.. blameless.Tables.Jobs, Callback(9)] } };
        var again = blameless with { Journal = [.. blameless.Journal, Line(Moment.Told, 6, "batch")] };

        Assert.Equal(["batch"], Verdict.Of(second).CallbacksDoubled);
        Assert.Equal(["batch"], Verdict.Of(again).CallbacksDoubled);
        Assert.Empty(Verdict.Of(again with { InFlight = new HashSet<string> { "batch" } }).CallbacksDoubled);
    }

    [Theory]
    [InlineData("I1", false, false, 3, 2, 2)]
    [InlineData("I2", true, true, 2, 1, 1)]
    [InlineData("I4", true, true, 3, 0, 2)]
    [InlineData("I3", true, false, 2, 0, 2)]
    public void Counters_that_do_not_fit_the_rows_break_an_invariant(string invariant, bool isSealed, bool isClosed, int total, int pending, int completed)
    {
        var batch = new BatchRow(1, "batch", isSealed, isClosed, total, pending, completed, Cancelled: 0, Discarded: 0, HasCallback: true);
        var snapshot = Blameless().Tables with { Batches = [batch] };

        Assert.Contains(Invariants.FindBroken(snapshot), sentence => sentence.StartsWith(invariant, StringComparison.Ordinal));
    }

    static Evidence Blameless() => new()
    {
        Tables = new Snapshot(
            [Member(1, "1"), Member(2, "2"), Callback(3)],
            [new BatchRow(1, "batch", IsSealed: true, IsClosed: true, Total: 2, Pending: 0, Completed: 2, Cancelled: 0, Discarded: 0, HasCallback: true)]),
        Journal =
        [
            Line(Moment.Started, 0, "1"), Line(Moment.Ended, 1, "1"), Line(Moment.Started, 2, "2"), Line(Moment.Ended, 3, "2"), Line(Moment.Told, 4, "batch"),
        ],
        Stored = ["1", "2"],
    };

    static JobRow Member(long id, string key) => new(id, key, "completed", Run: 1, Attempt: 1, Crashes: 0, MaxAttempts: 3, Batch: 1, CallbackOf: null, Noon);

    static JobRow Callback(long id) => new(id, "batch", "completed", Run: 1, Attempt: 1, Crashes: 0, MaxAttempts: 3, Batch: null, CallbackOf: 1, Noon);

    static JournalLine Line(Moment moment, int second, string key) => new(100, moment, Noon.AddSeconds(second), 1, key);
}
