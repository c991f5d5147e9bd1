using Jobs.Store;

namespace Jobs.Model.Tests.Calls;

/// <summary>Makes due jobs available.</summary>
sealed record Stage(int Limit) : Call
{
    public override async Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken)
    {
        var result = await subject.Store.StageAsync(Limit, cancellationToken);
        return [AnswerOf(result.Count, result.Queues)];
    }

    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped)
    {
        var staged = Due(world).Where(job => !skipped.Contains(job.Label)).OrderBy(job => job.ScheduledAt).Take(Limit).ToList();
        foreach (var job in staged)
            world.Change(job, job with { State = JobState.Available });
        return AnswerOf(staged.Count, staged.Select(job => job.Queue));
    }

    public override IEnumerable<IReadOnlySet<string>> Skips(World world, int part, Answer answer) => SubsetsOf(Due(world).Select(job => job.Label));

    static IEnumerable<JobRow> Due(World world) =>
        world.Jobs.Where(job => job.State is JobState.Scheduled or JobState.Retryable && job.ScheduledAt <= world.Clock);

    static Answer AnswerOf(int count, IEnumerable<string> queues) => new($"staged {count} in {string.Join(", ", queues.Distinct().Order(StringComparer.Ordinal))}");
}

/// <summary>Buries nodes whose leases have run out, and frees jobs of dead nodes: two statements.</summary>
sealed record Rescue(int Limit) : Call
{
    public override int Parts => 2;

    public override async Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken)
    {
        var result = await subject.Store.RescueAsync(Limit, cancellationToken);
        return [Buried(result.DeadNodes), Freed(result.Rescued, result.Discarded, result.Cancelled, result.Queues)];
    }

    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped) => part == 0 ? Bury(world) : Free(world, skipped);

    public override IEnumerable<IReadOnlySet<string>> Skips(World world, int part, Answer answer) =>
        part == 0 ? [None] : SubsetsOf(Orphans(world).Select(job => job.Label));

    static Answer Bury(World world)
    {
        var dead = world.Nodes.Where(node => node.ExpiresAt <= world.Clock).ToList();
        world.Nodes = world.Nodes.RemoveRange(dead);
        return Buried(dead.Select(node => node.Name));
    }

    // A job that a node died with is discarded when its crashes reach its max attempts, but never at the first.
    Answer Free(World world, IReadOnlySet<string> skipped)
    {
        var orphans = Orphans(world).Where(job => !skipped.Contains(job.Label)).Take(Limit).Select(job => job with { Crashes = job.Crashes + 1 }).ToList();
        var ends = orphans.Select(EndOf).ToList();
        foreach (var (job, end) in orphans.Zip(ends))
        {
            if (end is null)
                world.Wait(job with { Attempt = job.Attempt - 1 }, JobState.Available);
            else if (end == JobState.Cancelled)
                world.End(job, JobState.Cancelled);
            else
                world.End(world.AddError(job, $"Discarded: {job.Crashes} nodes died while they held this job."), JobState.Discarded);
        }

        var closed = world.Close();
        return Freed(
            ends.Count(end => end is null), ends.Count(end => end == JobState.Discarded), ends.Count(end => end == JobState.Cancelled),
            orphans.Select(job => job.Queue).Concat(closed.CallbackQueues));
    }

    static JobState? EndOf(JobRow job) =>
        job.CancelRequestedAt is not null ? JobState.Cancelled
        : job.Crashes >= Math.Max(job.MaxAttempts, 2) ? JobState.Discarded
        : null;

    static IEnumerable<JobRow> Orphans(World world) =>
        world.Jobs.Where(job => job.State == JobState.Executing && world.Nodes.All(node => node.Node != job.Node));

    static Answer Buried(IEnumerable<string> names) => new($"buried {string.Join(", ", names.Order(StringComparer.Ordinal))}");

    static Answer Freed(int rescued, int discarded, int cancelled, IEnumerable<string> queues) =>
        new($"rescued {rescued}, discarded {discarded}, cancelled {cancelled} in {string.Join(", ", queues.Distinct().Order(StringComparer.Ordinal))}");
}

/// <summary>Moves the clock.</summary>
sealed record MoveClock(TimeSpan By) : Call
{
    public override async Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken)
    {
        await subject.MoveClockAsync(By);
        return [Answer.Done];
    }

    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped)
    {
        world.Clock += By;
        return Answer.Done;
    }
}

/// <summary>Asks which available jobs no living node takes.</summary>
sealed record FindStranded : Call
{
    public override async Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken) =>
        [AnswerOf(await subject.Store.FindStrandedAsync(cancellationToken))];

    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped)
    {
        var alive = world.Nodes.Where(node => node.ExpiresAt > world.Clock).ToList();
        return AnswerOf(
            from job in world.Jobs
            where job is { State: JobState.Available, Crashes: 0 }
            group job by (job.Queue, job.Worker) into jobs
            where !alive.Any(node => Lists(node.Queues, jobs.Key.Queue) && Lists(node.Workers, jobs.Key.Worker))
            select new Stranded(jobs.Key.Queue, jobs.Key.Worker, jobs.Count(), alive.Any(node => Lists(node.Workers, jobs.Key.Worker))));
    }

    static bool Lists(string names, string name) => names.Split(',').Contains(name);

    static Answer AnswerOf(IEnumerable<Stranded> stranded) => new(string.Join("; ", stranded.Select(jobs => jobs.ToString()).Order(StringComparer.Ordinal)));
}
