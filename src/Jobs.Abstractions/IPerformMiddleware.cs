namespace Jobs;

/// <summary>Stands around the perform of every job of a host: to log, to measure, to set what services of the scope need to know.</summary>
/// <remarks>
/// Registered with the host's services, <c>services.AddScoped&lt;IPerformMiddleware, TenantMiddleware&gt;()</c> or as a singleton, and taken from
/// the job's own scope. The one that was registered first is the outermost. It runs within the job's timeout, and before the worker is made.
/// </remarks>
/// <example><code>
/// sealed class TenantMiddleware(CurrentTenant tenant) : IPerformMiddleware
/// {
///     public ValueTask&lt;JobOutcome&gt; PerformAsync(
///         JobContext job, Func&lt;CancellationToken, ValueTask&lt;JobOutcome&gt;&gt; next, CancellationToken cancellationToken)
///     {
///         tenant.Name = job.Meta["tenant"];
///         return next(cancellationToken);
///     }
/// }
/// </code></example>
public interface IPerformMiddleware
{
    /// <summary>Performs a job by calling <paramref name="next"/>, or decides its outcome without.</summary>
    /// <param name="job">The job that runs.</param>
    /// <param name="next">The rest: the next middleware, and at last the worker. Each call makes a worker and performs the job.</param>
    /// <param name="cancellationToken">The job's token, to be given to <paramref name="next"/>.</param>
    /// <returns>The job's outcome. What is thrown is a failed attempt, as if the perform method had thrown it.</returns>
    ValueTask<JobOutcome> PerformAsync(
        JobContext job, Func<CancellationToken, ValueTask<JobOutcome>> next, CancellationToken cancellationToken);
}
