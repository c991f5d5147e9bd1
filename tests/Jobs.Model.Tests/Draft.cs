using Jobs.Generated;

namespace Jobs.Model.Tests;

enum Worker
{
    Mailer,
    Packer,
}

enum Queue
{
    Mail,
    Post,
}

/// <summary>A job as a history names it, before anybody has enqueued it.</summary>
/// <param name="Worker">Its worker.</param>
/// <param name="Queue">Its queue.</param>
/// <param name="Priority">Its priority.</param>
/// <param name="MaxAttempts">Its last attempt.</param>
/// <param name="In">When it is due, from the enqueue on.</param>
/// <param name="At">When it is due, from the start of the history on.</param>
/// <param name="Tags">Its tags.</param>
/// <param name="Trace">What its meta says under "trace".</param>
/// <param name="Unique">What makes it one with equal ones.</param>
/// <param name="Key">The caller's own key for it, which goes before that.</param>
sealed record Draft(
    Worker Worker, Queue Queue = Queue.Mail, int Priority = 0, int MaxAttempts = 2, TimeSpan? In = null, TimeSpan? At = null,
    IReadOnlyList<string>? Tags = null, string? Trace = null, Once? Unique = null, string? Key = null);

/// <summary>A draft with the label that tells it from all other jobs of its history. It is stored as the job's args.</summary>
sealed record NewRow(Draft Draft, string Label)
{
    public string Args => $$"""{"job": "{{Label}}"}""";

    public static WorkerDefinition Definition(Worker worker) => new()
    {
        Name = worker.ToString(),
        Queue = nameof(Queue.Mail),
        MaxAttempts = 2,
        Priority = worker == Worker.Mailer ? 0 : 1,
        Create = _ => throw new NotSupportedException("The store runs no worker."),
        Callbacks = BatchCallbacks.Complete,
    };

    public NewJob ToJob(DateTimeOffset start) =>
        NewJob.Create(
            Definition(Draft.Worker),
            this,
            static (json, row) =>
            {
                json.WriteStartObject();
                json.WriteString("job", row.Label);
                json.WriteEndObject();
            },
            Draft.Unique is null ? null : static (key, row) =>
            {
                key.StartObject();
                key.Name("same"u8).Write(row.Draft.Unique!.Same);
                key.EndObject();
            }) with
        {
            Queue = Draft.Queue.ToString(),
            Priority = Draft.Priority,
            MaxAttempts = Draft.MaxAttempts,
            ScheduleIn = Draft.In,
            ScheduleAt = start + Draft.At,
            Tags = Draft.Tags ?? [],
            Meta = Draft.Trace is null ? new Dictionary<string, string>() : new Dictionary<string, string> { ["trace"] = Draft.Trace },
            Unique = Draft.Unique?.ToTerms(),
            Key = Draft.Key,
        };

    /// <summary>The terms that the job is held to; <see langword="null"/> if it is its own.</summary>
    public Once? Once => Draft.Key is { } key ? Once.OfKey(key) : Draft.Unique;

    /// <summary>The key that it wants as a member of a batch, or of none.</summary>
    public UniqueName? KeyIn(string? batch) =>
        Once is null ? null : UniqueName.Of(NameIn(batch), UniqueKey.Of(ToJob(Subject.Start), batch)!.Value);

    string NameIn(string? batch) => Draft switch
    {
        { Key: { } key } => $"{Draft.Worker} with the key {key}",
        { Unique: { } once } => $"{Draft.Worker} for {once.Same}{(once.PerQueue ? $" in {Draft.Queue}" : "")}{(once.PerBatch ? $" of {batch ?? "no batch"}" : "")}",
        _ => throw new InvalidOperationException($"{Label} has no key."),
    };

    public string? StoredTags => Draft.Tags is { Count: > 0 } tags ? string.Join(',', tags) : null;

    public string? StoredMeta => Draft.Trace is null ? null : $$"""{"trace": "{{Draft.Trace}}"}""";
}
