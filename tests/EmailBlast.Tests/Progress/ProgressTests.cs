using EmailBlast.Progress;
using Jobs;
using Microsoft.Extensions.Time.Testing;

namespace EmailBlast.Tests.Progress;

public sealed class ProgressTests
{
    readonly StringWriter _terminal = new() { NewLine = "\n" };
    readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(120, "[##########..............................] 250 of 1000 done, 12 retrying, 3 discarded, 98/s, 00:08 left")]
    [InlineData(80, "[####............] 250 of 1000 done, 12 retrying, 3 discarded, 98/s, 00:08 left")]
    [InlineData(0, "[####............] 250 of 1000 done, 12 retrying, 3 discarded, 98/s, 00:08 left")]
    [InlineData(70, "250 of 1000 done, 12 retrying, 3 discarded, 98/s, 00:08 left")]
    [InlineData(30, "250 of 1000 done")]
    [InlineData(11, "250 of 100")]
    [InlineData(1, "")]
    public void A_bar_takes_what_the_terminal_leaves_it(int width, string expected)
    {
        Bar(() => width).Show(new Snapshot(1000, 250, 12, 3, 98));

        Assert.Equal(expected, Shown());
    }

    [Fact]
    public void A_bar_is_redrawn_in_its_own_line_and_leaves_nothing_behind()
    {
        var bar = Bar();
        bar.Show(new Snapshot(4, 2, 0, 0, 1));
        bar.Show(new Snapshot(4, 2, 0, 0, 1));
        bar.Show(new Snapshot(4, 4, 0, 0, 1));
        bar.Clear();

        var screen = Screen();
        Assert.Equal([""], screen);
        Assert.Equal(2, _terminal.ToString().Split("of 4 done").Length - 1);
    }

    [Fact]
    public void What_is_said_and_what_others_write_stands_above_the_bar()
    {
        var bar = Bar();
        bar.Show(new Snapshot(4, 2, 0, 0, 0));
        bar.Say("Stopping.");
        bar.Above.Write("warn: a log\n      of two lines\n");

        Assert.Equal(["Stopping.", "warn: a log", "      of two lines", "[####################....................] 2 of 4 done, 0 retrying, 0 discarded, 0/s"], Screen());
    }

    [Fact]
    public void A_bar_is_green_where_colors_are_wanted()
    {
        new ProgressBar(_terminal, () => 120, isColored: true).Show(new Snapshot(4, 4, 0, 0, 0));

        Assert.Contains($"[\e[32m{new string('#', 40)}\e[m] 4 of 4 done", _terminal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Lines_come_once_a_second_at_most_and_only_with_news()
    {
        var lines = new ProgressLines(_terminal, _time);
        for (var tenth = 0; tenth < 50; tenth++)
        {
            lines.Show(new Snapshot(100, Math.Min(tenth, 25), 0, 0, 0));
            _time.Advance(TimeSpan.FromMilliseconds(100));
        }

        Assert.Equal(["10 of 100 done", "20 of 100 done", "25 of 100 done", ""], _terminal.ToString().Split('\n').Select(line => line.Split(',')[0]));
    }

    [Fact]
    public void A_database_that_is_away_is_said()
    {
        Bar().Show(null);

        Assert.Equal("The database does not answer; the mailing goes on when it does.", Shown());
    }

    [Fact]
    public void The_rate_is_that_of_the_last_ten_seconds()
    {
        var pace = new Pace(_time);
        Assert.Equal(0, pace.Look(Status(0)).Rate);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(20, pace.Look(Status(100)).Rate);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(10, pace.Look(Status(100)).Rate);
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal((0, null), (pace.Look(Status(100)).Rate, pace.Look(Status(100)).Left));
    }

    [Fact]
    public void What_was_done_before_this_process_started_is_not_its_rate()
    {
        var pace = new Pace(_time);
        pace.Look(Status(900));
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal((1.0, TimeSpan.FromSeconds(99)), (pace.Look(Status(901)).Rate, pace.Look(Status(901)).Left));
    }

    [Theory]
    [InlineData(1, "00:01 left")]
    [InlineData(3599, "59:59 left")]
    [InlineData(3600, "1:00:00 left")]
    [InlineData(200_000, "55:33:20 left")]
    public void The_time_left_is_said_in_hours_minutes_and_seconds(int seconds, string expected) =>
        Assert.EndsWith(expected, new Snapshot(seconds + 1, 1, 0, 0, 1).ToString(), StringComparison.Ordinal);

    ProgressBar Bar(Func<int>? width = null) => new(_terminal, width ?? (() => 120), isColored: false);

    string Shown() => Assert.Single(Screen());

    // What a terminal makes of the escape sequences that the bar uses.
    string[] Screen()
    {
        var lines = new List<string>();
        var (line, column) = ("", 0);
        var text = _terminal.ToString().Replace("\e[?7l", "", StringComparison.Ordinal).Replace("\e[?7h", "", StringComparison.Ordinal).Replace("\e[K", "\v", StringComparison.Ordinal);
        foreach (var c in text)
        {
            switch (c)
            {
                case '\n':
                    lines.Add(line);
                    (line, column) = ("", 0);
                    break;
                case '\r':
                    column = 0;
                    break;
                case '\v':
                    line = line[..column];
                    break;
                default:
                    line = column < line.Length ? line.Remove(column, 1).Insert(column, c.ToString()) : line + c;
                    column++;
                    break;
            }
        }

        return [.. lines, line];
    }

    static BatchStatus Status(int done) =>
        new("b", 1000, 1000 - done, 0, done, 0, 0) { InsertedAt = default, ClosedAt = null, CallbackWorker = null, CallbackState = null };
}
