using System.Collections.Immutable;

namespace Jobs.Model.Tests.Calls;

/// <summary>What an enqueue has decided of a key, and does when it commits.</summary>
/// <param name="Holder">The job that has the key; <see langword="null"/> if it is free.</param>
/// <param name="IsOpen">Whether that is asked once more when the key is locked.</param>
/// <param name="Waited">Whether the key was held at the first look.</param>
sealed record Decision(string? Holder, bool IsOpen, bool Waited);

/// <summary>What an enqueue has decided so far.</summary>
/// <param name="Keys">By the key's name.</param>
/// <param name="Exists">The equal job that it fails for.</param>
/// <param name="Taken">What it answers if the id of its batch is taken.</param>
sealed record Decisions(ImmutableDictionary<string, Decision> Keys, string? Exists, Answer? Taken = null)
{
    public override string ToString() =>
        $"{Exists}, {Taken}, {string.Join("; ", Keys.OrderBy(key => key.Key, StringComparer.Ordinal).Select(key => $"{key.Key}: {key.Value}"))}";

    public static Decisions None { get; } = new(ImmutableDictionary<string, Decision>.Empty, null);
}

/// <summary>The rules by which jobs are enqueued that may have keys: it looks, takes the keys, and stores and replaces.</summary>
/// <remarks>A call with many looks at its keys without locks, so others may change everything between these steps.</remarks>
/// <param name="Rows">The jobs.</param>
/// <param name="Batch">Their batch.</param>
/// <param name="ByOne">Whether one job is enqueued by the call for one.</param>
sealed record Enqueuing(IReadOnlyList<NewRow> Rows, string? Batch = null, bool ByOne = false)
{
    /// <summary>The steps before the one that stores the jobs, each at a time of its own.</summary>
    public int Looks => !HasKeys || IsOneStatement ? 0 : 2;

    public bool HasKeys => Rows.Any(row => row.Once is not null);

    bool IsOneStatement => ByOne && Rows is [{ Once: not { OnConflict: UniqueConflict.Replace } }];

    /// <summary>Makes the keys known by which rows are compared.</summary>
    public void NameKeys()
    {
        foreach (var row in Rows)
            row.KeyIn(Batch);
    }

    /// <summary>Looks at the keys, first without locks, and then with them.</summary>
    public void Look(World world, object call, int look)
    {
        var decisions = world.DecisionsOf(call);
        if (decisions is { Exists: null, Taken: null })
            world.Decide(call, look == 0 ? First(world) : Locked(world, decisions));
    }

    public void LookAtOnce(World world, object call)
    {
        Look(world, call, 0);
        Look(world, call, 1);
    }

    /// <summary>Stores the jobs that have their keys, and replaces what others have.</summary>
    /// <returns>For each job the one that there is, and whether it is new; <see langword="null"/> if nothing is stored because there is an equal job.</returns>
    public IReadOnlyList<(string Label, bool IsNew)>? Store(World world, object call, out string? exists)
    {
        if (Looks == 0 && !world.HasDecided(call))
            LookAtOnce(world, call);
        var decisions = world.DecisionsOf(call);
        exists = decisions.Exists;
        if (exists is not null)
            return null;

        var claims = Claims().ToList();
        foreach (var row in Rows.Where(row => row.KeyIn(Batch) is null || claims.Any(claim => claim.Row == row && IsWon(claim, decisions, waited: false))))
            world.Insert(row, Batch);
        foreach (var (_, row) in claims.Where(claim => IsWon(claim, decisions, waited: true)).OrderBy(claim => claim.Key.Key))
            world.Insert(row, Batch);
        foreach (var (key, row) in claims.Where(claim => decisions.Keys[claim.Key.Name].Holder is not null && claim.Row.Once!.OnConflict == UniqueConflict.Replace))
            Replace(world, key.Name, decisions.Keys[key.Name].Holder!, row);
        return [.. Result(claims, decisions)];
    }

    // Of equal jobs in one call the first goes first, on its own terms.
    IEnumerable<(UniqueName Key, NewRow Row)> Claims() =>
        Rows.Select(row => (Key: row.KeyIn(Batch), Row: row)).Where(claim => claim.Key is not null).Select(claim => (claim.Key!, claim.Row)).DistinctBy(claim => claim.Item1);

    Decisions First(World world)
    {
        var decisions = Decisions.None;
        foreach (var (key, row) in Claims())
        {
            var holder = world.HolderOf(key.Name);
            if (holder is not null && row.Once!.OnConflict == UniqueConflict.Fail)
                return decisions with { Exists = holder };
            var isOpen = holder is null || row.Once!.OnConflict == UniqueConflict.Replace;
            decisions = decisions with { Keys = decisions.Keys.Add(key.Name, new Decision(isOpen ? null : holder, isOpen, holder is not null)) };
        }

        return decisions;
    }

    Decisions Locked(World world, Decisions decisions)
    {
        foreach (var (key, row) in Claims().OrderBy(claim => claim.Key.Key))
        {
            var decision = decisions.Keys[key.Name];
            if (!decision.IsOpen)
                continue;
            var holder = world.HolderOf(key.Name);
            if (holder is not null && row.Once!.OnConflict == UniqueConflict.Fail)
                return decisions with { Exists = holder };
            decisions = decisions with { Keys = decisions.Keys.SetItem(key.Name, decision with { Holder = holder, IsOpen = false }) };
        }

        return decisions;
    }

    static bool IsWon((UniqueName Key, NewRow Row) claim, Decisions decisions, bool waited) =>
        decisions.Keys[claim.Key.Name] is { Holder: null } decision && decision.Waited == waited;

    IEnumerable<(string Label, bool IsNew)> Result(List<(UniqueName Key, NewRow Row)> claims, Decisions decisions)
    {
        foreach (var row in Rows)
        {
            if (row.KeyIn(Batch) is not { } key)
            {
                yield return (row.Label, true);
                continue;
            }

            var first = claims.Find(claim => claim.Key == key).Row;
            var holder = decisions.Keys[key.Name].Holder;
            yield return (holder ?? first.Label, holder is null && first == row);
        }
    }

    // One that runs or has ended is left as it is. The period of one that is due at another time now begins there.
    static void Replace(World world, string key, string holder, NewRow row)
    {
        if (world.FindJob(holder) is not { State: JobState.Scheduled or JobState.Available or JobState.Retryable } job)
            return;

        var fields = row.Once!.Replaces;
        var due = world.DueOf(row);
        world.Change(job, job with
        {
            Args = fields.HasFlag(JobFields.Args) ? row.Args : job.Args,
            Priority = fields.HasFlag(JobFields.Priority) ? row.Draft.Priority : job.Priority,
            ScheduledAt = fields.HasFlag(JobFields.Schedule) ? due : job.ScheduledAt,
            State = !fields.HasFlag(JobFields.Schedule) ? job.State : due > world.Clock ? JobState.Scheduled : JobState.Available,
            MaxAttempts = fields.HasFlag(JobFields.MaxAttempts) ? row.Draft.MaxAttempts : job.MaxAttempts,
            Tags = fields.HasFlag(JobFields.Tags) ? row.StoredTags : job.Tags,
            Meta = fields.HasFlag(JobFields.Meta) ? row.StoredMeta : job.Meta,
        });
        if (fields.HasFlag(JobFields.Schedule) && row.Once is { Since: UniqueSince.Due, Period: not null } && world.FindKey(key) is { } held && held.Job == holder)
            world.Change(held with { ExpiresAt = world.EndOf(row) });
    }
}
