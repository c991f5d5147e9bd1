using System.Globalization;
using Jobs.Torture.Work;

namespace Jobs.Torture.Checking;

/// <summary>What a run did to the members of its batches.</summary>
sealed class MembersVerdict
{
    readonly BatchEvidence _evidence;
    readonly Chronicle _chronicle;
    readonly Dictionary<long, CountedBatch> _batches;
    readonly HashSet<long> _ledAstray;
    readonly bool[] _seen;

    public MembersVerdict(BatchEvidence evidence, Chronicle chronicle)
    {
        _evidence = evidence;
        _chronicle = chronicle;
        _batches = evidence.Tables.Batches.ToDictionary(static batch => batch.Key);
        _ledAstray = [.. evidence.Tables.Events.Select(static happened => happened.Job)];
        _seen = new bool[evidence.Plan.Jobs];
        Unexpected.AddRange(chronicle.Unknown);
        foreach (var member in evidence.Tables.Members)
            Judge(member);
        foreach (var gone in evidence.Tables.Events)
            if (gone.What == "deleted" && evidence.Deleted.Contains(gone.Job))
                See(gone.Number);
        for (var number = 0; number < _seen.Length; number++)
            if (!_seen[number])
                Lost.Add(Key(number));
    }

    public List<string> Lost { get; } = [];

    public List<string> Unexpected { get; } = [];

    public List<string> Doubled { get; } = [];

    public List<string> DoubledWithoutCause { get; } = [];

    public List<string> Misled { get; } = [];

    void Judge(MemberRow row)
    {
        if (_evidence.Plan.Find(row.Number) is not { } planned || !IsIn(planned, row.Batch) || !See(row.Number))
        {
            Unexpected.Add(Key(row.Number));
            return;
        }

        var member = planned.MemberOf(row.Number);
        var lines = _chronicle.Of(row.Number);
        if (!row.IsFinal || (row.State == "completed" && lines.Ends == 0))
            Lost.Add(member.Key);
        if (row.IsFinal && !IsExplained(row, member.Fate))
            Misled.Add($"{member.Key} ({member.Fate}, {row.State})");

        // What nothing was done to, and what nothing happened to, starts once.
        if (lines.Ends > 1 || (lines.Starts > 1 && member.Fate is Fate.Complete && !_ledAstray.Contains(row.Id)))
        {
            Doubled.Add(member.Key);
            if (!_evidence.InFlight.Contains(row.Id) && !_chronicle.OnSlowNodes.Contains(row.Id))
                DoubledWithoutCause.Add(member.Key);
        }
    }

    // Those that failed in a batch that has ended may have moved on to one that was made for them.
    bool IsIn(PlannedBatch planned, long key) =>
        _batches.TryGetValue(key, out var batch)
        && (batch.Id == planned.Id || batch.Id.StartsWith($"{planned.Id}/retry-", StringComparison.Ordinal));

    // A number that is not one of the run's is unexpected in its own right.
    bool See(long number)
    {
        if (number < 0 || number >= _seen.Length)
            return false;
        var isFirst = !_seen[number];
        _seen[number] = true;
        return isFirst;
    }

    bool IsExplained(MemberRow row, Fate fate) => row.State switch
    {
        "completed" => fate is Fate.Complete or Fate.FailThenComplete or Fate.SnoozeThenComplete,
        "cancelled" => fate is Fate.Cancel || _evidence.Cancelled.Contains(row.Id) || IsCancelled(row.Batch),
        _ => fate is Fate.Discard or Fate.Fail || row.Crashes >= BatchesWorker.MaxAttempts,
    };

    bool IsCancelled(long? key) => key is { } batch && (_batches[batch].IsCancelRequested || IsCancelled(_batches[batch].Parent));

    static string Key(long number) => number.ToString(CultureInfo.InvariantCulture);
}
