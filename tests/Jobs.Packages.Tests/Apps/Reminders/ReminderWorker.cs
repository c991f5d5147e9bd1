using Jobs;

namespace Reminders;

public sealed record ReminderArgs(string Text);

[Worker]
public sealed partial class ReminderWorker(Bell bell)
{
    [Perform]
    public void Remind(ReminderArgs args) => bell.Ring(args.Text);
}
