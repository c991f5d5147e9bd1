using Jobs.Store;

namespace Jobs.Model.Tests.Calls;

/// <summary>Deletes jobs that ended long ago.</summary>
/// <param name="State">The state they ended in.</param>
/// <param name="Age">How long ago.</param>
/// <param name="Limit">How many it looks at.</param>
/// <param name="Worker">A worker with an age of its own.</param>
/// <param name="IsWorkers">Whether that is this age.</param>
/// <param name="Queue">A queue with an age of its own.</param>
/// <param name="IsQueues">Whether that is this age.</param>
/// <param name="AndTheRest">Whether this is the age of all others.</param>
sealed record Prune(JobState State, TimeSpan Age, int Limit, Worker? Worker, bool IsWorkers, Queue? Queue, bool IsQueues, bool AndTheRest) : Call
{
    public override async Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken)
    {
        var result = await subject.Store.PruneAsync(
            new PruneRule(
                State, Age, Only(Worker, IsWorkers), Only(Worker, !IsWorkers), Only(Queue, IsQueues), Only(Queue, !IsQueues), AndTheRest),
            WalkMark.Start, Limit, cancellationToken);
        return [AnswerOf(result.Seen, result.Pruned)];
    }

    static string[] Only<T>(T? value, bool isMeant)
        where T : struct => value is { } name && isMeant ? [name.ToString()!] : [];

    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped)
    {
        var seen = Old(world).OrderBy(job => job.FinishedAt).Take(Limit).ToList();
        var pruned = seen.Where(job => IsMeant(job) && !IsOfUnfinished(world, job) && !skipped.Contains(job.Label)).ToHashSet();
        world.Jobs = world.Jobs.RemoveAll(pruned.Contains);
        foreach (var job in pruned.Where(job => Frees(world, job) && !skipped.Contains(World.NameOfSkipped(job.UniqueKey!))))
            world.Free(job);
        return AnswerOf(seen.Count, pruned.Count);
    }

    // A key that its job held for a time is held for that time, though the job is gone.
    bool Frees(World world, JobRow job) =>
        job.UniqueKey is { } name && world.FindKey(name) is { } key && key.Job == job.Label &&
        (key.ExpiresAt is null || key.ExpiresAt <= world.Clock || !World.Holds(key, State));

    public override IEnumerable<IReadOnlySet<string>> Skips(World world, int part, Answer answer)
    {
        var old = Old(world).ToList();
        return SubsetsOf([.. old.Select(job => job.Label), .. old.Where(job => Frees(world, job)).Select(job => World.NameOfSkipped(job.UniqueKey!))]);
    }

    IEnumerable<JobRow> Old(World world) => world.Jobs.Where(job => job.State == State && job.FinishedAt <= world.Clock - Age);

    bool IsMeant(JobRow job) =>
        job.Worker == Worker?.ToString() ? IsWorkers
        : job.Queue == Queue?.ToString() ? IsQueues
        : AndTheRest;

    static bool IsOfUnfinished(World world, JobRow job) => job.Batch is { } batch && world.FindBatch(batch) is { ClosedAt: null };

    static Answer AnswerOf(int seen, int pruned) => new($"pruned {pruned}", $"of {seen}");
}

/// <summary>Deletes batches that closed long ago, and whose callbacks of every kind have ended.</summary>
sealed record PruneBatches(TimeSpan Age, int Limit) : Call
{
    public override async Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken)
    {
        var result = await subject.Store.PruneBatchesAsync(Age, WalkMark.Start, Limit, cancellationToken);
        return [AnswerOf(result.Seen, result.Pruned)];
    }

    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped)
    {
        var seen = Old(world).OrderBy(batch => batch.ClosedAt).Take(Limit).ToList();
        var pruned = seen.Where(batch => !IsStillTold(world, batch) && !skipped.Contains(batch.Id)).ToHashSet();
        world.Batches = world.Batches.RemoveAll(pruned.Contains);
        var ids = pruned.Select(batch => batch.Id).ToHashSet();
        world.Jobs = world.Jobs.ConvertAll(job => job with
        {
            Batch = job.Batch is { } batch && ids.Contains(batch) ? World.PrunedBatch : job.Batch,
            CallbackOf = ids.FirstOrDefault(id => IsCallbackOf(job, id)) is { } told ? World.PrunedBatch + job.CallbackOf![told.Length..] : job.CallbackOf,
        });
        return AnswerOf(seen.Count, pruned.Count);
    }

    public override IEnumerable<IReadOnlySet<string>> Skips(World world, int part, Answer answer) => SubsetsOf(Old(world).Select(batch => batch.Id));

    IEnumerable<BatchRow> Old(World world) => world.Batches.Where(batch => batch.ClosedAt <= world.Clock - Age);

    static bool IsStillTold(World world, BatchRow batch) => world.Jobs.Any(job => IsCallbackOf(job, batch.Id) && !job.IsFinal);

    static bool IsCallbackOf(JobRow job, string batch) =>
        job.CallbackOf == batch || job.CallbackOf?.StartsWith($"{batch}: ", StringComparison.Ordinal) == true;

    static Answer AnswerOf(int seen, int pruned) => new($"pruned {pruned} batches", $"of {seen}");
}

/// <summary>Looks along the keys for those that nobody holds any more, and deletes them.</summary>
/// <param name="Limit">How many it looks at.</param>
/// <param name="GoesOn">Whether it begins where the client's last sweep ended.</param>
sealed record SweepKeys(int Limit, bool GoesOn = false) : Operation
{
    public override Call Resolve(View view) => new SweepKeysCall(GoesOn ? view.Swept : Guid.Empty, Limit);
}

sealed record SweepKeysCall(Guid After, int Limit) : Call
{
    public override async Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken)
    {
        var result = await subject.Store.SweepKeysAsync(After, Limit, cancellationToken);
        view.Swept = result.Last;
        return [AnswerOf(result.Seen, result.Freed, result.Last)];
    }

    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped)
    {
        var seen = world.Keys.Where(key => key.Key.CompareTo(After) > 0).OrderBy(key => key.Key).Take(Limit).ToList();
        var freed = seen.Where(key => IsFree(world, key) && !skipped.Contains(World.NameOfSkipped(key.Name))).ToHashSet();
        world.Keys = world.Keys.RemoveAll(freed.Contains);
        return AnswerOf(seen.Count, freed.Count, seen.Count == 0 ? Guid.Empty : seen[^1].Key);
    }

    // A key whose job stands in no state that holds it stays: the job may come back to one.
    static bool IsFree(World world, KeyRow key) => key.ExpiresAt is { } end ? end <= world.Clock : world.FindJob(key.Job) is null;

    public override IEnumerable<IReadOnlySet<string>> Skips(World world, int part, Answer answer) =>
        SubsetsOf(world.Keys.Where(key => IsFree(world, key)).Select(key => World.NameOfSkipped(key.Name)));

    static Answer AnswerOf(int seen, int freed, Guid last) => new($"freed {freed} keys", $"of {seen}, to {last}");
}
