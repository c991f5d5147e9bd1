using System.Collections.Immutable;

namespace Jobs.Model.Tests;

/// <summary>What the store holds by the rules, without a database: the tables, the time, and the rules that several verbs share.</summary>
sealed class World
{
    public Tables Tables { get; private set; } = Tables.Empty;

    public TimeSpan Clock { get; set; }

    public ImmutableList<JobRow> Jobs
    {
        get => Tables.Jobs;
        set => Tables = Tables with { Jobs = value };
    }

    public ImmutableList<BatchRow> Batches
    {
        get => Tables.Batches;
        set => Tables = Tables with { Batches = value };
    }

    public ImmutableList<LeaseRow> Nodes
    {
        get => Tables.Nodes;
        set => Tables = Tables with { Nodes = value };
    }

    public ImmutableList<SettingRow> Settings
    {
        get => Tables.Settings;
        set => Tables = Tables with { Settings = value };
    }

    public LeaderRow? Leader
    {
        get => Tables.Leader;
        set => Tables = Tables with { Leader = value };
    }

    ImmutableDictionary<string, int> _callbacks = ImmutableDictionary<string, int>.Empty;

    public World Clone() => new() { Tables = Tables, Clock = Clock, _callbacks = _callbacks };

    public void Restore(Tables tables) => Tables = tables;

    public JobRow? FindJob(string label) => Jobs.Find(job => job.Label == label);

    public BatchRow? FindBatch(string id) => Batches.Find(batch => batch.Id == id);

    /// <summary>The jobs in the order in which a claim takes them.</summary>
    public static IEnumerable<JobRow> ByUrgency(IEnumerable<JobRow> jobs) => jobs.OrderBy(job => job.Priority).ThenBy(job => job.ScheduledAt);

    public void Insert(NewRow job, string? batch = null)
    {
        var due = job.Draft.At ?? Clock + (job.Draft.In ?? TimeSpan.Zero);
        Jobs = Jobs.Add(new JobRow(job.Label)
        {
            Worker = job.Draft.Worker.ToString(),
            Queue = job.Draft.Queue.ToString(),
            State = due > Clock ? JobState.Scheduled : JobState.Available,
            ScheduledAt = due,
            InsertedAt = Clock,
            Args = job.Args,
            Priority = job.Draft.Priority,
            MaxAttempts = job.Draft.MaxAttempts,
            Batch = batch,
            Tags = job.StoredTags,
            Meta = job.StoredMeta,
        });
    }

    public void Change(JobRow job, JobRow to) => Jobs = Jobs.SetItem(Jobs.FindIndex(row => row.Label == job.Label), to);

    public JobRow Claim(JobRow job, Guid node)
    {
        var claimed = job with { State = JobState.Executing, Run = job.Run + 1, Attempt = job.Attempt + 1, AttemptedAt = Clock, Node = node };
        Change(job, claimed);
        return claimed;
    }

    /// <summary>Has a job wait, and not execute.</summary>
    public void Wait(JobRow job, JobState state) => Change(job, job with { State = state, Node = null, CancelRequestedAt = null });

    /// <summary>Ends a job, and counts it in its batch.</summary>
    public void End(JobRow job, JobState state)
    {
        Change(job, job with { State = state, Node = null, CancelRequestedAt = null, FinishedAt = Clock });
        Count(job.Batch, state, 1);
    }

    /// <summary>Counts a member that has ended, or takes one out of the count that goes on.</summary>
    public void Count(string? id, JobState state, int by)
    {
        if (id is not null && FindBatch(id) is { ClosedAt: null } batch)
        {
            Change(batch with
            {
                Completed = batch.Completed + (state == JobState.Completed ? by : 0),
                Cancelled = batch.Cancelled + (state == JobState.Cancelled ? by : 0),
                Discarded = batch.Discarded + (state == JobState.Discarded ? by : 0),
            });
        }
    }

    public void Change(BatchRow batch) => Batches = Batches.SetItem(Batches.FindIndex(row => row.Id == batch.Id), batch);

    /// <summary>Closes the batches whose last member has ended, and tells whom they name. The last step of each change.</summary>
    public Closed Close()
    {
        var ended = Batches.Where(batch => batch is { Pending: 0, ClosedAt: null }).ToList();
        foreach (var batch in ended)
        {
            Change(batch with { ClosedAt = Clock });
            if (batch.CallbackWorker is { } worker)
            {
                var before = _callbacks.GetValueOrDefault(batch.Id);
                _callbacks = _callbacks.SetItem(batch.Id, before + 1);
                Jobs = Jobs.Add(new JobRow(CallbackOf(batch.Id, before))
                {
                    Worker = worker,
                    Queue = batch.CallbackQueue!,
                    State = JobState.Available,
                    ScheduledAt = Clock,
                    InsertedAt = Clock,
                    Args = $$"""{"total": {{batch.Total}}, "status": "complete", "batch_id": "{{batch.Id}}", "cancelled": {{batch.Cancelled}}, "completed": {{batch.Completed}}, "discarded": {{batch.Discarded}}}""",
                    Priority = batch.CallbackPriority!.Value,
                    MaxAttempts = batch.CallbackMaxAttempts!.Value,
                    CallbackOf = batch.Id,
                });
            }
        }

        return new Closed(
            [.. ended.Select(batch => batch.Id).Order(StringComparer.Ordinal)],
            [.. ended.Select(batch => batch.CallbackQueue).OfType<string>().Distinct().Order(StringComparer.Ordinal)]);
    }

    /// <summary>The label of a batch's callback. A batch that was pruned may be followed by one with the same id.</summary>
    /// <param name="batch">The batch's id.</param>
    /// <param name="before">How many of that id had a callback before.</param>
    public static string CallbackOf(string batch, int before) => before == 0 ? $"end of {batch}" : $"end of {batch}, {before + 1}";

    public const string PrunedBatch = "(pruned)";

    public JobRow AddError(JobRow job, string error) =>
        job with { Errors = WithError(job.Errors, $"{job.Attempt} at {Clock.TotalSeconds:0}: {error}") };

    // The newest 50 are kept.
    static string WithError(string errors, string error) =>
        string.Join('\n', (errors.Length == 0 ? [] : errors.Split('\n')).Append(error).TakeLast(50));
}

/// <summary>What a change closed.</summary>
sealed record Closed(IReadOnlyList<string> Batches, IReadOnlyList<string> CallbackQueues);
