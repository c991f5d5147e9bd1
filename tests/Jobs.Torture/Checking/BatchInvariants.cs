namespace Jobs.Torture.Checking;

/// <summary>What must hold between members and counters at every moment, also of batches in batches, and where members were deleted or moved on.</summary>
static class BatchInvariants
{
    static readonly string[] Ends = ["completed", "cancelled", "discarded"];

    /// <summary>Each sentence names a batch for which one does not hold.</summary>
    public static IReadOnlyList<string> FindBroken(BatchTables tables)
    {
        var counts = tables.Batches.ToDictionary(static batch => batch.Key, static _ => new Counts());
        var broken = new List<string>();
        foreach (var member in tables.Members)
            Of(member.Batch, member.Id)?.Add(member.IsFinal ? member.State : null);
        foreach (var gone in tables.Events.Where(static happened => happened.IsGone))
            Of(gone.Batch, gone.Job)?.Add(gone.CountedAs);
        foreach (var child in tables.Batches.Where(static batch => batch.Parent is not null))
            Of(child.Parent!.Value, child.Key)?.Add(child.CountedAt is null ? null : child.End);
        var tellers = tables.Callbacks.Where(static callback => callback.Kind == "complete").ToLookup(static callback => callback.Batch);
        foreach (var batch in tables.Batches)
            broken.AddRange(FindBroken(batch, counts[batch.Key], tellers[batch.Key].Count()));
        return broken;

        Counts? Of(long batch, long what)
        {
            if (counts.TryGetValue(batch, out var found))
                return found;
            broken.Add($"{what} is in batch {batch}, which is not there");
            return null;
        }
    }

    static IEnumerable<string> FindBroken(CountedBatch batch, Counts found, int callbacks)
    {
        var hold = batch.IsSealed ? 0 : 1;
        if (batch.Pending != found.Unfinished + hold)
            yield return $"I1: batch {batch.Id} has pending {batch.Pending}, but {found.Unfinished} members that have not ended";
        if (batch.IsClosed != (batch.Pending == 0 && batch.IsSealed))
            yield return $"I2: batch {batch.Id} is {(batch.IsClosed ? "closed" : "open")} with pending {batch.Pending}";
        if (callbacks != (batch.IsClosed ? 1 : 0))
            yield return $"I3: batch {batch.Id} is {(batch.IsClosed ? "closed" : "open")} and has {callbacks} callbacks that tell of it";
        if (batch.Total != found.Unfinished + Ends.Sum(end => found[end]))
            yield return $"I4: batch {batch.Id} has a total of {batch.Total}, and {found.Unfinished + Ends.Sum(end => found[end])} members";
        foreach (var (end, count) in Ends.Zip((int[])[batch.Completed, batch.Cancelled, batch.Discarded]))
            if (found[end] != count)
                yield return $"I4: batch {batch.Id} counts {count} {end}, and has {found[end]}";
    }

    /// <summary>The members that a batch has by the rows, and those of which it keeps the count.</summary>
    sealed class Counts
    {
        readonly int[] _ended = new int[Ends.Length];

        public int Unfinished { get; private set; }

        public int this[string end] => _ended[Array.IndexOf(Ends, end)];

        public void Add(string? end)
        {
            if (end is null)
                Unfinished++;
            else
                _ended[Array.IndexOf(Ends, end)]++;
        }
    }
}
