namespace Jobs.Postgres;

/// <summary>What has become of a claim: it is still to be decided, its job has the key, or another job had it.</summary>
enum ClaimOutcome
{
    Open,
    Won,
    Met,
}

/// <summary>The first job of a call that wants a key.</summary>
/// <remarks>Holds no more of the job than it needs: a call may have a million of them.</remarks>
sealed class KeyClaim(Guid key, NewJob job)
{
    public Guid Key { get; } = key;

    public string Worker { get; } = job.Worker;

    public Uniqueness Terms { get; } = job.Terms!;

    /// <summary>When the job is due, where its period counts from then.</summary>
    public (DateTime? At, TimeSpan? In) Due { get; } = job.Terms!.Since is UniqueSince.Due ? (job.ScheduleAt?.UtcDateTime, job.ScheduleIn) : default;

    /// <summary>The job, where its fields may have to go into the one that is there.</summary>
    public NewJob? Replacement { get; } = job.Terms!.OnConflict is UniqueConflict.Replace ? job : null;

    /// <summary>The id of the job; of the one that is there, once it was met.</summary>
    public long Id { get; set; }

    /// <summary>Whether the job has its row already. One that will probably meet another waits for the key.</summary>
    public bool IsInserted { get; set; }

    public ClaimOutcome Outcome { get; private set; }

    public void Win() => Outcome = ClaimOutcome.Won;

    /// <exception cref="JobExistsException">The worker wants it so.</exception>
    public void Meet(long existing)
    {
        if (Terms.OnConflict is UniqueConflict.Fail)
            throw new JobExistsException(existing, Worker);
        (Id, Outcome) = (existing, ClaimOutcome.Met);
    }
}
