using System.ComponentModel;
using Jobs.Generated;

namespace Jobs;

/// <summary>A worker whose definition can be had from its type. Emitted by the generator.</summary>
/// <remarks>Apart from <see cref="IWorker"/>, because an interface with a static abstract member cannot be the result of a delegate.</remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public interface IGeneratedWorker : IWorker
{
    /// <summary>What the runtime knows of the worker without an instance of it.</summary>
    static abstract WorkerDefinition Definition { get; }

    /// <summary>How long a job waits after an attempt that threw, as the worker's <see cref="BackoffAttribute">backoff</see> has it.</summary>
    static virtual TimeSpan DelayAfter(FailedAttempt failed)
    {
        ArgumentNullException.ThrowIfNull(failed);
        return failed.DefaultDelay;
    }
}
