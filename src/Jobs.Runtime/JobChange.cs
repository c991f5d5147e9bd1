namespace Jobs;

/// <summary>What became of the change of one job.</summary>
/// <param name="Outcome">Whether it was made, or why not.</param>
/// <param name="State">
/// The state the job has now, or had when it was deleted; <see langword="null"/> if there is no such job. After the cancel of a job that runs it
/// is <see cref="JobState.Executing"/>: its token fires, and it ends soon.
/// </param>
public readonly record struct JobChange(JobChangeOutcome Outcome, JobState? State)
{
    /// <summary>Whether the change was made.</summary>
    public bool IsDone => Outcome == JobChangeOutcome.Done;

    internal static JobChange NotFound { get; } = new(JobChangeOutcome.NotFound, null);
}
