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
        return AnswerOf(seen.Count, pruned.Count);
    }

    public override IEnumerable<IReadOnlySet<string>> Skips(World world, int part, Answer answer) => SubsetsOf(Old(world).Select(job => job.Label));

    IEnumerable<JobRow> Old(World world) => world.Jobs.Where(job => job.State == State && job.FinishedAt <= world.Clock - Age);

    bool IsMeant(JobRow job) =>
        job.Worker == Worker?.ToString() ? IsWorkers
        : job.Queue == Queue?.ToString() ? IsQueues
        : AndTheRest;

    static bool IsOfUnfinished(World world, JobRow job) => job.Batch is { } batch && world.FindBatch(batch) is { ClosedAt: null };

    static Answer AnswerOf(int seen, int pruned) => new($"pruned {pruned}", $"of {seen}");
}

/// <summary>Deletes batches that closed long ago, and whose callbacks have ended.</summary>
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
            CallbackOf = job.CallbackOf is { } told && ids.Contains(told) ? World.PrunedBatch : job.CallbackOf,
        });
        return AnswerOf(seen.Count, pruned.Count);
    }

    public override IEnumerable<IReadOnlySet<string>> Skips(World world, int part, Answer answer) => SubsetsOf(Old(world).Select(batch => batch.Id));

    IEnumerable<BatchRow> Old(World world) => world.Batches.Where(batch => batch.ClosedAt <= world.Clock - Age);

    static bool IsStillTold(World world, BatchRow batch) => world.Jobs.Any(job => job.CallbackOf == batch.Id && !job.IsFinal);

    static Answer AnswerOf(int seen, int pruned) => new($"pruned {pruned} batches", $"of {seen}");
}
