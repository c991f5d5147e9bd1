using System.Data.Common;

namespace Jobs;

/// <summary>In whose transaction jobs are stored, and who hears how far it is.</summary>
public class EnqueueOptions
{
    /// <summary>The caller's transaction, with which the jobs are committed or rolled back.</summary>
    /// <value>
    /// Default <see langword="null"/>: a transaction of their own. Else one of PostgreSQL, on the database of the jobs; that of Entity Framework
    /// Core fits (<c>context.Database.CurrentTransaction.GetDbTransaction()</c>). If the enqueue fails, it is undone up to a savepoint, and the
    /// transaction can go on.
    /// </value>
    public DbTransaction? Transaction { get; set; }

    /// <summary>Hears how many jobs have been sent to the database, after each chunk of them.</summary>
    /// <value>Default <see langword="null"/>. What was reported is stored only when the enqueue, or the caller's transaction, has committed.</value>
    public IProgress<long>? Progress { get; set; }
}
