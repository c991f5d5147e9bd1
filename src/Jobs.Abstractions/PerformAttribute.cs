namespace Jobs;

/// <summary>Marks a method of a <see cref="WorkerAttribute">worker</see> that runs the jobs whose args have the shape of its args record.</summary>
/// <remarks>
/// The method takes one args record, or where it takes no record one class that holds data, and, as it likes, a <see cref="JobContext"/>, a <see cref="BatchRef"/>, a
/// <see cref="CancellationToken"/> and services. It returns <see cref="Task"/>, <see cref="ValueTask"/>, <see langword="void"/>,
/// <see cref="JobOutcome"/>, or either task of it. An exception is a failed attempt.
/// A worker performs the methods that it inherits as well; an override counts once, whichever declaration is marked.
/// </remarks>
[AttributeUsage(AttributeTargets.Method, Inherited = false)]
public sealed class PerformAttribute : Attribute;
