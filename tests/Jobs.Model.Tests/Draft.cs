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
sealed record Draft(
    Worker Worker, Queue Queue = Queue.Mail, int Priority = 0, int MaxAttempts = 2, TimeSpan? In = null, TimeSpan? At = null,
    IReadOnlyList<string>? Tags = null, string? Trace = null);

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
        NewJob.Create(Definition(Draft.Worker), Label, static (json, label) =>
        {
            json.WriteStartObject();
            json.WriteString("job", label);
            json.WriteEndObject();
        }) with
        {
            Queue = Draft.Queue.ToString(),
            Priority = Draft.Priority,
            MaxAttempts = Draft.MaxAttempts,
            ScheduleIn = Draft.In,
            ScheduleAt = start + Draft.At,
            Tags = Draft.Tags ?? [],
            Meta = Draft.Trace is null ? new Dictionary<string, string>() : new Dictionary<string, string> { ["trace"] = Draft.Trace },
        };

    public string? StoredTags => Draft.Tags is { Count: > 0 } tags ? string.Join(',', tags) : null;

    public string? StoredMeta => Draft.Trace is null ? null : $$"""{"trace": "{{Draft.Trace}}"}""";
}
