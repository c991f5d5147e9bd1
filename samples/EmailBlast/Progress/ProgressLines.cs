namespace EmailBlast.Progress;

/// <summary>Says how far a mailing is in lines, for files and pipes: at most one a second, and none where nothing has changed.</summary>
sealed class ProgressLines(TextWriter writer, TimeProvider time) : ProgressDisplay
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    long _shown = time.GetTimestamp();
    string _last = "";

    public override void Show(Snapshot? snapshot)
    {
        var text = Text(snapshot);
        if (text == _last || time.GetElapsedTime(_shown) < Interval)
            return;
        _shown = time.GetTimestamp();
        _last = text;
        writer.WriteLine(text);
    }

    public override void Say(string line) => writer.WriteLine(line);

    public override void Clear()
    {
    }
}
