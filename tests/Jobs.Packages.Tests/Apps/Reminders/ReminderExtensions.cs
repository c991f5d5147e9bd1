using Jobs;

namespace Reminders;

public static class ReminderExtensions
{
    public static Task<EnqueuedJob> RemindAsync(this JobClient client, string text, CancellationToken cancellationToken = default) =>
        client.EnqueueAsync(ReminderWorker.New(new ReminderArgs(text)), cancellationToken);
}
