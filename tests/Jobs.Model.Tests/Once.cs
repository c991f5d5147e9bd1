using System.Collections.Concurrent;

namespace Jobs.Model.Tests;

/// <summary>What makes a job one with others, as a history names it.</summary>
/// <param name="Same">The part of the args that equal jobs share.</param>
/// <param name="Period">For how long; <see langword="null"/> for as long as the job is retained.</param>
/// <param name="Since">From when the period counts.</param>
/// <param name="States">The states in which the job stands in the way.</param>
/// <param name="OnConflict">What an enqueue does that meets it.</param>
/// <param name="Replaces">What is replaced.</param>
/// <param name="PerQueue">Whether jobs of different queues differ.</param>
/// <param name="PerBatch">Whether jobs of different batches differ.</param>
sealed record Once(
    string Same, TimeSpan? Period = null, UniqueSince Since = UniqueSince.Enqueued, UniqueStates States = UniqueStates.Successful,
    UniqueConflict OnConflict = UniqueConflict.ReturnExisting, JobFields Replaces = JobFields.All, bool PerQueue = true, bool PerBatch = true)
{
    /// <summary>The terms of a job with a key of the caller's.</summary>
    public static Once OfKey(string key) => new(key, States: UniqueStates.All);

    public Uniqueness ToTerms() => new()
    {
        Period = Period,
        Since = Since,
        States = States,
        OnConflict = OnConflict,
        Replaces = Replaces,
        PerQueue = PerQueue,
        PerBatch = PerBatch,
    };

    /// <summary>The states in which a key is held on these terms.</summary>
    public string HeldIn => string.Join(',', Enum.GetValues<JobState>().Where(Holds).Select(state => state.ToString()).Order(StringComparer.Ordinal));

    bool Holds(JobState state) => States switch
    {
        UniqueStates.Unfinished => state is JobState.Scheduled or JobState.Available or JobState.Executing or JobState.Retryable,
        UniqueStates.Successful => state is not (JobState.Cancelled or JobState.Discarded),
        _ => true,
    };
}

/// <summary>A key by what it says, and by the hash that the store makes of it.</summary>
sealed record UniqueName(string Name, Guid Key)
{
    static readonly ConcurrentDictionary<string, UniqueName> ByName = new(StringComparer.Ordinal);
    static readonly ConcurrentDictionary<Guid, UniqueName> ByKey = new();

    /// <exception cref="InvalidOperationException">Jobs that are equal have different keys, or jobs that are not have the same.</exception>
    public static UniqueName Of(string name, Guid key)
    {
        var named = ByName.GetOrAdd(name, static (name, key) => new UniqueName(name, key), key);
        if (named.Key != key || ByKey.GetOrAdd(key, named) != named)
            throw new InvalidOperationException($"The key of {name} is {key}, which is that of {ByKey.GetValueOrDefault(key)?.Name}; it was {named.Key}.");
        return named;
    }

    public static string Of(Guid key) => ByKey.TryGetValue(key, out var named) ? named.Name : $"unknown key {key}";
}
