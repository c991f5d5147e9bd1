using Jobs;

namespace EmailBlast.Mail;

/// <summary>Puts each mail as an <c>.eml</c> file into a pickup folder.</summary>
/// <remarks>A file is named after its job, so a job that runs again replaces its own mail.</remarks>
sealed class PickupMailer(PickupFolder pickup, Letters letters) : IMailer
{
    public async Task<JobOutcome> SendWeeklyUpdateAsync(WeeklyUpdate mail, CancellationToken cancellationToken)
    {
        // The list was checked when it was read; a job may also come from somebody else's INSERT.
        if (EmailAddress.FindProblem(mail.Email, out _) is { } problem)
            return JobOutcome.Discard($"The address {problem}.");

        await WriteAsync(letters.Write(mail), cancellationToken);
        return JobOutcome.Complete;
    }

    public Task NotifyAdminAsync(AdminNotice notice, CancellationToken cancellationToken) =>
        WriteAsync(letters.Write(notice), cancellationToken);

    Task WriteAsync(Letter letter, CancellationToken cancellationToken) => pickup.WriteAsync(
        letter.BatchId, $"{letter.Name}.eml", file => letter.Message.WriteToAsync(letter.Format, file, cancellationToken), cancellationToken);
}
