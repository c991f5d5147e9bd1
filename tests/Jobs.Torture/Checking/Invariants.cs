namespace Jobs.Torture.Checking;

/// <summary>What must hold between jobs and batches at every moment, whatever runs.</summary>
static class Invariants
{
    /// <summary>Each sentence names a batch for which one does not hold.</summary>
    public static IReadOnlyList<string> FindBroken(Snapshot snapshot)
    {
        var members = snapshot.Jobs.Where(job => job.Batch is not null).ToLookup(job => job.Batch!.Value);
        var callbacks = snapshot.Jobs.Where(job => job.CallbackOf is not null).ToLookup(job => job.CallbackOf!.Value);
        return [.. snapshot.Batches.SelectMany(batch => FindBroken(batch, [.. members[batch.Key]], callbacks[batch.Key].Count()))];
    }

    static IEnumerable<string> FindBroken(BatchRow batch, List<JobRow> members, int callbacks)
    {
        var hold = batch.IsSealed ? 0 : 1;
        var unfinished = members.Count(job => !job.IsFinal);
        if (batch.Pending != unfinished + hold)
            yield return $"I1: batch {batch.Id} has pending {batch.Pending}, but {unfinished} members that have not ended";
        if (batch.IsClosed != (batch.Pending == 0 && batch.IsSealed))
            yield return $"I2: batch {batch.Id} is {(batch.IsClosed ? "closed" : "open")} with pending {batch.Pending}";
        if (batch.Completed + batch.Cancelled + batch.Discarded + batch.Pending - hold != batch.Total || batch.Total != members.Count)
            yield return $"I4: batch {batch.Id} counts {batch.Completed} completed, {batch.Cancelled} cancelled, {batch.Discarded} discarded, {batch.Pending} pending of {batch.Total}; it has {members.Count} members";
        foreach (var (state, count) in ((string, int)[])[("completed", batch.Completed), ("cancelled", batch.Cancelled), ("discarded", batch.Discarded)])
            if (CountOf(state) != count)
                yield return $"I4: batch {batch.Id} counts {count} {state}, and has {CountOf(state)}";
        if (callbacks != (batch.IsClosed && batch.HasCallback ? 1 : 0))
            yield return $"I3: batch {batch.Id} is {(batch.IsClosed ? "closed" : "open")} and has {callbacks} callbacks";

        int CountOf(string state) => members.Count(job => job.State == state);
    }
}
