using Jobs.Torture.Journals;

namespace Jobs.Torture.Checking;

/// <summary>What a run did to its jobs and batches: the four questions of Jepsen's queue checker, three about callbacks, and the invariants.</summary>
sealed record Verdict
{
    public required int Stored { get; init; }

    /// <summary>Stored, and never delivered.</summary>
    public required IReadOnlyList<string> Lost { get; init; }

    /// <summary>Delivered or in the table, and never asked for; or in the table twice.</summary>
    public required IReadOnlyList<string> Unexpected { get; init; }

    /// <summary>Run more than once.</summary>
    public required IReadOnlyList<string> Doubled { get; init; }

    /// <summary>Run more than once, though nothing had happened to its node.</summary>
    public required IReadOnlyList<string> DoubledWithoutCause { get; init; }

    /// <summary>The enqueue threw, and the job is there.</summary>
    public required IReadOnlyList<string> Recovered { get; init; }

    public required int Batches { get; init; }

    /// <summary>Batches that are done, and told nobody; and those that are not done.</summary>
    public required IReadOnlyList<string> CallbacksMissed { get; init; }

    /// <summary>Batches that told before each of their jobs had run.</summary>
    public required IReadOnlyList<string> CallbacksEarly { get; init; }

    /// <summary>Batches with more than one callback, or whose callback ran twice without a fault while it ran.</summary>
    public required IReadOnlyList<string> CallbacksDoubled { get; init; }

    public required IReadOnlyList<string> BrokenInvariants { get; init; }

    /// <summary>The verdict on several runs together.</summary>
    public static Verdict Sum(IReadOnlyCollection<Verdict> verdicts) => new()
    {
        Stored = verdicts.Sum(verdict => verdict.Stored),
        Lost = [.. verdicts.SelectMany(verdict => verdict.Lost)],
        Unexpected = [.. verdicts.SelectMany(verdict => verdict.Unexpected)],
        Doubled = [.. verdicts.SelectMany(verdict => verdict.Doubled)],
        DoubledWithoutCause = [.. verdicts.SelectMany(verdict => verdict.DoubledWithoutCause)],
        Recovered = [.. verdicts.SelectMany(verdict => verdict.Recovered)],
        Batches = verdicts.Sum(verdict => verdict.Batches),
        CallbacksMissed = [.. verdicts.SelectMany(verdict => verdict.CallbacksMissed)],
        CallbacksEarly = [.. verdicts.SelectMany(verdict => verdict.CallbacksEarly)],
        CallbacksDoubled = [.. verdicts.SelectMany(verdict => verdict.CallbacksDoubled)],
        BrokenInvariants = [.. verdicts.SelectMany(verdict => verdict.BrokenInvariants)],
    };

    public static Verdict Of(Evidence evidence)
    {
        var rows = evidence.Tables.Jobs.Where(job => job.CallbackOf is null).ToLookup(job => job.Key);
        var runs = evidence.Journal.Where(line => line.Moment != Moment.Told).ToLookup(line => line.Key);
        var told = evidence.Journal.Where(line => line.Moment == Moment.Told).ToLookup(line => line.Key);
        var asked = evidence.Stored.Concat(evidence.Unknown).ToHashSet();
        List<string> doubled = [.. runs.Where(lines => Times(lines) > 1).Select(lines => lines.Key)];
        return new Verdict
        {
            Stored = evidence.Stored.Count,
            Lost = [.. evidence.Stored.Where(key => !evidence.Doomed.Contains(key) && !(IsDelivered(key) && rows[key].Any(job => job.State == "completed")))],
            Unexpected =
            [
                .. runs.Select(lines => lines.Key).Concat(rows.Select(jobs => jobs.Key)).Distinct().Where(key => !asked.Contains(key)),
                .. rows.Where(jobs => jobs.Count() > 1).Select(jobs => jobs.Key),
            ],
            Doubled = doubled,
            DoubledWithoutCause = [.. doubled.Where(key => !evidence.InFlight.Contains(key) && !evidence.Doomed.Contains(key))],
            Recovered = [.. evidence.Unknown.Where(rows.Contains)],
            Batches = evidence.Tables.Batches.Count,
            CallbacksMissed = [.. evidence.Tables.Batches.Where(batch => !batch.IsClosed || !told.Contains(batch.Id)).Select(batch => batch.Id)],
            CallbacksEarly = [.. evidence.Tables.Batches.Where(IsEarly).Select(batch => batch.Id)],
            CallbacksDoubled = [.. evidence.Tables.Batches.Where(IsToldTwice).Select(batch => batch.Id)],
            BrokenInvariants = Invariants.FindBroken(evidence.Tables),
        };

        bool IsDelivered(string key) => runs[key].Any(line => line.Moment == Moment.Ended);

        // Journals of the sample have ends only.
        static int Times(IEnumerable<JournalLine> lines) => Math.Max(lines.Count(line => line.Moment == Moment.Started), lines.Count(line => line.Moment == Moment.Ended));

        bool IsEarly(BatchRow batch) => told.Contains(batch.Id) && evidence.Tables.Jobs.Any(job =>
            job.Batch == batch.Key && job.State == "completed" && !runs[job.Key].Any(line => line.Moment == Moment.Ended && line.At <= told[batch.Id].Min(line => line.At)));

        bool IsToldTwice(BatchRow batch) =>
            evidence.Tables.Jobs.Count(job => job.CallbackOf == batch.Key) > 1 || (told[batch.Id].Count() > 1 && !evidence.InFlight.Contains(batch.Id));
    }
}
