using System.ComponentModel;

namespace Jobs.Generated;

/// <summary>The batch of a job, for a perform method that cannot do without one.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class RequiredBatch
{
    /// <summary>The batch of <paramref name="job"/>.</summary>
    /// <param name="job">The job that runs.</param>
    /// <param name="method">The perform method, for the message.</param>
    /// <exception cref="InvalidOperationException">The job is in no batch.</exception>
    public static BatchRef Of(JobContext job, string method)
    {
        ArgumentNullException.ThrowIfNull(job);
        return job.Batch ?? throw new InvalidOperationException(
            $"Job {job.Id} ({job.Worker}, queue \"{job.Queue}\", attempt {job.Attempt} of {job.MaxAttempts}) is in no batch, and {method} takes " +
            "a BatchRef. Enqueue it as part of a batch, or let the method take a BatchRef? and handle null.");
    }
}
