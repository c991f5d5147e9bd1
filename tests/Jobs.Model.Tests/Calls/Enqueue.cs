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
    public override async Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken)
    {
        if (Way == Way.Alone)
        {
            Know(subject, view, await StoreAsync(subject, EnqueueTerms.Alone, cancellationToken));
            return [Answer.Done];
        }

        await using var connection = await subject.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var stored = await StoreAsync(subject, EnqueueTerms.Alone with { Transaction = transaction }, cancellationToken);
        if (Way == Way.InTransactionRolledBack)
        {
            await transaction.RollbackAsync(cancellationToken);
            return [Answer.Done];
        }

        await transaction.CommitAsync(cancellationToken);
        Know(subject, view, stored);
        return [Answer.Done];
    }

    async Task<IReadOnlyList<EnqueuedJob>> StoreAsync(Subject subject, EnqueueTerms terms, CancellationToken cancellationToken)
    {
        var jobs = Rows.Select(row => row.ToJob(Subject.Start)).ToArray();
        return jobs.Length == 1
            ? [await subject.Store.EnqueueAsync(jobs[0], terms, cancellationToken)]
            : await subject.Store.EnqueueAsync(jobs.ToAsyncEnumerable(), terms, cancellationToken);
    }

    void Know(Subject subject, View view, IReadOnlyList<EnqueuedJob> jobs)
    {
        foreach (var (row, job) in Rows.Zip(jobs))
        {
            subject.Know(row.Label, job.Id);
            view.Jobs.Add((row.Label, job.Id));
        }
    }

    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped)
    {
        if (Way != Way.InTransactionRolledBack)
        {
            foreach (var row in Rows)
                world.Insert(row);
        }

        return Answer.Done;
    }
}

/// <summary>Enqueues a batch, whose id may be taken.</summary>
sealed record EnqueueBatch(string Id, Worker? Callback, BatchCallbacks Heard, params IReadOnlyList<Draft> Drafts) : Operation
{
    public override Call Resolve(View view) => new EnqueueBatchCall(Id, Callback, Callback is null ? BatchCallbacks.None : Heard, [.. Drafts.Select(view.Name)]);
}

sealed record EnqueueBatchCall(string Id, Worker? Callback, BatchCallbacks Heard, IReadOnlyList<NewRow> Rows) : Call
{
    public override async Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken)
    {
        try
        {
            var batch = await subject.Store.EnqueueBatchAsync(
                new NewBatch(Id), Rows.Select(row => row.ToJob(Subject.Start)).ToAsyncEnumerable(), Listeners, EnqueueTerms.Alone, cancellationToken);
            return [Made(batch.Id, batch.Total, batch.CallbackWorker)];
        }
        catch (BatchExistsException exists)
        {
            return [Exists(exists.Batch.Id, exists.Batch.Total, exists.Batch.CallbackWorker)];
        }
    }

    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped)
    {
        if (world.FindBatch(Id) is { } batch)
            return Exists(Id, batch.Total, batch.CallbackWorker);

        var definition = Callback is { } worker ? NewRow.Definition(worker) : null;
        foreach (var row in Rows)
            world.Insert(row, Id);
        world.Insert(new BatchRow(Id)
        {
            InsertedAt = world.Clock,
            SealedAt = world.Clock,
            Total = Rows.Count,
            Unattempted = Rows.Count,
            Heard = Heard & ~BatchCallbacks.Complete,
            CallbackWorker = definition?.Name,
            CallbackQueue = definition?.Queue,
            CallbackPriority = definition?.Priority,
            CallbackMaxAttempts = definition?.MaxAttempts,
        });
        world.Close();
        return Made(Id, Rows.Count, definition?.Name);
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
