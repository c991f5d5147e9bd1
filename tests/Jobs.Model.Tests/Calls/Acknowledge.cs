using Jobs.Store;

namespace Jobs.Model.Tests.Calls;

/// <summary>What became of a claim, by its age among those the client knows.</summary>
sealed record Outcome(int Claim, JobState State, TimeSpan Delay = default, string? Error = null);

/// <summary>Acknowledges claims in one flush, old ones too.</summary>
sealed record Acknowledge(params IReadOnlyList<Outcome> Outcomes) : Operation
{
    public override Call? Resolve(View view)
    {
        var jobs = Outcomes
            .Select(outcome => view.Claim(outcome.Claim) is { } job ? Ended.Of(job, outcome) : null)
            .OfType<Ended>()
            .DistinctBy(ended => ended.Label)
            .ToList();
        return jobs.Count == 0 ? null : new AcknowledgeCall(jobs);
    }
}

/// <summary>A claim and its outcome.</summary>
sealed record Ended(string Label, Acknowledgement Outcome)
{
    public static Ended Of(ClaimedJob job, Outcome outcome) =>
        new(NewRow.LabelIn(job.Args!.Value), new Acknowledgement(job.Id, job.Run, job.Node, outcome.State, outcome.Delay, outcome.Error));

    /// <summary>Does what the outcome says, if the job still executes that run there.</summary>
    /// <returns>Whether it did.</returns>
    public bool Apply(World world)
    {
        if (world.FindJob(Label) is not { State: JobState.Executing } job || job.Run != Outcome.Run || job.Node != Outcome.Node)
            return false;

        if (Outcome.Error is { } error)
        {
            world.AddError(job, error);
            job = world.FindJob(Label)!;
        }

        switch (Outcome.State)
        {
            case JobState.Available:
                world.GiveBack(job);
                break;
            case JobState.Scheduled:
                world.Change(job, job with { State = JobState.Scheduled, Node = null, Attempt = job.Attempt - 1, ScheduledAt = world.Clock + Outcome.Delay });
                break;
            case JobState.Retryable:
                world.Change(job, job with { State = JobState.Retryable, Node = null, ScheduledAt = world.Clock + Outcome.Delay });
                break;
            default:
                world.End(job, Outcome.State);
                break;
        }

        return true;
    }
}

sealed record AcknowledgeCall(IReadOnlyList<Ended> Jobs) : Call
{
    public override async Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken) =>
        [AcknowledgeAnswer.Of(await subject.Store.AcknowledgeAsync([.. Jobs.Select(job => job.Outcome)], cancellationToken), subject)];

    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped)
    {
        var counted = Jobs.Where(job => job.Apply(world)).Select(job => job.Label).ToList();
        return AcknowledgeAnswer.Of(counted, world.Close());
    }
}

/// <summary>Completes a claim in a transaction that enqueues another job, as a handler does.</summary>
sealed record CompleteInTransaction(int Claim, Draft Enqueued) : Operation
{
    public override Call? Resolve(View view) => view.Claim(Claim) is { } job
        ? new CompleteInTransactionCall(Ended.Of(job, new Outcome(Claim, JobState.Completed)), view.Name(Enqueued))
        : null;
}

sealed record CompleteInTransactionCall(Ended Job, NewRow Enqueued) : Call
{
    public override async Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken)
    {
        var id = 0L;
        var result = await subject.Store.CompleteAsync(
            Job.Outcome,
            async (transaction, token) =>
                id = await subject.Store.EnqueueAsync(Enqueued.ToJob(Subject.Start), EnqueueTerms.Alone with { Transaction = transaction }, token),
            cancellationToken);
        if (result.Acknowledged.Count == 1)
        {
            subject.Know(Enqueued.Label, id);
            view.Jobs.Add(Enqueued.Label);
        }

        return [AcknowledgeAnswer.Of(result, subject)];
    }

    // The enqueued job comes first, since the acknowledgement may enqueue a callback.
    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped)
    {
        var before = world.Tables;
        world.Insert(Enqueued);
        if (Job.Apply(world))
            return AcknowledgeAnswer.Of([Job.Label], world.Close());

        world.Restore(before);
        return AcknowledgeAnswer.Of([], new Closed([], []));
    }
}

static class AcknowledgeAnswer
{
    public static Answer Of(AcknowledgeResult result, Subject subject) => Of(
        result.Acknowledged.Select(subject.LabelOf),
        new Closed([.. result.ClosedBatches.Order(StringComparer.Ordinal)], [.. result.CallbackQueues.Order(StringComparer.Ordinal)]));

    public static Answer Of(IEnumerable<string> counted, Closed closed) => new(
        $"counted {List(counted.Order(StringComparer.Ordinal))}; closed {List(closed.Batches)}; callbacks in {List(closed.CallbackQueues)}");

    static string List(IEnumerable<string> items) => string.Join(", ", items.DefaultIfEmpty("none"));
}
