namespace Reminders;

/// <summary>Rings once.</summary>
public sealed class Bell
{
    readonly TaskCompletionSource<string> _rung = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<string> Rung => _rung.Task;

    public void Ring(string text) => _rung.SetResult(text);
}
