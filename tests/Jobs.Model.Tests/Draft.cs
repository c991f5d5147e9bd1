using System.Text;
using System.Text.Json;
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
sealed record Draft(Worker Worker, Queue Queue = Queue.Mail, int Priority = 0, int MaxAttempts = 2, TimeSpan? In = null, TimeSpan? At = null);

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
        PerformsBatchComplete = true,
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
        };

    /// <summary>The label of the job that has these args.</summary>
    public static string LabelIn(string args)
    {
        var json = JsonDocument.Parse(args).RootElement;
        return json.TryGetProperty("job", out var label) ? label.GetString()! : World.CallbackOf(json.GetProperty("batch_id").GetString()!);
    }

    public static string LabelIn(ReadOnlyMemory<byte> args) => LabelIn(Encoding.UTF8.GetString(args.Span));
}
