using System.Data.Common;
using System.Globalization;
using Jobs.Torture.Journals;
using Jobs.Torture.Nodes;

namespace Jobs.Torture.Work;

/// <summary>Good work.</summary>
/// <param name="Number">Unique in its run.</param>
/// <param name="Milliseconds">How long it takes.</param>
/// <param name="IsDeaf">Whether it goes on to its end when its token is cancelled.</param>
sealed record Mail(int Number, int Milliseconds, bool IsDeaf)
{
    public string Key => Number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Work that keeps a connection for itself all the time.</summary>
/// <param name="Number">Unique in its run.</param>
/// <param name="Milliseconds">How long it takes.</param>
/// <param name="From">Whose connection it is.</param>
sealed record Hold(int Number, int Milliseconds, Pool From)
{
    public string Key => Number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>The connections that a job can keep.</summary>
enum Pool
{
    /// <summary>Those of a data source that the job's program made of the same connection string.</summary>
    Own,

    /// <summary>Those in which callers of Jobs enqueue, and jobs complete themselves.</summary>
    Callers,
}

/// <summary>Work that completes itself in one transaction with a row that it writes. It listens to no token.</summary>
/// <param name="Number">Unique in its run.</param>
/// <param name="Milliseconds">How long its transaction stays open after the write.</param>
sealed record Write(int Number, int Milliseconds)
{
    public string Key => Number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Work that kills its process.</summary>
/// <param name="Death">The name of one of <see cref="Deaths"/>.</param>
sealed record Poison(string Death);

/// <summary>The worker of all own nodes: it notes in the journal what it does.</summary>
[Worker(Name = "torture", Queue = Queue, MaxAttempts = MaxAttempts)]
sealed partial class TortureWorker(Journal journal, OwnPool ownPool)
{
    public const string Queue = "torture";
    public const int MaxAttempts = 3;

    [Perform]
    public async Task DeliverAsync(Mail mail, JobContext job, CancellationToken cancellationToken)
    {
        await journal.NoteAsync(Moment.Started, job.Id, mail.Key);
        await Task.Delay(mail.Milliseconds, mail.IsDeaf ? CancellationToken.None : cancellationToken);
        await journal.NoteAsync(Moment.Ended, job.Id, mail.Key);
    }

    [Perform]
    public async Task HoldAsync(Hold hold, JobContext job, CancellationToken cancellationToken)
    {
        await journal.NoteAsync(Moment.Started, job.Id, hold.Key);
        switch (hold.From)
        {
            case Pool.Own:
                await using (await ownPool.OpenAsync(cancellationToken))
                    await KeepAsync();
                break;
            case Pool.Callers:
                await job.CompleteAsync((_, _) => KeepAsync(), cancellationToken);
                break;
        }

        async Task KeepAsync()
        {
            await journal.NoteAsync(Moment.Holds, job.Id, hold.Key);
            await Task.Delay(hold.Milliseconds, cancellationToken);
            await journal.NoteAsync(Moment.Ended, job.Id, hold.Key);
        }
    }

    [Perform]
    public async Task WriteAsync(Write write, JobContext job)
    {
        await journal.NoteAsync(Moment.Started, job.Id, write.Key);
        try
        {
            await job.CompleteAsync(InsertAsync, CancellationToken.None);
            await journal.NoteAsync(Moment.Ended, job.Id, write.Key);
        }
        catch (StaleJobException)
        {
            await journal.NoteAsync(Moment.Refused, job.Id, write.Key);
            throw;
        }

        async Task InsertAsync(DbTransaction transaction, CancellationToken cancellationToken)
        {
            await UserTable.InsertAsync(transaction, write.Key, job.Id, cancellationToken);
            await journal.NoteAsync(Moment.Holds, job.Id, write.Key);
            await Task.Delay(write.Milliseconds, cancellationToken);
        }
    }

    [Perform]
    public async Task DieAsync(Poison poison, JobContext job, CancellationToken cancellationToken)
    {
        await journal.NoteAsync(Moment.Started, job.Id, poison.Death);
        Deaths.Find(poison.Death).Die();

        // Some deaths come from another thread.
        await Task.Delay(Deaths.ComesWithin, cancellationToken);
        await journal.NoteAsync(Moment.Ended, job.Id, poison.Death);
    }

    [Perform]
    public Task TellAsync(BatchComplete batch, JobContext job) => journal.NoteAsync(Moment.Told, job.Id, batch.BatchId);
}
