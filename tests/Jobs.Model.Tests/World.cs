using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Jobs.Generated;
using Jobs.Model.Tests.Calls;

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

    public ImmutableList<KeyRow> Keys
    {
        get => Tables.Keys;
        set => Tables = Tables with { Keys = value };
    }

    public LeaderRow? Leader
    {
        get => Tables.Leader;
        set => Tables = Tables with { Leader = value };
    }

    ImmutableDictionary<string, int> _callbacks = ImmutableDictionary<string, int>.Empty;

    // What has been told of each batch.
    ImmutableDictionary<string, BatchCallbacks> _told = ImmutableDictionary<string, BatchCallbacks>.Empty;

    // What enqueues under way have decided of their keys.
    ImmutableDictionary<object, Decisions> _decisions = ImmutableDictionary.Create<object, Decisions>(ReferenceEqualityComparer.Instance);

    // The ids that jobs of several clients got, by their labels.
    ImmutableDictionary<string, long> _ids = ImmutableDictionary<string, long>.Empty;

    public World Clone() => new() { Tables = Tables, Clock = Clock, _callbacks = _callbacks, _told = _told, _decisions = _decisions, _ids = _ids };

    /// <summary>The same world, for jobs that get these ids: who takes an id first may commit last, so they need not come in the order of the calls.</summary>
    public World WithIds(IEnumerable<KeyValuePair<string, long>> ids)
    {
        var world = Clone();
        world._ids = ids.ToImmutableDictionary();
        return world;
    }

    /// <summary>Tells this world from every one in which a call could answer or do something else.</summary>
    public byte[] Fingerprint()
    {
        IEnumerable<object?> all =
        [
            Clock, Leader, .. Jobs, .. Batches, .. Nodes, .. Settings, .. Keys,
            .. _callbacks.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (object)pair),
            .. _told.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (object)pair),
            .. _decisions.Select(pair => $"{RuntimeHelpers.GetHashCode(pair.Key)}: {pair.Value}").Order(StringComparer.Ordinal),
        ];
        return SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', all)));
    }

    public Decisions DecisionsOf(object call) => _decisions.GetValueOrDefault(call, Decisions.None);

    public bool HasDecided(object call) => _decisions.ContainsKey(call);

    public void Decide(object call, Decisions decisions) => _decisions = _decisions.SetItem(call, decisions);

    public void Insert(BatchRow batch)
    {
        Batches = Batches.Add(batch);
        _told = _told.Remove(batch.Id);
    }

    public void Restore(Tables tables) => Tables = tables;

    public JobRow? FindJob(string label) => Jobs.Find(job => job.Label == label);

    public BatchRow? FindBatch(string id) => Batches.Find(batch => batch.Id == id);

    public KeyRow? FindKey(string name) => Keys.Find(key => key.Name == name);

    public void Change(KeyRow key) => Keys = Keys.SetItem(Keys.FindIndex(row => row.Name == key.Name), key);

    /// <summary>The job that holds a key; <see langword="null"/> if it is free.</summary>
    public string? HolderOf(string name) => FindKey(name) is { } key && IsHeld(key) ? key.Job : null;

    /// <summary>Whether a key is held: its job stands in a state that holds it, or is gone before its period ended, and may have ended well.</summary>
    public bool IsHeld(KeyRow key)
    {
        if (key.ExpiresAt <= Clock)
            return false;
        var job = FindJob(key.Job);
        return Holds(key, job?.State ?? JobState.Completed) && (job is not null || key.ExpiresAt is not null);
    }

    public static bool Holds(KeyRow key, JobState state) => key.HeldIn.Split(',').Contains(state.ToString());

    /// <summary>When a job that is enqueued now is due.</summary>
    public TimeSpan DueOf(NewRow job) => job.Draft.At ?? Clock + (job.Draft.In ?? TimeSpan.Zero);

    /// <summary>When the period of a job ends that is enqueued now; <see langword="null"/> if never.</summary>
    public TimeSpan? EndOf(NewRow job)
    {
        var due = DueOf(job);
        return (job.Once!.Since == UniqueSince.Due && due > Clock ? due : Clock) + job.Once.Period;
    }

    /// <summary>Removes the row of a key that a job has.</summary>
    public void Free(JobRow job) => Keys = Keys.RemoveAll(key => key.Name == job.UniqueKey && key.Job == job.Label);

    /// <summary>How the key is called among what a call passes over because others hold it.</summary>
    public static string NameOfSkipped(string key) => $"the key {key}";

    /// <summary>The jobs in the order in which a claim takes them.</summary>
    public static IEnumerable<JobRow> ByUrgency(IEnumerable<JobRow> jobs) => jobs.OrderBy(job => job.Priority).ThenBy(job => job.ScheduledAt);

    public void Insert(NewRow job, string? batch = null)
    {
        var due = DueOf(job);
        var key = job.KeyIn(batch);
        if (key is not null)
            Keys = Keys.RemoveAll(row => row.Name == key.Name).Add(new KeyRow(key.Name, key.Key, job.Label, EndOf(job), job.Once!.HeldIn));
        Add(new JobRow(job.Label)
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
            UniqueKey = key?.Name,
        });
    }

    // In the order of their ids.
    void Add(JobRow job)
    {
        var place = _ids.TryGetValue(job.Label, out var id) ? Jobs.FindIndex(row => _ids.TryGetValue(row.Label, out var other) && other > id) : -1;
        Jobs = place < 0 ? Jobs.Add(job) : Jobs.Insert(place, job);
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
        Change(job, job with { State = state, Node = null, CancelRequestedAt = null, FinishedAt = Clock, IsAttempted = job.IsAttempted || job.Batch is not null });
        Count(job.Batch, state, 1);
        CountAttempt(job);
    }

    /// <summary>Has a job wait for its next attempt, and tells its batch.</summary>
    public void Fail(JobRow job)
    {
        Wait(job with { IsAttempted = job.IsAttempted || job.Batch is not null }, JobState.Retryable);
        CountAttempt(job);
        if (job.Batch is { } id && FindBatch(id) is { ClosedAt: null } batch)
            Change(batch with { Told = batch.Told | BatchCallbacks.Retryable });
    }

    void CountAttempt(JobRow job)
    {
        if (job is { IsAttempted: false, Batch: { } id } && FindBatch(id) is { ClosedAt: null } batch)
            Change(batch with { Unattempted = batch.Unattempted - 1 });
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

    /// <summary>Closes the batches whose last member has ended, and tells whom they name of what has come about. The last step of each change.</summary>
    public Closed Close()
    {
        var (closed, queues) = (new List<string>(), new List<string>());
        foreach (var batch in Batches.Where(static batch => batch.ClosedAt is null).ToList())
        {
            var after = batch with { Told = batch.Told | Events(batch), ClosedAt = batch.Pending == 0 ? Clock : null };
            Change(after);
            if (after.ClosedAt is not null)
                closed.Add(batch.Id);

            var news = after.Told & ~_told.GetValueOrDefault(batch.Id) & (batch.Heard | BatchCallbacks.Complete);
            _told = _told.SetItem(batch.Id, after.Told);
            if (batch.CallbackWorker is not { } worker)
                continue;
            foreach (var kind in Kinds.Where(kind => news.HasFlag(kind)))
            {
                queues.Add(batch.CallbackQueue!);
                Add(Callback(after, kind, worker));
            }
        }

        return new Closed([.. closed.Order(StringComparer.Ordinal)], [.. queues.Distinct().Order(StringComparer.Ordinal)]);
    }

    static readonly IReadOnlyList<BatchCallbacks> Kinds = [.. Enum.GetValues<BatchCallbacks>().Where(static kind => kind is not BatchCallbacks.None).Order()];

    static BatchCallbacks Events(BatchRow batch) =>
        (batch.Pending == 0 ? BatchCallbacks.Complete : 0)
        | (batch.Pending == 0 && batch.Completed == batch.Total ? BatchCallbacks.Succeeded : 0)
        | (batch.SealedAt is not null && (batch.Unattempted <= 0 || batch.Pending == 0) ? BatchCallbacks.Attempted : 0)
        | (batch.Discarded > 0 ? BatchCallbacks.Discarded : 0)
        | (batch.Cancelled > 0 ? BatchCallbacks.Cancelled : 0);

    JobRow Callback(BatchRow batch, BatchCallbacks kind, string worker)
    {
        var status = kind.ToString().ToLowerInvariant();
        var name = $"{status} of {batch.Id}";
        var before = _callbacks.GetValueOrDefault(name);
        _callbacks = _callbacks.SetItem(name, before + 1);
        return new JobRow(CallbackOf(status, batch.Id, before))
        {
            Worker = worker,
            Queue = batch.CallbackQueue!,
            State = JobState.Available,
            ScheduledAt = Clock,
            InsertedAt = Clock,
            Args = $$"""{"total": {{batch.Total}}, "status": "{{status}}", "pending": {{batch.Pending}}, "batch_id": "{{batch.Id}}", "metadata": null, "cancelled": {{batch.Cancelled}}, "completed": {{batch.Completed}}, "discarded": {{batch.Discarded}}, "inserted_at": "{{Instant(batch.InsertedAt)}}", "occurred_at": "{{Instant(Clock)}}"}""",
            Priority = batch.CallbackPriority!.Value,
            MaxAttempts = batch.CallbackMaxAttempts!.Value,
            CallbackOf = kind is BatchCallbacks.Complete ? batch.Id : $"{batch.Id}: {status}",
        };
    }

    static string Instant(TimeSpan time) => (Subject.Start + time).ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFzzz", CultureInfo.InvariantCulture);

    /// <summary>The label of a batch's callback. A batch that was pruned may be followed by one with the same id.</summary>
    /// <param name="status">Its kind.</param>
    /// <param name="batch">The batch's id.</param>
    /// <param name="before">How many of that id had a callback of the kind before.</param>
    public static string CallbackOf(string status, string batch, int before) => $"{status} of {batch}{(before == 0 ? "" : $", {before + 1}")}";

    public const string PrunedBatch = "(pruned)";

    public JobRow AddError(JobRow job, string error) =>
        job with { Errors = WithError(job.Errors, $"{job.Attempt} at {Clock.TotalSeconds:0}: {error}") };

    // The newest 50 are kept.
    static string WithError(string errors, string error) =>
        string.Join('\n', (errors.Length == 0 ? [] : errors.Split('\n')).Append(error).TakeLast(50));
}

/// <summary>What a change closed.</summary>
sealed record Closed(IReadOnlyList<string> Batches, IReadOnlyList<string> CallbackQueues);
