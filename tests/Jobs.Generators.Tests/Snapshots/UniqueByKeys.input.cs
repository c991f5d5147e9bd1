using System;
using System.Threading.Tasks;
using Jobs;

namespace App
{
    public sealed record EmailArgs(string Email, long Campaign, string? Name = null, [FromBatch] string? BatchId = null);

    [Matches("kind", "reminder")]
    public sealed record ReminderArgs(string? Name, string Email, double Weight);

    public sealed record CleanupArgs(DateOnly Before);

    [Worker, Unique(Keys = [nameof(EmailArgs.Email), nameof(EmailArgs.Campaign)], PeriodSeconds = 60)]
    public partial class MailWorker
    {
        [Perform]
        public void Deliver(EmailArgs args) { }

        [Perform]
        public void Remind(ReminderArgs args) { }

        [Perform]
        public void CleanUp(CleanupArgs args) { }

        [Perform]
        public Task NotifyAdminAsync(BatchComplete batch) => Task.CompletedTask;
    }
}
