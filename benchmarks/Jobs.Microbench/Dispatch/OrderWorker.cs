namespace Jobs.Microbench.Dispatch;

/// <inheritdoc cref="BatchEmailWorker"/>
[Worker]
public partial class OrderWorker
{
    public object? Read { get; private set; }

    [Perform]
    public Task PlaceAsync(OrderArgs args, CancellationToken cancellationToken)
    {
        Read = args;
        return Task.CompletedTask;
    }

    [Perform]
    public Task CancelAsync(CancelOrderArgs args, CancellationToken cancellationToken)
    {
        Read = args;
        return Task.CompletedTask;
    }
}
