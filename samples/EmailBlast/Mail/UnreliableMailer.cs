using Jobs;

namespace EmailBlast.Mail;

/// <summary>Makes a mailer as slow and as unreliable as a mail server can be.</summary>
/// <param name="mailer">The mailer that does the work.</param>
/// <param name="delay">How long each delivery takes.</param>
/// <param name="failRate">How many of the deliveries fail: 0 for none, 1 for all.</param>
sealed class UnreliableMailer(IMailer mailer, TimeSpan delay, double failRate) : IMailer
{
    public async Task<JobOutcome> SendWeeklyUpdateAsync(WeeklyUpdate mail, CancellationToken cancellationToken)
    {
        if (delay > TimeSpan.Zero)
            await Task.Delay(delay, cancellationToken);
        return Random.Shared.NextDouble() < failRate
            ? JobOutcome.RetryAfter(TimeSpan.FromSeconds(1), "The mail server is busy (simulated by --fail-rate).")
            : await mailer.SendWeeklyUpdateAsync(mail, cancellationToken);
    }

    public Task NotifyAdminAsync(AdminNotice notice, CancellationToken cancellationToken) =>
        mailer.NotifyAdminAsync(notice, cancellationToken);
}
