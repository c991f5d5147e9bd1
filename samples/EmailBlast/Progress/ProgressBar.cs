using System.Text;

namespace EmailBlast.Progress;

/// <summary>A bar in the last line of a terminal, redrawn in place.</summary>
/// <param name="terminal">Knows the escape sequences that all terminals know but dumb ones.</param>
/// <param name="width">How many columns the terminal has now; zero where it does not say.</param>
/// <param name="isColored">Whether the bar is green.</param>
sealed class ProgressBar(TextWriter terminal, Func<int> width, bool isColored) : ProgressDisplay
{
    const string EraseLine = "\r\e[K";
    const string EraseRest = "\e[K\r";

    // A terminal that has become narrower than it said cuts the line, where it would else go on in the next.
    const string Clip = "\e[?7l";
    const string Wrap = "\e[?7h";
    const string Green = "\e[32m";
    const string Plain = "\e[m";
    const int LongestBar = 40;
    const int ShortestBar = 10;
    const int UsualWidth = 80;

    readonly Lock _gate = new();
    string _line = "";

    /// <summary>Writes whole lines above the bar.</summary>
    public TextWriter Above => new LinesAbove(this);

    public override void Show(Snapshot? snapshot)
    {
        lock (_gate)
        {
            // The last column stays free: some terminals go to the next line when it is written.
            var line = Draw(snapshot, (width() is > 0 and var columns ? columns : UsualWidth) - 1);
            if (line == _line)
                return;
            _line = line;
            DrawLine();
            terminal.Flush();
        }
    }

    public override void Say(string line) => Above.WriteLine(line);

    public override void Clear()
    {
        lock (_gate)
        {
            if (_line.Length > 0)
                terminal.Write(EraseLine);
            _line = "";
            terminal.Flush();
        }
    }

    void WriteAbove(string text)
    {
        lock (_gate)
        {
            terminal.Write(_line.Length == 0 ? text : EraseLine + text);
            if (_line.Length > 0 && text.EndsWith('\n'))
                DrawLine();
            terminal.Flush();
        }
    }

    // The cursor rests at the start of the line: whoever writes there without knowing of the bar writes over it, and not behind it.
    void DrawLine() => terminal.Write(Clip + _line + EraseRest + Wrap);

    // The bar takes what the text leaves. Where that is too little it goes first, and then all but the count.
    string Draw(Snapshot? snapshot, int columns)
    {
        var text = Text(snapshot);
        if (snapshot is not { } now)
            return Cut(text, columns);

        var room = Math.Min(LongestBar, columns - text.Length - "[] ".Length);
        if (room >= ShortestBar)
            return $"[{Bar(now.Fraction, room)}] {text}";
        return Cut(text.Length <= columns ? text : now.Count, columns);
    }

    string Bar(double fraction, int room)
    {
        var full = (int)(fraction * room);
        var (before, after) = isColored ? (Green, Plain) : ("", "");
        return before + new string('#', full) + after + new string('.', room - full);
    }

    static string Cut(string text, int columns) => text.Length <= columns ? text : text[..Math.Max(0, columns)];

    sealed class LinesAbove(ProgressBar bar) : TextWriter
    {
        public override Encoding Encoding => bar.Terminal.Encoding;

        public override void Write(char value) => bar.WriteAbove(value.ToString());

        public override void Write(string? value) => bar.WriteAbove(value ?? "");

        public override void WriteLine(string? value) => bar.WriteAbove(value + NewLine);
    }

    TextWriter Terminal => terminal;
}
