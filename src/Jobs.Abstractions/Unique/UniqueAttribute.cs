namespace Jobs;

/// <summary>Makes equal jobs of a worker one: while one of them is there, an enqueue of another stores nothing, and answers with the one that is.</summary>
/// <remarks>
/// Two jobs are equal by the worker, the queue, the batch, and their args or the members of them that <see cref="Keys"/> names. One job can be
/// held to other terms, or to none: <c>New(args) with { Unique = null }</c>. The idea is Oban's; unlike there, racing enqueues make one job.
/// </remarks>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class UniqueAttribute : Attribute
{
    /// <summary>The members of the args that make jobs equal: <c>[nameof(EmailArgs.Email)]</c>.</summary>
    /// <value>Default <see langword="null"/>: all of the args. A record with none of these members is not unique.</value>
    public string[]? Keys { get; set; }

    /// <summary>For how many seconds, counted from <see cref="Since"/>, no equal job is stored.</summary>
    /// <value>Default 0: for as long as the job is retained. Not negative.</value>
    public int PeriodSeconds { get; set; }

    /// <summary>From when the period counts.</summary>
    /// <value>Default <see cref="UniqueSince.Enqueued"/>.</value>
    public UniqueSince Since { get; set; }

    /// <summary>The states in which a job stands in the way of an equal one.</summary>
    /// <value>Default <see cref="UniqueStates.Successful"/>, as in Oban.</value>
    public UniqueStates States { get; set; }

    /// <summary>Whether jobs of different queues differ.</summary>
    /// <value>Default <see langword="true"/>.</value>
    public bool PerQueue { get; set; } = true;

    /// <summary>Whether jobs of different batches differ, and those of none from those of any.</summary>
    /// <value>Default <see langword="true"/>.</value>
    public bool PerBatch { get; set; } = true;

    /// <summary>What an enqueue does that meets an equal job.</summary>
    /// <value>Default <see cref="UniqueConflict.ReturnExisting"/>.</value>
    public UniqueConflict OnConflict { get; set; }

    /// <summary>What <see cref="UniqueConflict.Replace"/> replaces in a job that waits.</summary>
    /// <value>Default <see cref="JobFields.All"/>.</value>
    public JobFields Replaces { get; set; } = JobFields.All;
}
