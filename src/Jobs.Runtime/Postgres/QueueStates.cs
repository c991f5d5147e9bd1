namespace Jobs.Postgres;

/// <summary>The one mapping between <see cref="QueueState"/> and the text in the database.</summary>
static class QueueStates
{
    public static string ToSql(QueueState state) => state switch
    {
        QueueState.Running => "running",
        QueueState.Paused => "paused",
        QueueState.Stopped => "stopped",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "Not a state of a queue."),
    };

    public static QueueState FromSql(string state) => state switch
    {
        "running" => QueueState.Running,
        "paused" => QueueState.Paused,
        "stopped" => QueueState.Stopped,
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "Not a state of a queue."),
    };
}
