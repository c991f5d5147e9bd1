using Jobs.Bench.Results;

namespace Jobs.Bench.Plots.Charts;

/// <summary>Runs that make one figure: of one kind, and of as many jobs.</summary>
sealed record Sample(IReadOnlyList<Run> Runs)
{
    /// <summary>The first of the runs: what all have in common can be read from it.</summary>
    public Run Run => Runs[0];

    public int Jobs => Run.Jobs;

    public bool IsOfPeer => Run.Peer is not null;

    /// <summary>Whether nodes of Jobs, each a process of its own, did it.</summary>
    public bool IsOfNodes => Run is { Peer: null, Runtime: not null, Nodes: not null, Concurrency: not null };

    public Role Role => IsOfPeer ? Role.Peer : Run.Workload is "limit" or "pgbench insert" or "psql \\copy" ? Role.Limit : Run.Runtime == "NativeAOT" ? Role.Native : Role.Jobs;

    public double Rate => Spread.Of(Runs.Select(static run => run.JobsPerSecond)).Median;

    /// <summary>The bar of a value; null if no run has it.</summary>
    public Bar? Bar(Func<Run, double?> value, string? name = null, double strength = 1)
    {
        var runs = Runs.Where(run => value(run) is not null).ToList();
        return runs.Count == 0 ? null : new Bar(Role, Spread.Of(runs.Select(run => value(run)!.Value)), runs, name, strength);
    }

    /// <summary>The row of the rate.</summary>
    public Row Row(string label) => new(label, [Bar(static run => run.JobsPerSecond)!]);

    /// <summary>Runs whose time was spent on counting statements are in none.</summary>
    public static IReadOnlyList<Sample> Of(IEnumerable<Run> runs) =>
        [.. runs.Where(static run => run.Statements is null).GroupBy(static run => new Identity(run)).Select(static same => new Sample([.. same]))];

    /// <summary>What the runs of a sample have in common.</summary>
    public readonly record struct Identity(string Workload, string Kind, int Jobs)
    {
        public Identity(Run run)
            : this(run.Workload, run.Kind, run.Jobs)
        {
        }
    }
}
