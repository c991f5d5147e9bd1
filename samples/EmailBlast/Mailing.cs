using EmailBlast.Mail;
using EmailBlast.Progress;
using Jobs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace EmailBlast;

/// <summary>The mailing was not followed to its end, because the program is to stop. The message says what there is to know, and to do.</summary>
sealed class MailingStoppedException(string message) : Exception(message);

/// <summary>One mailing from its list to its last mail, as the process that stores it sees it.</summary>
/// <param name="host">Works on the mailing, and enqueues it.</param>
/// <param name="options">What the command line asks for.</param>
/// <param name="output">Gets the result.</param>
/// <param name="display">Gets all that is said on the way.</param>
/// <param name="goOn">The command that goes on with the mailing.</param>
sealed class Mailing(IHost host, Options options, TextWriter output, ProgressDisplay display, string goOn)
{
    static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);

    readonly JobClient _client = host.Services.GetRequiredService<JobClient>();
    readonly CancellationToken _stopping = host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
    readonly Pace _pace = new(TimeProvider.System);
    bool _isStored;

    /// <summary>Stores the mailing, or goes on with it where it is stored; follows it to its end, and says what became of it.</summary>
    /// <returns>The exit code of the program.</returns>
    /// <exception cref="MailingStoppedException">The host stops.</exception>
    public async Task<int> RunAsync(MailingList list)
    {
        try
        {
            await StoreAsync(list);
            var status = await FollowAsync();
            await SummarizeAsync(list, status);
            return status.Completed == status.Total && status.CallbackState == JobState.Completed ? ExitCode.AllDelivered : ExitCode.SomeDiscarded;
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            throw new MailingStoppedException(_isStored
                ? $"Stopped. The mailing {options.Batch} is stored, and goes on wherever a node works, as with --work-only. To go on with it here:\n{goOn}"
                : $"Stopped before the mailing {options.Batch} was stored.");
        }
        finally
        {
            display.Clear();
        }
    }

    async Task StoreAsync(MailingList list)
    {
        try
        {
            var jobs = list.Recipients.Select(recipient => BatchEmailWorker.New(new EmailArgs(recipient.Email, recipient.Name)));
            var batch = await _client.EnqueueBatchAsync(options.Batch, jobs, batch => batch.OnComplete<BatchEmailWorker>(), _stopping);
            display.Say($"Stored {batch.Total} mails as batch {batch.Id}.");
        }
        catch (BatchExistsException exists) when (options.BatchIsGiven)
        {
            display.Say($"Batch {exists.Batch.Id} is stored already ({exists.Batch.Total} mails); going on with it.");
            if (exists.Batch.Total != list.Recipients.Count)
                display.Say($"The list has {list.Recipients.Count} mails now and is not read again: the mailing stays as it was stored. A new mailing needs another --batch.");
        }

        _isStored = true;
    }

    // The mailing has ended for a person when the admins' message is written, or is given up.
    async Task<BatchStatus> FollowAsync()
    {
        using var look = new PeriodicTimer(LookInterval);
        do
        {
            var status = await LookAsync();
            if (status is { IsClosed: true, CallbackState: null or JobState.Completed or JobState.Cancelled or JobState.Discarded })
                return status;
            display.Show(status is null ? null : _pace.Look(status));
        }
        while (await look.WaitForNextTickAsync(_stopping));
        throw new OperationCanceledException(_stopping);
    }

    // The mailing is stored: a database that is away delays the news of it, and loses nothing.
    async Task<BatchStatus?> LookAsync()
    {
        try
        {
            return await _client.GetBatchAsync(options.Batch, _stopping);
        }
        catch (Exception exception) when (exception is DatabaseUnavailableException or NpgsqlException or TimeoutException)
        {
            return null;
        }
    }

    async Task SummarizeAsync(MailingList list, BatchStatus status)
    {
        display.Clear();
        var folder = new PickupFolder(options.Output);
        var took = (status.ClosedAt - status.InsertedAt) ?? TimeSpan.Zero;
        output.WriteLine($"Delivered {status.Completed} of {status.Total} mails in {took.TotalSeconds:0.0} s; gave up {status.Discarded + status.Cancelled}; skipped {list.Skipped.Count} rows of the list.");
        output.WriteLine(options switch
        {
            { Smtp: { } server } => $"The mails went to the mail server {server}",
            { DryRun: true } => $"The addresses are in {Path.GetFullPath(options.Output)}",
            _ => $"The mails are in {Path.GetFullPath(folder.OfBatch(options.Batch))}",
        });
        if (status.Discarded + status.Cancelled > 0)
            await ListDiscardedAsync(folder);

        if (status.CallbackState == JobState.Completed)
            output.WriteLine($"Batch {status.Id} is complete!");
        else if (status.CallbackState is null)
            display.Say("The job of the message to the admins was deleted, so nobody can tell whether it was written.");
        else
            display.Say("The message to the admins could not be written; the errors of its job in the table of jobs say why.");
    }

    async Task ListDiscardedAsync(PickupFolder folder)
    {
        try
        {
            output.WriteLine($"The addresses that were given up, and why, are in {await DiscardedList.WriteAsync(options.Database, options.Batch, folder, _stopping)}");
        }
        catch (Exception exception) when (exception is NpgsqlException or IOException or UnauthorizedAccessException)
        {
            display.Say($"The addresses that were given up could not be listed: {OneLine.Of(exception.Message)} Run the program again with the same --batch.");
        }
    }
}
