namespace Jobs.Microbench.Dispatch;

/// <summary>Does nothing but keep its args, or the compiler could leave out reading them.</summary>
[Worker]
public partial class BatchEmailWorker
{
    public object? Read { get; private set; }

    [Perform]
    public Task DeliverAsync(EmailArgs args, CancellationToken cancellationToken)
    {
        Read = args;
        return Task.CompletedTask;
    }

    [Perform]
    public Task NotifyAdminAsync(BatchComplete batch, CancellationToken cancellationToken)
    {
        Read = batch;
        return Task.CompletedTask;
    }
}
