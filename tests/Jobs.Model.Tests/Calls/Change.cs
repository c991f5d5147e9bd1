using Jobs.Store;

namespace Jobs.Model.Tests.Calls;

/// <summary>What is done to jobs by hand.</summary>
enum ByHand
{
    Cancel,
    Retry,
    Delete,
    Edit,
}

/// <summary>What an edit changes.</summary>
sealed record Edit(int? Priority = null, int? MaxAttempts = null, Queue? Queue = null, TimeSpan? In = null, TimeSpan? At = null);

/// <summary>Which jobs a change by hand means.</summary>
sealed record Filter(JobState? State = null, Queue? Queue = null, Worker? Worker = null, string? Batch = null, string? Tag = null)
{
    public JobFilter ToFilter() => JobFilter.All with
    {
        States = State is { } state ? [state] : null,
        Queues = Queue is { } queue ? [queue.ToString()] : null,
        Workers = Worker is { } worker ? [worker.ToString()] : null,
        Batch = Batch,
        AllTags = Tag is null ? null : [Tag],
    };

    public bool Means(JobRow job) =>
        (State is null || job.State == State) &&
        (Queue is null || job.Queue == Queue.ToString()) &&
        (Worker is null || job.Worker == Worker.ToString()) &&
        (Batch is null || job.Batch == Batch) &&
        (Tag is null || job.Tags?.Split(',').Contains(Tag) == true);
}

/// <summary>Changes one job by hand.</summary>
/// <param name="What">What is done.</param>
/// <param name="Job">The job, 0 for the newest.</param>
/// <param name="Edit">What an edit changes.</param>
/// <param name="NewArgs">Of which worker an edit's new args are; <see langword="null"/> for none.</param>
sealed record ChangeJob(ByHand What, int Job, Edit Edit, Worker? NewArgs = null) : Operation
{
    public override Call? Resolve(View view) => view.Job(Job) is { } job
        ? new ChangeJobCall(What, job.Label, job.Id, Edit, NewArgs is { } worker ? view.Name(new Draft(worker)) : null)
        : null;
}

sealed record ChangeJobCall(ByHand What, string Label, long Id, Edit Edit, NewRow? NewArgs) : Call
{
    public override async Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken) =>
        [ChangeAnswer.Of(await ChangeAnswer.RunAsync(subject, What, JobSelection.One(Id), Edit, NewArgs, cancellationToken), subject)];

    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped) =>
        HandRules.Apply(world, What, world.FindJob(Label) is { } job ? [job] : [], Edit, NewArgs, skipped);

    public override IEnumerable<IReadOnlySet<string>> Skips(World world, int part, Answer answer) =>
        SubsetsOf(HandRules.KeysOf(What, world.FindJob(Label) is { } job ? [job] : []));
}

/// <summary>Changes the first of the jobs that a filter means.</summary>
sealed record ChangeJobs(ByHand What, Filter Filter, int Limit, Edit Edit) : Call
{
    public override async Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken) =>
        [ChangeAnswer.Of(await ChangeAnswer.RunAsync(subject, What, new JobSelection(Filter.ToFilter(), long.MinValue, Limit), Edit, null, cancellationToken), subject)];

    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped) =>
        HandRules.Apply(world, What, [.. Meant(world).Where(job => !skipped.Contains(job.Label)).Take(Limit)], Edit, null, skipped);

    // It looks in a snapshot: what has come to be meant since then it does not see.
    public override IEnumerable<IReadOnlySet<string>> Skips(World world, int part, Answer answer)
    {
        var meant = Meant(world).ToLookup(job => answer.Taken.Contains(job.Label));
        return SubsetsOf(HandRules.KeysOf(What, meant[true])).Select(keys => keys.Concat(meant[false].Select(job => job.Label)).ToHashSet());
    }

    IEnumerable<JobRow> Meant(World world) => world.Jobs.Where(job => Filter.Means(job) && HandRules.IsPossible(What, job, null));
}

/// <summary>The rules of changes by hand.</summary>
static class HandRules
{
    public static bool IsPossible(ByHand what, JobRow job, NewRow? newArgs) => what switch
    {
        ByHand.Cancel => Waits(job) || job is { State: JobState.Executing, CancelRequestedAt: null },
        ByHand.Retry => job.IsFinal || job.State is JobState.Scheduled or JobState.Retryable,
        ByHand.Delete => job.State != JobState.Executing,
        _ => Waits(job) && (newArgs is null || newArgs.Draft.Worker.ToString() == job.Worker),
    };

    static bool Waits(JobRow job) => job.State is JobState.Scheduled or JobState.Available or JobState.Retryable;

    /// <summary>The keys that a change needs, as they are called among what is passed over because others hold it.</summary>
    public static IEnumerable<string> KeysOf(ByHand what, IEnumerable<JobRow> jobs) => what is ByHand.Retry or ByHand.Delete
        ? jobs.Select(job => job.UniqueKey).OfType<string>().Distinct().Select(World.NameOfSkipped)
        : [];

    public static Answer Apply(World world, ByHand what, IReadOnlyList<JobRow> jobs, Edit edit, NewRow? newArgs, IReadOnlySet<string> skipped)
    {
        var selected = new List<(string Label, JobState State, bool IsChanged, bool IsKeyTaken)>();
        var woken = new List<string>();
        var contested = what == ByHand.Retry ? Contested(world, jobs, skipped) : [];
        foreach (var job in jobs)
        {
            var isContested = contested.Contains(job.Label);
            var isChanged = !isContested && IsPossible(what, job, newArgs) && TryChange(world, what, job, edit, newArgs, skipped);
            var after = world.FindJob(job.Label);
            selected.Add((job.Label, (after ?? job).State, isChanged, isContested));
            if (isChanged && what is ByHand.Retry or ByHand.Edit && after!.State == JobState.Available)
                woken.Add(after.Queue);
        }

        return ChangeAnswer.Of(selected, woken.Concat(world.Close().CallbackQueues));
    }

    // Of the jobs that have ended one at most has each key again: who has it still, else the newest. If another holds it, none.
    static HashSet<string> Contested(World world, IReadOnlyList<JobRow> jobs, IReadOnlySet<string> skipped)
    {
        var contested = new HashSet<string>();
        foreach (var equal in jobs.Where(job => job is { IsFinal: true, UniqueKey: not null }).GroupBy(job => job.UniqueKey!))
        {
            if (world.FindKey(equal.Key) is not { } key)
                continue;

            var isLocked = skipped.Contains(World.NameOfSkipped(key.Name));
            var first = equal.Where(job => job.Label == key.Job).Concat(equal.Reverse()).First();
            var isFree = !isLocked && (first.Label == key.Job || !world.IsHeld(key));
            contested.UnionWith(equal.Where(job => !isFree || job != first).Select(job => job.Label));
        }

        return contested;
    }

    static bool TryChange(World world, ByHand what, JobRow job, Edit edit, NewRow? newArgs, IReadOnlySet<string> skipped)
    {
        switch (what)
        {
            case ByHand.Cancel when job.State == JobState.Executing:
                world.Change(job, job with { CancelRequestedAt = world.Clock });
                return true;
            case ByHand.Cancel:
                world.End(job, JobState.Cancelled);
                return true;
            case ByHand.Retry:
                return TryRetry(world, job);
            case ByHand.Delete:
                if (!job.IsFinal)
                    world.End(job, JobState.Cancelled);
                world.Jobs = world.Jobs.RemoveAll(row => row.Label == job.Label);
                if (job.UniqueKey is { } name && !skipped.Contains(World.NameOfSkipped(name)))
                    world.Free(job);
                return true;
            default:
                world.Change(job, Edited(world, job, edit) with { Args = newArgs?.Args ?? job.Args });
                return true;
        }
    }

    // A member that has ended goes back only into a batch that is not closed.
    static bool TryRetry(World world, JobRow job)
    {
        if (job.IsFinal && job.Batch is { } batch)
        {
            if (world.FindBatch(batch) is not { ClosedAt: null })
                return false;
            world.Count(batch, job.State, -1);
        }

        // The key is held for what is left of its period, in the states in which it was held before.
        if (job is { IsFinal: true, UniqueKey: { } name } && world.FindKey(name) is { } key)
            world.Change(key with { Job = job.Label });

        world.Wait(
            job with
            {
                ScheduledAt = world.Clock,
                FinishedAt = null,
                Run = job is { Run: 0, IsAttempted: true } ? 1 : job.Run,
                MaxAttempts = Math.Max(job.MaxAttempts, job.Attempt + 1),
                Progress = null,
                Output = null,
            },
            JobState.Available);
        return true;
    }

    static JobRow Edited(World world, JobRow job, Edit edit)
    {
        var due = edit.At ?? (edit.In is { } delay ? world.Clock + delay : null);
        return job with
        {
            Priority = edit.Priority ?? job.Priority,
            MaxAttempts = edit.MaxAttempts ?? job.MaxAttempts,
            Queue = edit.Queue?.ToString() ?? job.Queue,
            ScheduledAt = due ?? job.ScheduledAt,
            State = due is null ? job.State
                : due <= world.Clock ? JobState.Available
                : job.State == JobState.Retryable ? JobState.Retryable
                : JobState.Scheduled,
        };
    }
}

static class ChangeAnswer
{
    public static Task<ChangeResult> RunAsync(
        Subject subject, ByHand what, JobSelection jobs, Edit edit, NewRow? newArgs, CancellationToken cancellationToken) => what switch
        {
            ByHand.Cancel => subject.Store.CancelAsync(jobs, cancellationToken),
            ByHand.Retry => subject.Store.RetryAsync(jobs, cancellationToken),
            ByHand.Delete => subject.Store.DeleteAsync(jobs, cancellationToken),
            _ => subject.Store.EditAsync(
                jobs,
                new JobEdit
                {
                    Priority = edit.Priority,
                    MaxAttempts = edit.MaxAttempts,
                    Queue = edit.Queue?.ToString(),
                    ScheduleIn = edit.At is null ? edit.In : null,
                    ScheduleAt = Subject.Start + edit.At,
                    Args = newArgs?.ToJob(Subject.Start),
                },
                cancellationToken),
        };

    public static Answer Of(ChangeResult result, Subject subject) =>
        Of([.. result.Jobs.Select(job => (subject.LabelOf(job.Id), job.State, job.IsChanged, job.IsKeyTaken))], result.Queues);

    public static Answer Of(IReadOnlyList<(string Label, JobState State, bool IsChanged, bool IsKeyTaken)> jobs, IEnumerable<string> woken)
    {
        var shown = jobs.Select(job => $"{job.Label} {(job.IsChanged ? "changed" : job.IsKeyTaken ? "its key is taken" : "not changed")}, {job.State}").Order(StringComparer.Ordinal);
        return new Answer(
            $"{string.Join("; ", shown.DefaultIfEmpty("found none"))}; woke {string.Join(", ", woken.Distinct().Order(StringComparer.Ordinal).DefaultIfEmpty("none"))}",
            $"in the order {string.Join(", ", jobs.Select(job => job.Label))}")
        { Taken = [.. jobs.Select(job => job.Label)] };
    }
}
