namespace Jobs;

/// <summary>Marks a member of an args record that is filled from the job's batch when the job runs, and is not stored.</summary>
/// <remarks>
/// A <see cref="string"/> member gets the batch's id, an <see cref="int"/> or <see cref="long"/> member the number of its jobs. The
/// member is optional for callers: an <c>init</c> property, or a parameter with a default. In a job outside a batch it keeps its default.
/// </remarks>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter, Inherited = false)]
public sealed class FromBatchAttribute : Attribute;
