namespace Jobs.Postgres;

/// <summary>The names of the notification channels of one schema: fixed, with what they are about in the payload.</summary>
/// <remarks>A channel is seen by a whole database, in which several instances of Jobs may live in schemas of their own.</remarks>
sealed class Channels(SchemaName schema)
{
    /// <summary>The payload is the name of a queue that has jobs to claim.</summary>
    public string Queues { get; } = $"{schema.Name}_queue";

    /// <summary>Something was said of queues, or of jobs that execute. The payload is empty.</summary>
    public string Control { get; } = $"{schema.Name}_control";

    /// <summary>The payload is the id of a batch that somebody watches, and that has changed. Spelt out in the statement that changes it.</summary>
    public string Batches { get; } = $"{schema.Name}_batch";

    /// <summary>By which a listener hears itself: the payload is its own word.</summary>
    public string Echo { get; } = $"{schema.Name}_echo";
}
