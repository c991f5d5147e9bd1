namespace Jobs.Store;

/// <summary>The jobs that one statement changes: of those that the filter means and the change is possible for, the first by id.</summary>
/// <param name="Filter">Which jobs.</param>
/// <param name="After">Only jobs with a higher id.</param>
/// <param name="Limit">How many at most.</param>
sealed record JobSelection(JobFilter Filter, long After, int Limit)
{
    /// <summary>One job, which is looked at also if the change is not possible for it.</summary>
    public static JobSelection One(long id) => new(new JobFilter { Ids = [id] }, long.MinValue, 1) { OnlyPossible = false };

    public bool OnlyPossible { get; private init; } = true;
}

/// <summary>A job that was selected.</summary>
/// <param name="Id">The job.</param>
/// <param name="State">Its state now, or when it was deleted.</param>
/// <param name="IsChanged">Whether it was changed.</param>
/// <param name="IsKeyTaken">Whether it was not, because another job holds its unique key.</param>
readonly record struct SelectedJob(long Id, JobState State, bool IsChanged, bool IsKeyTaken = false);

/// <summary>What a change did.</summary>
/// <param name="Jobs">The jobs that were selected, by id. There are more to be changed if there are as many as the limit.</param>
/// <param name="Queues">The queues in which jobs became available, callbacks included.</param>
sealed record ChangeResult(IReadOnlyList<SelectedJob> Jobs, IReadOnlyList<string> Queues);
