using EmailBlast.Progress;
using Jobs;

namespace EmailBlast;

/// <summary>A mailing that is stored, and that other processes work on: watches it, cancels it, or has what was given up mailed again.</summary>
/// <param name="client">Asks and tells.</param>
/// <param name="batch">The mailing's id.</param>
/// <param name="output">Gets the result.</param>
/// <param name="display">Gets all that is said on the way.</param>
/// <param name="stopping">Ends the watching. The mailing goes on.</param>
sealed class StoredMailing(JobClient client, string batch, TextWriter output, ProgressDisplay display, CancellationToken stopping)
{
    /// <summary>Does what the command line asks for, and says what became of it.</summary>
    /// <returns>The exit code of the program.</returns>
    /// <exception cref="BatchNotFoundException">No mailing with this id is stored.</exception>
    /// <exception cref="MailingStoppedException">The host stops.</exception>
    public async Task<int> RunAsync(MailingCommand command)
    {
        try
        {
            return command switch
            {
                MailingCommand.Watch => await WatchAsync(batch),
                MailingCommand.Cancel => await CancelAsync(),
                MailingCommand.RetryFailed => await RetryFailedAsync(),
                _ => throw new ArgumentOutOfRangeException(nameof(command), command, "No command for a stored mailing."),
            };
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            throw new MailingStoppedException($"Stopped watching. The mailing {batch} goes on wherever a node works, as with --work-only.");
        }
        finally
        {
            display.Clear();
        }
    }

    async Task<int> WatchAsync(string id)
    {
        await foreach (var progress in client.WatchAsync(id, stopping))
        {
            var status = progress.Status;
            display.Show(new Snapshot(status.Total, status.Ended, status.Retryable, status.Discarded, progress.JobsPerSecond));
            if (!status.IsClosed)
                continue;
            display.Clear();
            output.WriteLine($"Batch {id} has ended: {status.Completed} of {status.Total} mails delivered, {status.Discarded} given up, {status.Cancelled} cancelled.");
            return status.Completed == status.Total ? ExitCode.AllDelivered : ExitCode.SomeDiscarded;
        }

        throw new OperationCanceledException(stopping);
    }

    async Task<int> CancelAsync()
    {
        if (!await client.CancelBatchAsync(batch, stopping))
            display.Say($"Batch {batch} had ended before.");
        await WatchAsync(batch);
        return ExitCode.AllDelivered;
    }

    async Task<int> RetryFailedAsync()
    {
        var retry = await client.RetryFailedAsync(batch, new ProgressLine(display), stopping);
        output.WriteLine(retry.Retried == 0
            ? $"Batch {batch} has no mail that was given up or cancelled."
            : $"{retry.Retried} mails are tried again, in batch {retry.BatchId}. To see how far they are: --watch --batch {retry.BatchId}");
        return ExitCode.AllDelivered;
    }

    sealed class ProgressLine(ProgressDisplay display) : IProgress<long>
    {
        public void Report(long value) => display.Say($"{value} mails are put back …");
    }
}
