using System.Diagnostics;
using EmailBlast.Mail;
using Jobs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace EmailBlast;

/// <summary>One mailing from its list to its last mail, as the process that stores it sees it.</summary>
sealed class Mailing(IHost host, Options options, TextWriter output, TextWriter progress)
{
    static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);
    static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(1);

    readonly JobClient _client = host.Services.GetRequiredService<JobClient>();
    readonly CancellationToken _stopping = host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
    readonly Stopwatch _watch = Stopwatch.StartNew();
    bool _isStored;

    /// <summary>Stores the mailing, follows it to its end, and says what became of it.</summary>
    /// <returns>The exit code of the program.</returns>
    public async Task<int> RunAsync(MailingList list)
    {
        try
        {
            await StoreAsync(list);
            var status = await FollowAsync();
            Summarize(list, status);
            return status.Completed == status.Total && status.CallbackState == JobState.Completed ? ExitCode.AllDelivered : ExitCode.SomeDiscarded;
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            await progress.WriteLineAsync(_isStored
                ? $"Stopped. The mailing {options.Batch} is stored, and goes on wherever a node works: start this program with --work-only."
                : $"Stopped before the mailing {options.Batch} was stored.");
            return ExitCode.CouldNotRun;
        }
    }

    async Task StoreAsync(MailingList list)
    {
        var jobs = list.Recipients.Select(recipient => BatchEmailWorker.New(new EmailArgs(recipient.Email, recipient.Name)));
        var batch = await _client.EnqueueBatchAsync(options.Batch, jobs, batch => batch.OnComplete<BatchEmailWorker>(), _stopping);
        _isStored = true;
        await progress.WriteLineAsync($"Stored {batch.Total} mails as batch {batch.Id}.");
    }

    // The mailing has ended for a person when the admins' message is written, or is given up.
    async Task<BatchStatus> FollowAsync()
    {
        using var look = new PeriodicTimer(LookInterval);
        var reported = TimeSpan.Zero;
        while (true)
        {
            await look.WaitForNextTickAsync(_stopping);
            var status = await LookAsync();
            if (status is { IsClosed: true, CallbackState: null or JobState.Completed or JobState.Cancelled or JobState.Discarded })
                return status;
            if (_watch.Elapsed - reported >= ReportInterval)
            {
                reported = _watch.Elapsed;
                await progress.WriteLineAsync(status is null ? "The database does not answer; the mailing goes on when it does." : Describe(status));
            }
        }
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

    string Describe(BatchStatus status)
    {
        var done = status.Total - status.Pending;
        var rate = done / _watch.Elapsed.TotalSeconds;
        var left = rate > 0 ? $", about {TimeSpan.FromSeconds(Math.Ceiling(status.Pending / rate)):c} left" : "";
        return $"{done} of {status.Total} done ({rate:0}/s{left}), {status.Retryable} to be tried again, {status.Discarded} given up";
    }

    void Summarize(MailingList list, BatchStatus status)
    {
        output.WriteLine($"Delivered {status.Completed} of {status.Total} mails in {_watch.Elapsed.TotalSeconds:0.0} s; gave up {status.Discarded + status.Cancelled}; skipped {list.Skipped.Count} rows of the list.");
        output.WriteLine($"The {(options.DryRun ? "addresses" : "mails")} are in {Path.GetFullPath(options.DryRun ? options.Output : new PickupFolder(options.Output).OfBatch(options.Batch))}");
        if (status.CallbackState == JobState.Completed)
            output.WriteLine($"Batch {status.Id} is complete!");
        else if (status.CallbackState is null)
            progress.WriteLine("The job of the message to the admins was deleted, so nobody can tell whether it was written.");
        else
            progress.WriteLine("The message to the admins could not be written; the errors of its job in the table of jobs say why.");
    }
}
