using System.ComponentModel;

namespace Jobs;

/// <summary>Says to the compiler that a worker has a perform method for the callback <typeparamref name="TCallback"/>.</summary>
/// <remarks>Emitted by the generator; it lets <c>OnComplete&lt;AdminWorker&gt;()</c> refuse a worker that could not run the callback.</remarks>
/// <typeparam name="TCallback">A callback record, such as <see cref="BatchComplete"/>.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public interface IPerforms<TCallback> : IGeneratedWorker;
