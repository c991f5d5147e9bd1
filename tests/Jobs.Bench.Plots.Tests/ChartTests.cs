using Jobs.Bench.Plots.Charts;
using Jobs.Bench.Results;

namespace Jobs.Bench.Plots.Tests;

public sealed class ChartTests
{
    [Fact]
    public void A_bar_is_the_median_of_the_runs_of_its_kind_and_its_whiskers_go_from_the_least_to_the_most()
    {
        var bar = Assert.Single(Chart("drain", Runs.Drain(300), Runs.Drain(100), Runs.Drain(250)).Bars);

        Assert.Equal((250, 100, 300, 3), (Rounded(bar.Spread.Median), Rounded(bar.Spread.Least), Rounded(bar.Spread.Most), bar.Spread.Count));
    }

    [Fact]
    public void Only_workloads_that_there_are_runs_of_have_a_chart()
    {
        Assert.Equal(["drain"], AllCharts.Of([Runs.Drain(100), Runs.Limit(200, 100, 2)]).Select(static chart => chart.Name));
        Assert.Empty(AllCharts.Of([]));
    }

    [Fact]
    public void The_limit_is_the_best_median_of_its_sizes_and_clients()
    {
        var group = Assert.Single(Chart(
            "drain", Runs.Drain(100), Runs.Limit(500, 100, 2), Runs.Limit(100, 100, 2), Runs.Limit(120, 100, 2), Runs.Limit(200, 1_000, 4), Runs.Limit(240, 1_000, 4)).Groups);

        Assert.Equal(220, Rounded(group.Reference!.Value));
        Assert.Equal(["limit: 1,000 a statement, 4 clients", "JIT, 1 node, concurrency 100"], group.Rows.Select(static row => row.Label));
    }

    [Fact]
    public void A_run_that_counted_statements_is_in_no_figure()
    {
        var chart = Chart("drain", Runs.Drain(100), Runs.Drain(10) with { Statements = [] });

        Assert.Equal(1, Assert.Single(chart.Bars).Spread.Count);
    }

    [Fact]
    public void Of_Jobs_one_number_of_jobs_is_drawn_and_a_peer_that_has_another_says_so()
    {
        var chart = Chart("drain", Runs.Drain(100), Runs.Drain(110), Runs.Drain(50, jobs: 10), Runs.OfPeer("fast", 300), Runs.OfPeer("fast", 1, jobs: 10), Runs.OfPeer("slow", 20, jobs: 50));

        Assert.Equal(["JIT, 1 node, concurrency 100", "fast", "slow, 50 jobs"], chart.Groups[0].Rows.Select(static row => row.Label));
    }

    [Fact]
    public void Batches_stand_beside_as_many_jobs_without_one_on_the_same_nodes()
    {
        var chart = Chart(
            "batch", Runs.Drain(100), Runs.Drain(90) with { Batches = 1 }, Runs.Drain(80) with { Batches = 20 }, Runs.Drain(70, jobs: 10), Runs.Drain(60) with { Nodes = 2 });

        var group = Assert.Single(chart.Groups);
        Assert.Equal(["without a batch", "one batch", "20 batches"], group.Rows.Select(static row => row.Label));
        Assert.Equal([Role.Without, Role.Jobs, Role.Jobs], group.Rows.Select(static row => row.Bars[0].Role));
        Assert.Equal(100, Rounded(group.Reference!.Value));
    }

    [Fact]
    public void Of_the_same_without_only_the_runs_in_turns_with_what_is_measured_count()
    {
        var at = DateTimeOffset.UnixEpoch;
        Run[] runs =
        [
            Runs.Drain(500), Runs.Drain(510),
            Runs.Drain(100), Runs.Drain(90) with { Batches = 1 }, Runs.Drain(80) with { Batches = 20 },
            Runs.Drain(120), Runs.Drain(95) with { Batches = 1 }, Runs.Drain(85) with { Batches = 20 },
            Runs.Drain(520),
        ];

        var group = Assert.Single(Chart("batch", [.. runs.Select((run, minute) => run with { EndedAt = at.AddMinutes(minute) })]).Groups);

        Assert.Equal((110, 2), (Rounded(group.Reference!.Value), group.Rows[0].Bars[0].Spread.Count));
    }

    [Fact]
    public void Pruning_stands_beside_as_many_rows_that_are_kept()
    {
        var kept = Runs.Drain(100) with { Workload = "history", FinishedRows = 500 };

        var group = Assert.Single(Chart("prune", kept with { FinishedRows = 7 }, kept, Runs.Drain(90) with { Workload = "prune", FinishedRows = 500 }).Groups);

        Assert.Equal(["500 finished rows kept", "500 finished rows pruned"], group.Rows.Select(static row => row.Label));
    }

    [Fact]
    public void A_chart_says_of_which_commits_and_days_its_runs_are()
    {
        var first = Runs.Drain(100) with { EndedAt = new DateTimeOffset(2026, 11, 26, 23, 0, 0, TimeSpan.Zero) };

        var chart = Chart("drain", first, first with { EndedAt = first.EndedAt.AddHours(2), Setting = first.Setting! with { Commit = "89abcde+" } });

        Assert.Equal("26 November 2026 to 27 November 2026, commit 1234567, 89abcde+, 2 runs of each", chart.Origin);
    }

    static Chart Chart(string name, params Run[] runs) => Assert.Single(AllCharts.Of(runs), chart => chart.Name == name);

    static int Rounded(double rate) => (int)Math.Round(rate);
}
