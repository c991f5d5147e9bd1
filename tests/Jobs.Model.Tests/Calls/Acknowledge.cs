using Jobs.Store;

namespace Jobs.Model.Tests.Calls;

/// <summary>What became of a claim, by its age among those the client knows.</summary>
/// <param name="Claim">The claim, 0 for the newest.</param>
/// <param name="State">Where the job goes.</param>
/// <param name="Delay">When it is due again.</param>
/// <param name="Error">What went wrong.</param>
/// <param name="Output">What a completed job returned.</param>
/// <param name="WasLastAttempt">Whether it is discarded for its last attempt, and not by its own word.</param>
/// <param name="Done">How far it was.</param>
sealed record Outcome(
    int Claim, JobState State, TimeSpan Delay = default, string? Error = null, int? Output = null, bool WasLastAttempt = false, int? Done = null);

/// <summary>Acknowledges claims in one flush, old ones too.</summary>
sealed record Acknowledge(params IReadOnlyList<Outcome> Outcomes) : Operation
{
    public override Call? Resolve(View view)
    {
        var jobs = Outcomes
            .Select(outcome => view.Claim(outcome.Claim) is { } claim ? Ended.Of(claim.Label, claim.Job, outcome) : null)
            .OfType<Ended>()
            .DistinctBy(ended => ended.Label)
            .ToList();
        return jobs.Count == 0 ? null : new AcknowledgeCall(jobs);
    }
}

/// <summary>A claim and its outcome.</summary>
sealed record Ended(string Label, Acknowledgement Outcome)
{
    public static Ended Of(string label, ClaimedJob job, Outcome outcome) => new(
        label,
        Acknowledgement.Of(job, outcome.State) with
        {
            Delay = outcome.Delay,
            Error = outcome.Error,
            WasLastAttempt = outcome is { State: JobState.Discarded, WasLastAttempt: true },
            Output = outcome is { State: JobState.Completed, Output: { } output } ? new StoredOutput($"{output}", IsOfLastAttempt: false, TimeSpan.Zero) : null,
            Progress = outcome.Done is { } done ? new JobProgress(done, null, null) : null,
        });

    /// <summary>Does what the outcome says, if the job still executes that run there.</summary>
    /// <returns>Where the job went; <see langword="null"/> if the outcome was stale.</returns>
    public JobState? Apply(World world)
    {
        if (world.FindJob(Label) is not { State: JobState.Executing } job || job.Run != Outcome.Run || job.Node != Outcome.Node)
            return null;

        if (Outcome.Error is { } error)
            job = world.AddError(job, error);
        job = job with { Output = Outcome.Output?.Json, Progress = Outcome.Progress?.ToJson() ?? job.Progress };

        var state = job.CancelRequestedAt is not null && !MayEndSo ? JobState.Cancelled : Outcome.State;
        switch (state)
        {
            case JobState.Available:
                world.Wait(job with { Attempt = job.Attempt - 1 }, state);
                break;
            case JobState.Scheduled:
                world.Wait(job with { Attempt = job.Attempt - 1, ScheduledAt = world.Clock + Outcome.Delay }, state);
                break;
            case JobState.Retryable:
                world.Fail(job with { ScheduledAt = world.Clock + Outcome.Delay });
                break;
            default:
                world.End(job, state);
                break;
        }

        return state;
    }

    // Whatever else becomes of a job that was to be cancelled is a cancel.
    bool MayEndSo => Outcome.State == JobState.Completed || Outcome is { State: JobState.Discarded, WasLastAttempt: false };
}

sealed record AcknowledgeCall(IReadOnlyList<Ended> Jobs) : Call
{
    public override async Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken) =>
        [AcknowledgeAnswer.Of(await subject.Store.AcknowledgeAsync([.. Jobs.Select(job => job.Outcome)], cancellationToken), subject)];

    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped)
    {
        var states = Jobs.Select(job => (job.Label, Wanted: job.Outcome.State, State: job.Apply(world))).Where(job => job.State is not null).ToList();
        return AcknowledgeAnswer.Of(
            states.Select(job => job.Label), states.Where(job => job.State != job.Wanted).Select(job => job.Label), world.Close());
    }
}

/// <summary>Completes a claim in a transaction that enqueues another job, as a handler does.</summary>
sealed record CompleteInTransaction(int Claim, Draft Enqueued) : Operation
{
    public override Call? Resolve(View view) => view.Claim(Claim) is { } claim
        ? new CompleteInTransactionCall(Ended.Of(claim.Label, claim.Job, new Outcome(Claim, JobState.Completed)), view.Name(Enqueued))
        : null;
}

sealed record CompleteInTransactionCall(Ended Job, NewRow Enqueued) : Call
{
    readonly Enqueuing _enqueuing = new([Enqueued], ByOne: true);

    // Between the enqueue and the acknowledgement others may change everything.
    int Looks => _enqueuing.HasKeys ? Math.Max(_enqueuing.Looks, 1) : 0;

    public override int Parts => Looks + 1;

    public override async Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken)
    {
        _enqueuing.NameKeys();
        try
        {
            return EnqueueAnswer.Last(Looks, await CompleteAsync(subject, view, cancellationToken));
        }
        catch (JobExistsException exists)
        {
            return EnqueueAnswer.Last(Looks, EnqueueAnswer.Exists(subject.LabelOf(exists.JobId)));
        }
    }

    async Task<Answer> CompleteAsync(Subject subject, View view, CancellationToken cancellationToken)
    {
        var enqueued = default(EnqueuedJob);
        var result = await subject.Store.CompleteAsync(
            Job.Outcome,
            async (transaction, token) =>
                enqueued = await subject.Store.EnqueueAsync(Enqueued.ToJob(Subject.Start), EnqueueTerms.Alone with { Transaction = transaction }, token),
            cancellationToken);
        if (result.Acknowledged.Count == 1)
        {
            if (enqueued.IsNew)
                subject.Know(Enqueued.Label, enqueued.Id);
            else
                view.Met++;
            view.Jobs.Add((subject.LabelOf(enqueued.Id), enqueued.Id));
        }

        return AcknowledgeAnswer.Of(result, subject);
    }

    // The enqueued job comes first, since the acknowledgement may enqueue a callback.
    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped)
    {
        if (part < Looks)
        {
            if (_enqueuing.Looks == 0)
                _enqueuing.LookAtOnce(world, this);
            else
                _enqueuing.Look(world, this, part);
            return Answer.Done;
        }

        var before = world.Tables;
        if (_enqueuing.Store(world, this, out var exists) is null)
            return EnqueueAnswer.Exists(exists!);
        if (Job.Apply(world) is not null)
            return AcknowledgeAnswer.Of([Job.Label], [], world.Close());

        world.Restore(before);
        return AcknowledgeAnswer.Of([], [], new Closed([], []));
    }
}

static class AcknowledgeAnswer
{
    public static Answer Of(AcknowledgeResult result, Subject subject) => Of(
        result.Acknowledged.Select(subject.LabelOf),
        result.Cancelled.Select(subject.LabelOf),
        new Closed([.. result.ClosedBatches.Order(StringComparer.Ordinal)], [.. result.CallbackQueues.Order(StringComparer.Ordinal)]));

    public static Answer Of(IEnumerable<string> counted, IEnumerable<string> cancelled, Closed closed) => new(
        $"counted {List(counted.Order(StringComparer.Ordinal))}; cancelled {List(cancelled.Order(StringComparer.Ordinal))}; closed {List(closed.Batches)}; callbacks in {List(closed.CallbackQueues)}");

    static string List(IEnumerable<string> items) => string.Join(", ", items.DefaultIfEmpty("none"));
}
