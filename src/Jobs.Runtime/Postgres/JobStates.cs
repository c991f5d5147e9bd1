namespace Jobs.Postgres;

/// <summary>The one mapping between <see cref="JobState"/> and the enum in the database.</summary>
static class JobStates
{
    public static string ToSql(JobState state) => state switch
    {
        JobState.Scheduled => "scheduled",
        JobState.Available => "available",
        JobState.Executing => "executing",
        JobState.Retryable => "retryable",
        JobState.Completed => "completed",
        JobState.Cancelled => "cancelled",
        JobState.Discarded => "discarded",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "Not a state of a job."),
    };

    public static JobState FromSql(string state) => state switch
    {
        "scheduled" => JobState.Scheduled,
        "available" => JobState.Available,
        "executing" => JobState.Executing,
        "retryable" => JobState.Retryable,
        "completed" => JobState.Completed,
        "cancelled" => JobState.Cancelled,
        "discarded" => JobState.Discarded,
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "Not a state of a job."),
    };
}
