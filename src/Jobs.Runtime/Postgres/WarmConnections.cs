using Npgsql;

namespace Jobs.Postgres;

/// <summary>Lends the connections of a pool, the last one that was given back first.</summary>
/// <remarks>
/// Npgsql lends the one that has been idle for longest, so that statements go round all of them. Behind each is a process of the server that loads its
/// own catalogs, plans each statement five times, and maps each page that it reads: a drain of 100,000 jobs takes an eighth longer on ten connections
/// than on four. So those that were used last are kept here, for a minute; then they go back to their pool, which knows when they are too old.
/// </remarks>
sealed class WarmConnections(Func<CancellationToken, ValueTask<NpgsqlConnection>> open, TimeProvider time)
{
    /// <summary>Somewhat more than a busy node uses at once: one that claims, and two that acknowledge.</summary>
    public const int Most = 4;

    static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    // A new one takes longer than most statements, so that another one's is often back before. Not for long: a network may hold up one of them.
    static readonly TimeSpan LongestQueue = TimeSpan.FromMilliseconds(50);

    readonly TimeProvider _time = time;
    readonly Lock _gate = new();
    readonly List<Lent> _kept = new(Most + 1);
    readonly SemaphoreSlim _opening = new(1);

    /// <summary>Lends a connection. It goes back to its pool when it is disposed, or is lent again if all went <see cref="Lent.Well"/> on it.</summary>
    public async ValueTask<Lent> LendAsync(CancellationToken cancellationToken)
    {
        if (await TakeAsync().ConfigureAwait(false) is { } kept)
            return kept;

        var isNext = await _opening.WaitAsync(LongestQueue, cancellationToken).ConfigureAwait(false);
        try
        {
            return await TakeAsync().ConfigureAwait(false) ?? new Lent(this, await open(cancellationToken).ConfigureAwait(false));
        }
        finally
        {
            if (isNext)
                _opening.Release();
        }
    }

    /// <summary>Gives all that are kept back to their pool.</summary>
    public async ValueTask ClearAsync()
    {
        while (Last() is { } kept)
            await kept.Connection.DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc cref="ClearAsync"/>
    public void Clear()
    {
        while (Last() is { } kept)
            kept.Connection.Dispose();
    }

    // One that has not been used for long may have been cut off by whatever stands in between.
    async ValueTask<Lent?> TakeAsync()
    {
        while (Last() is { } kept)
        {
            if (!kept.IsOld)
                return kept;
            await kept.Connection.DisposeAsync().ConfigureAwait(false);
        }

        return null;
    }

    Lent? Last()
    {
        lock (_gate)
            return Remove(_kept.Count - 1);
    }

    // Returns the one that goes back to the pool: the one that was used least, if there are too many or if it is old.
    Lent? Keep(Lent connection)
    {
        lock (_gate)
        {
            if (connection.IsOld)
                return connection;
            _kept.Add(connection);
            return _kept.Count > Most || _kept[0].IsOld ? Remove(0) : null;
        }
    }

    Lent? Remove(int place)
    {
        if (place < 0)
            return null;
        var removed = _kept[place];
        _kept.RemoveAt(place);
        return removed;
    }

    /// <summary>A connection that is lent.</summary>
    internal sealed class Lent(WarmConnections owner, NpgsqlConnection connection) : IAsyncDisposable
    {
        readonly long _since = owner._time.GetTimestamp();
        bool _wentWell;

        public NpgsqlConnection Connection => connection;

        public bool IsOld => owner._time.GetElapsedTime(_since) > Longest;

        /// <summary>Says that whatever was done on it has come to its end.</summary>
        public void Well() => _wentWell = true;

        public ValueTask DisposeAsync()
        {
            if (!_wentWell)
                return connection.DisposeAsync();
            _wentWell = false;
            return owner.Keep(this) is { } leaves ? leaves.Connection.DisposeAsync() : default;
        }
    }
}
