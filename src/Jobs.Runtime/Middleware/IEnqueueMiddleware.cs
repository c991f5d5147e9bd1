namespace Jobs;

/// <summary>Stands around every enqueue of a host's client: to stamp jobs with meta, to refuse some, to measure.</summary>
/// <remarks>
/// Registered with the host's services as a singleton, <c>services.AddSingleton&lt;IEnqueueMiddleware, TraceMiddleware&gt;()</c>, for the client is
/// one. That which was registered first is the outermost. The callbacks of batches are enqueued by the database, and do not come by here.
/// </remarks>
/// <example><code>
/// sealed class TraceMiddleware : IEnqueueMiddleware
/// {
///     public Task EnqueueAsync(EnqueueContext context, Func&lt;CancellationToken, Task&gt; next, CancellationToken cancellationToken)
///     {
///         var trace = new Dictionary&lt;string, string&gt; { ["trace"] = Activity.Current?.Id ?? "" };
///         context.Jobs = context.Jobs.Select(job => job with { Meta = trace });
///         return next(cancellationToken);
///     }
/// }
/// </code></example>
public interface IEnqueueMiddleware
{
    /// <summary>Lets an enqueue go on by calling <paramref name="next"/>, or refuses it by throwing.</summary>
    /// <param name="context">The call.</param>
    /// <param name="next">
    /// The rest: the next middleware, and at last the store. Called once. When it has returned the jobs are stored, in the caller's transaction
    /// where there is one.
    /// </param>
    /// <param name="cancellationToken">The caller's token, to be given to <paramref name="next"/>.</param>
    Task EnqueueAsync(EnqueueContext context, Func<CancellationToken, Task> next, CancellationToken cancellationToken);
}
