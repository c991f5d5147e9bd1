using System.Globalization;
using Jobs.Bench.Results;

namespace Jobs.Bench.Plots.Charts;

/// <summary>Bars of one workload, from the top down.</summary>
/// <param name="Name">The file's name, without its ending.</param>
/// <param name="Title">What is measured, and on how many jobs.</param>
/// <param name="Unit">What the numbers are, and which are better.</param>
/// <param name="Format">How a number is written.</param>
/// <param name="Groups">At least one, of at least one bar.</param>
sealed record Chart(string Name, string Title, string Unit, string Format, IReadOnlyList<Group> Groups)
{
    public IEnumerable<Bar> Bars => Groups.SelectMany(static group => group.Rows).SelectMany(static row => row.Bars);

    public IEnumerable<Run> Runs => Bars.SelectMany(static bar => bar.Runs).Distinct();

    /// <summary>The setting, the commits, the days, and how many runs a median is of.</summary>
    public string Origin
    {
        get
        {
            var runs = Runs.OrderBy(static run => run.EndedAt).ToList();
            var commits = runs.Select(static run => run.Setting!.Commit).OfType<string>().Distinct().ToList();
            var days = new[] { runs[0], runs[^1] }.Select(static run => Words.Day(run.EndedAt)).Distinct();
            var (fewest, most) = (Bars.Min(static bar => bar.Spread.Count), Bars.Max(static bar => bar.Spread.Count));
            var counts = fewest == most ? Words.Count(most, "run") : $"{fewest} to {most} runs";
            return $"{string.Join(" to ", days)}{(commits.Count > 0 ? $", commit {string.Join(", ", commits)}" : "")}, {counts} of each";
        }
    }

    /// <summary>The machine and its server.</summary>
    public string Machine => Runs.First().Setting!.Describe();

    public string Write(double value) => value.ToString(Format, CultureInfo.InvariantCulture);
}

/// <summary>Rows that are held against each other.</summary>
/// <param name="Title">What they have in common; nothing if the chart has one group.</param>
/// <param name="Rows">From the top down.</param>
/// <param name="Reference">The value that the others are held against: a line across the rows.</param>
sealed record Group(string? Title, IReadOnlyList<Row> Rows, double? Reference = null);

/// <summary>What is measured of one thing: one bar, or several that touch.</summary>
sealed record Row(string Label, IReadOnlyList<Bar> Bars);

/// <summary>A median, its spread, and the runs that both come from.</summary>
/// <param name="Role">Gives the colour.</param>
/// <param name="Spread">The value.</param>
/// <param name="Runs">What it comes from.</param>
/// <param name="Name">Tells the bars of a row apart.</param>
/// <param name="Strength">How much of its colour it has, from 0 to 1.</param>
sealed record Bar(Role Role, Spread Spread, IReadOnlyList<Run> Runs, string? Name = null, double Strength = 1);
