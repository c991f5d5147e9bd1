using Jobs.Store;
using Npgsql;

namespace Jobs.Postgres;

/// <summary>A call that enqueues many jobs, and what has become of them so far.</summary>
/// <param name="transaction">What it is committed by.</param>
/// <param name="batch">The batch whose members the jobs are. Nobody asks for the ids of members.</param>
/// <param name="terms">How they are stored.</param>
sealed class EnqueueCall(EnqueueTransaction transaction, (long Key, string Id)? batch, EnqueueTerms terms)
{
    readonly List<EnqueuedJob> _enqueued = [];
    readonly Dictionary<Guid, KeyClaim> _claims = [];
    readonly List<(int Place, KeyClaim Claim)> _claimed = [];
    int _unclaimed;

    /// <summary>The connection, to be asked for before each statement.</summary>
    public NpgsqlConnection Connection => transaction.Connection;

    public long? Batch => batch?.Key;

    public bool WantsIds => batch is null;

    public EnqueueTerms Terms => terms;

    public JobCopy Copy { get; } = new(withIds: false);

    public JobCopy CopyWithIds { get; } = new(withIds: true);

    /// <summary>The database's time, which stands still within a transaction; <see langword="null"/> until it was asked for.</summary>
    public DateTime? Clock { get; set; }

    /// <summary>How many jobs the source has given.</summary>
    public int Count { get; private set; }

    /// <summary>How many of them are stored, once all keys are decided.</summary>
    public int Stored => _unclaimed + _claims.Values.Count(static claim => claim.Outcome is ClaimOutcome.Won);

    /// <summary>The claims that are not decided yet, in the order in which every enqueue takes its keys.</summary>
    public List<KeyClaim> Open() => [.. _claims.Values.Where(static claim => claim.Outcome is ClaimOutcome.Open).OrderBy(static claim => claim.Key)];

    public Guid? KeyOf(NewJob job) => UniqueKey.Of(job, batch?.Id);

    public bool Claims(Guid key) => _claims.ContainsKey(key);

    /// <summary>Takes the next job of the source, which is its own.</summary>
    public NewRow Add(NewJob job)
    {
        _unclaimed++;
        return new NewRow(job, NextPlace(), null);
    }

    /// <summary>Takes the next job of the source, which wants a key; <see langword="null"/> if an earlier one of the call wants it too, and so goes first.</summary>
    public NewRow? Add(NewJob job, Guid key)
    {
        var isFirst = !_claims.TryGetValue(key, out var claim);
        if (claim is null)
            _claims.Add(key, claim = new KeyClaim(key, job));
        var place = NextPlace();
        if (WantsIds)
            _claimed.Add((place, claim));
        return isFirst ? new NewRow(job, place, claim) : null;
    }

    int NextPlace()
    {
        if (WantsIds)
            _enqueued.Add(default);
        return checked(Count++);
    }

    public void Inserted(NewRow row, long id)
    {
        if (row.Claim is { } claim)
            (claim.Id, claim.IsInserted) = (id, true);
        else if (WantsIds)
            _enqueued[row.Place] = new EnqueuedJob(id, IsNew: true);
    }

    /// <summary>What has become of each job, in the order of the source.</summary>
    public IReadOnlyList<EnqueuedJob> Result()
    {
        var told = new HashSet<KeyClaim>();
        foreach (var (place, claim) in _claimed)
            _enqueued[place] = new EnqueuedJob(claim.Id, IsNew: told.Add(claim) && claim.Outcome is ClaimOutcome.Won);
        return _enqueued;
    }
}

/// <summary>A job that gets a row.</summary>
/// <param name="Job">The job.</param>
/// <param name="Place">Its place in the call, from 0.</param>
/// <param name="Claim">Its claim of a key.</param>
readonly record struct NewRow(NewJob Job, int Place, KeyClaim? Claim);
