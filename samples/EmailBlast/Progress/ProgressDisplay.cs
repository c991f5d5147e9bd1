namespace EmailBlast.Progress;

/// <summary>Where a mailing says how far it is, and what else there is to say while it runs.</summary>
abstract class ProgressDisplay
{
    /// <summary>Says how far the mailing is.</summary>
    /// <param name="snapshot"><see langword="null"/> where that is not known, because the database does not answer.</param>
    public abstract void Show(Snapshot? snapshot);

    /// <summary>Says a line that stays.</summary>
    public abstract void Say(string line);

    /// <summary>Takes away what does not stay.</summary>
    public abstract void Clear();

    /// <summary>A bar where standard error is a terminal that can redraw a line, else lines.</summary>
    /// <remarks>The bar takes the place of standard error, so that what others write there stands above it and not in it.</remarks>
    public static ProgressDisplay OfConsole()
    {
        if (Console.IsErrorRedirected || Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb")
            return new ProgressLines(Console.Error, TimeProvider.System);

        var isColored = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        var bar = new ProgressBar(Console.Error, static () => Console.WindowWidth, isColored);
        Console.SetError(bar.Above);
        return bar;
    }

    protected static string Text(Snapshot? snapshot) => snapshot?.ToString() ?? "The database does not answer; the mailing goes on when it does.";
}
