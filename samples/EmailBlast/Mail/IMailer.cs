using Jobs;

namespace EmailBlast.Mail;

/// <summary>Sends what a batch has to say.</summary>
/// <remarks>A job may run again after a crash, so each call can be repeated, and a repeated one makes no second mail where the receiver can tell.</remarks>
public interface IMailer
{
    /// <summary>Sends one mail of the mailing.</summary>
    /// <returns>What becomes of the job: sent, to be tried again because the mail server is busy, or given up because the address is refused.</returns>
    Task<JobOutcome> SendWeeklyUpdateAsync(WeeklyUpdate mail, CancellationToken cancellationToken);

    /// <summary>Tells the admins that a batch has ended.</summary>
    Task NotifyAdminAsync(AdminNotice notice, CancellationToken cancellationToken);
}

/// <summary>A mail to one recipient.</summary>
/// <param name="BatchId">The mailing; <see langword="null"/> for a job outside a batch.</param>
/// <param name="JobId">The job, which keeps its number when it runs again.</param>
/// <param name="Attempt">Which attempt this is, from 1.</param>
/// <param name="Email">The address.</param>
/// <param name="Name">The name; <see langword="null"/> if it is not known.</param>
public sealed record WeeklyUpdate(string? BatchId, long JobId, int Attempt, string Email, string? Name);

/// <summary>A message to the admins.</summary>
public sealed record AdminNotice(string BatchId, string Subject, string Text)
{
    /// <summary>What the admins want to know of a mailing that has ended.</summary>
    public static AdminNotice Of(BatchComplete batch) => new(batch.BatchId, $"Batch {batch.BatchId} is complete!", $"""
        The mailing {batch.BatchId} has ended.

        Mails:     {batch.Total}
        Delivered: {batch.Completed}
        Given up:  {batch.Discarded}
        Cancelled: {batch.Cancelled}
        """);
}
