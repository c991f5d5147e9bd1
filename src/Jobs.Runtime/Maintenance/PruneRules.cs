using Jobs.Store;

namespace Jobs.Maintenance;

/// <summary>What the options say of ages, turned round: for each age, which jobs it is of. Jobs that are kept for ever are in none.</summary>
static class PruneRules
{
    static readonly IReadOnlyList<(JobState State, Func<RetentionOptions, TimeSpan?> Host, Func<RetentionOverride, TimeSpan?> Other)> States =
    [
        (JobState.Completed, static host => host.Completed, static its => its.Completed),
        (JobState.Cancelled, static host => host.Cancelled, static its => its.Cancelled),
        (JobState.Discarded, static host => host.Discarded, static its => its.Discarded),
    ];

    public static IReadOnlyList<PruneRule> Of(RetentionOptions retention) =>
        [.. States.SelectMany(entry => Of(entry.State, Bounded(entry.Host(retention)), Ages(retention.Workers, entry.Other), Ages(retention.Queues, entry.Other)))];

    static IEnumerable<PruneRule> Of(JobState state, TimeSpan? host, IReadOnlyList<(string Name, TimeSpan? Age)> workers, IReadOnlyList<(string Name, TimeSpan? Age)> queues) =>
        workers.Concat(queues).Select(entry => entry.Age).Append(host)
            .OfType<TimeSpan>()
            .Distinct()
            .Order()
            .Select(age => new PruneRule(
                state,
                age,
                Names(workers, own => own == age),
                Names(workers, own => own != age),
                Names(queues, own => own == age),
                Names(queues, own => own != age),
                AndTheRest: host == age));

    static IReadOnlyList<(string Name, TimeSpan? Age)> Ages(IDictionary<string, RetentionOverride> overrides, Func<RetentionOverride, TimeSpan?> age) =>
        [.. overrides.Where(entry => age(entry.Value) is not null).Select(entry => (entry.Key, Bounded(age(entry.Value))))];

    static IReadOnlyList<string> Names(IReadOnlyList<(string Name, TimeSpan? Age)> overrides, Func<TimeSpan?, bool> wanted) =>
        [.. overrides.Where(entry => wanted(entry.Age)).Select(entry => entry.Name)];

    // What is kept for ever has no age.
    static TimeSpan? Bounded(TimeSpan? age) => age == Timeout.InfiniteTimeSpan ? null : age;
}
