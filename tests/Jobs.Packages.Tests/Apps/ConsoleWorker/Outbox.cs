using Jobs;

namespace ConsoleWorker;

/// <summary>Prints what it delivers, and knows when the batch was.</summary>
public sealed class Outbox
{
    readonly TaskCompletionSource<BatchComplete> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<BatchComplete> Closed => _closed.Task;

    public void Deliver(string email) => Console.WriteLine($"Delivered to {email}.");

    public void Close(BatchComplete batch) => _closed.SetResult(batch);
}
