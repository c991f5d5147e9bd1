using Jobs.Generated;
using Jobs.Store;
using Npgsql;

namespace Jobs.Model.Tests.Calls;

enum Way
{
    Alone,
    InTransaction,
    InTransactionRolledBack,
}

/// <summary>Enqueues jobs: one by the call for one, several by the call for several.</summary>
sealed record Enqueue(Way Way, params IReadOnlyList<Draft> Drafts) : Operation
{
    public override Call Resolve(View view) => new EnqueueCall(Way, [.. Drafts.Select(view.Name)]);
}

sealed record EnqueueCall(Way Way, IReadOnlyList<NewRow> Rows) : Call
{
    readonly Enqueuing _enqueuing = new(Rows, ByOne: Rows.Count == 1);

    public override int Parts => _enqueuing.Looks + 1;

    public override async Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken)
    {
        _enqueuing.NameKeys();
        try
        {
            return EnqueueAnswer.Last(_enqueuing.Looks, await StoreAsync(subject, view, cancellationToken));
        }
        catch (JobExistsException exists)
        {
            return EnqueueAnswer.Last(_enqueuing.Looks, EnqueueAnswer.Exists(subject.LabelOf(exists.JobId)));
        }
    }

    async Task<Answer> StoreAsync(Subject subject, View view, CancellationToken cancellationToken)
    {
        if (Way == Way.Alone)
            return Know(subject, view, await StoreAsync(subject, EnqueueTerms.Alone, cancellationToken));

        await using var connection = await subject.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var stored = await StoreAsync(subject, EnqueueTerms.Alone with { Transaction = transaction }, cancellationToken);
        if (Way == Way.InTransactionRolledBack)
        {
            await transaction.RollbackAsync(cancellationToken);
            return EnqueueAnswer.Of(Labelled(subject, stored));
        }

        await transaction.CommitAsync(cancellationToken);
        return Know(subject, view, stored);
    }

    async Task<IReadOnlyList<EnqueuedJob>> StoreAsync(Subject subject, EnqueueTerms terms, CancellationToken cancellationToken)
    {
        var jobs = Rows.Select(row => row.ToJob(Subject.Start)).ToArray();
        return jobs.Length == 1
            ? [await subject.Store.EnqueueAsync(jobs[0], terms, cancellationToken)]
            : await subject.Store.EnqueueAsync(jobs.ToAsyncEnumerable(), terms, cancellationToken);
    }

    Answer Know(Subject subject, View view, IReadOnlyList<EnqueuedJob> jobs)
    {
        var labelled = Labelled(subject, jobs);
        foreach (var ((label, isNew), job) in labelled.Zip(jobs))
        {
            if (isNew)
                subject.Know(label, job.Id);
            else
                view.Met++;
            view.Jobs.Add((label, job.Id));
        }

        return EnqueueAnswer.Of(labelled);
    }

    // An equal job of the same call is not there any more if it was rolled back.
    List<(string Label, bool IsNew)> Labelled(Subject subject, IReadOnlyList<EnqueuedJob> jobs)
    {
        var made = Rows.Zip(jobs).Where(pair => pair.Second.IsNew).ToDictionary(pair => pair.Second.Id, pair => pair.First.Label);
        return [.. jobs.Select(job => (made.TryGetValue(job.Id, out var label) ? label : subject.LabelOf(job.Id), job.IsNew))];
    }

    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped)
    {
        if (part < _enqueuing.Looks)
        {
            _enqueuing.Look(world, this, part);
            return Answer.Done;
        }

        var before = world.Tables;
        var stored = _enqueuing.Store(world, this, out var exists);
        if (Way == Way.InTransactionRolledBack)
            world.Restore(before);
        return stored is null ? EnqueueAnswer.Exists(exists!) : EnqueueAnswer.Of(stored);
    }
}

static class EnqueueAnswer
{
    public static Answer Of(IEnumerable<(string Label, bool IsNew)> jobs) =>
        new($"enqueued {string.Join("; ", jobs.Select(job => job.IsNew ? job.Label : $"nothing for {job.Label}"))}");

    // Of several that are there, which one is named depends on who came when.
    public static Answer Exists(string label) => new("enqueued nothing", $"for {label}");

    /// <summary>The answers of a call that says nothing before its last part.</summary>
    public static Answer[] Last(int before, Answer answer) => [.. Enumerable.Repeat(Answer.Done, before), answer];
}

/// <summary>Enqueues a batch, whose id may be taken.</summary>
sealed record EnqueueBatch(string Id, Worker? Callback, BatchCallbacks Heard, params IReadOnlyList<Draft> Drafts) : Operation
{
    public override Call Resolve(View view) => new EnqueueBatchCall(Id, Callback, Callback is null ? BatchCallbacks.None : Heard, [.. Drafts.Select(view.Name)]);
}

sealed record EnqueueBatchCall(string Id, Worker? Callback, BatchCallbacks Heard, IReadOnlyList<NewRow> Rows) : Call
{
    readonly Enqueuing _enqueuing = new(Rows, Id);

    public override int Parts => _enqueuing.Looks + 1;

    public override async Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken) =>
        EnqueueAnswer.Last(_enqueuing.Looks, await StoreAsync(subject, view, cancellationToken));

    async Task<Answer> StoreAsync(Subject subject, View view, CancellationToken cancellationToken)
    {
        _enqueuing.NameKeys();
        try
        {
            var batch = await subject.Store.EnqueueBatchAsync(
                new NewBatch(Id), Rows.Select(row => row.ToJob(Subject.Start)).ToAsyncEnumerable(), Listeners, EnqueueTerms.Alone, cancellationToken);
            view.Met += Rows.Count - batch.Total;
            return Made(batch.Id, batch.Total, batch.CallbackWorker);
        }
        catch (BatchExistsException exists)
        {
            return Exists(exists.Batch.Id, exists.Batch.Total, exists.Batch.CallbackWorker);
        }
        catch (JobExistsException exists)
        {
            return EnqueueAnswer.Exists(subject.LabelOf(exists.JobId));
        }
    }

    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped)
    {
        // The id is taken first of all, and nobody else can have it from then on.
        if (part == 0 && world.FindBatch(Id) is { } batch)
            world.Decide(this, new Decisions(Decisions.None.Keys, null, Exists(Id, batch.Total, batch.CallbackWorker)));
        if (part < _enqueuing.Looks)
        {
            _enqueuing.Look(world, this, part);
            return Answer.Done;
        }

        if (world.DecisionsOf(this).Taken is { } taken)
            return taken;
        if (_enqueuing.Store(world, this, out var exists) is not { } members)
            return EnqueueAnswer.Exists(exists!);

        var stored = members.Count(member => member.IsNew);
        var definition = Callback is { } worker ? NewRow.Definition(worker) : null;
        world.Insert(new BatchRow(Id)
        {
            InsertedAt = world.Clock,
            SealedAt = world.Clock,
            Total = stored,
            Unattempted = stored,
            Heard = Heard & ~BatchCallbacks.Complete,
            CallbackWorker = definition?.Name,
            CallbackQueue = definition?.Queue,
            CallbackPriority = definition?.Priority,
            CallbackMaxAttempts = definition?.MaxAttempts,
        });
        world.Close();
        return Made(Id, stored, definition?.Name);
    }

    IReadOnlyList<BatchListener> Listeners() => Callback is not { } worker
        ? []
        : [.. Enum.GetValues<BatchCallbacks>()
            .Where(kind => kind is BatchCallbacks.Complete || (kind is not BatchCallbacks.None && Heard.HasFlag(kind)))
            .Select(kind => Listener(kind, NewRow.Definition(worker)))];

    static BatchListener Listener(BatchCallbacks kind, WorkerDefinition worker) =>
        new(kind, worker.Name, worker.Queue, worker.Priority, worker.MaxAttempts, IsNamed: true);

    static Answer Made(string id, int total, string? callback) => new($"made {id} of {total}, {callback ?? "nobody"} is told");

    static Answer Exists(string id, int total, string? callback) => new($"{id} exists, of {total}, {callback ?? "nobody"} is told");
}

/// <summary>Asks how far a batch is.</summary>
sealed record FindBatch(string Id) : Call
{
    public override async Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken) =>
        [new Answer(await subject.Store.FindBatchAsync(Id, cancellationToken) is { } status ? Shown(status) : "none")];

    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped) => new(
        world.FindBatch(Id) is not { } batch
            ? "none"
            : Shown(new BatchStatus(
                Id, batch.Total, batch.Pending, world.Jobs.Count(job => job.Batch == Id && job.State == JobState.Retryable),
                batch.Completed, batch.Cancelled, batch.Discarded)
            {
                InsertedAt = Subject.Start + batch.InsertedAt,
                SealedAt = Subject.Start + batch.SealedAt,
                ClosedAt = Subject.Start + batch.ClosedAt,
                CancelRequestedAt = null,
                Parent = null,
                Metadata = null,
                CallbackWorker = batch.CallbackWorker,
                CallbackState = world.Jobs.Find(job => job.CallbackOf == Id)?.State,
                AsOf = Subject.Start + world.Clock,
            }));

    static string Shown(BatchStatus status) => status.ToString();
}
