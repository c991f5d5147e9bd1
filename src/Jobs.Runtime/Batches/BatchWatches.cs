using Jobs.Queues;
using Jobs.Store;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Jobs;

/// <summary>Everybody in this process who watches a batch: one connection that listens, while there is somebody.</summary>
/// <remarks>
/// It is said that a batch has changed, and who watches looks at it. That is a hint: it may be lost, so each watch looks from time to time
/// whatever it hears, and where notifications are off it does nothing else.
/// </remarks>
sealed class BatchWatches(JobStore store, IOptions<JobsOptions> options, TimeProvider time, ILogger<BatchWatches> logger) : IDisposable
{
    // Most batches that somebody waits for have ended before it is worth a connection and a mark.
    static readonly TimeSpan WorthListening = TimeSpan.FromMilliseconds(200);

    // Longer than two marks are apart: a watch that dies is forgotten soon, and one that lives never.
    static readonly TimeSpan MarkedFor = TimeSpan.FromSeconds(30);
    static readonly TimeSpan MarkedEvery = TimeSpan.FromSeconds(10);

    // So long the connection waits for another watch.
    static readonly TimeSpan Lingers = TimeSpan.FromSeconds(10);

    readonly Lock _gate = new();
    readonly HashSet<Watch> _listening = [];
    readonly CancellationTokenSource _disposed = new();
    bool _isListening;

    /// <summary>Begins a watch, which ends when it is disposed.</summary>
    public Watch Join(string id) => new(this, id);

    void Listen(Watch watch)
    {
        lock (_gate)
        {
            if (!_listening.Add(watch) || _isListening)
                return;
            _isListening = true;
        }

        _ = Task.Run(ListenWhileWatchedAsync);
    }

    void Leave(Watch watch)
    {
        lock (_gate)
            _listening.Remove(watch);
    }

    async Task ListenWhileWatchedAsync()
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(_disposed.Token);
        var listening = ListenAsync(ends.Token);
        do
        {
            await Task.Delay(Lingers, time, ends.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        while (!TryEnd());
        await ends.CancelAsync().ConfigureAwait(false);
        await listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    bool TryEnd()
    {
        lock (_gate)
        {
            _isListening = _listening.Count > 0 && !_disposed.IsCancellationRequested;
            return !_isListening;
        }
    }

    async Task ListenAsync(CancellationToken ends)
    {
        for (var failures = 0; !ends.IsCancellationRequested;)
        {
            try
            {
                await store.ListenToBatchesAsync(
                    () =>
                    {
                        failures = 0;
                        Tell(static _ => true);   // what was said while nobody listened is lost
                    },
                    id => Tell(watch => watch.Id == id),
                    ends).ConfigureAwait(false);
            }
            catch (Exception exception) when (!ends.IsCancellationRequested)
            {
                if (++failures == 1)
                    Log.WatchFailed(logger, exception);
                await Task.Delay(Backoff.AfterError(failures), time, ends).ConfigureAwait(false);
            }
        }
    }

    void Tell(Func<Watch, bool> concerned)
    {
        lock (_gate)
        {
            foreach (var watch in _listening.Where(concerned))
                watch.Changed();
        }
    }

    public void Dispose()
    {
        _disposed.Cancel();
        _disposed.Dispose();
    }

    /// <summary>One that watches a batch.</summary>
    public sealed class Watch(BatchWatches all, string id) : IDisposable
    {
        readonly SemaphoreSlim _changed = new(0);
        long? _markedAt;
        bool _isRefused;

        public string Id => id;

        /// <summary>Waits until the batch may have changed, or for so long.</summary>
        public async Task WaitAsync(TimeSpan longest, CancellationToken cancellationToken)
        {
            if (all.IsOn && longest >= WorthListening)
                await ListenAsync(cancellationToken).ConfigureAwait(false);
            await _changed.WaitAsync(longest, cancellationToken).ConfigureAwait(false);
        }

        /// <summary>The batch may have changed.</summary>
        public void Changed()
        {
            // One permit is as good as many: a look sees everything.
            if (_changed.CurrentCount == 0)
                _changed.Release();
        }

        async Task ListenAsync(CancellationToken cancellationToken)
        {
            if (_isRefused || (_markedAt is { } marked && all.Elapsed(marked) < MarkedEvery))
                return;
            try
            {
                all.Listen(this);
                await all.MarkAsync(id, cancellationToken).ConfigureAwait(false);
                if (_markedAt is null)
                    Changed();   // before the mark nobody was told
                _markedAt = all.Now;
            }
            catch (PostgresException exception) when (!exception.IsTransient)
            {
                // A role that may only read: it looks from time to time.
                _isRefused = true;
            }
            catch (Exception exception) when (exception is DatabaseUnavailableException or NpgsqlException or TimeoutException)
            {
                // It is marked when the database is there again.
            }
        }

        public void Dispose()
        {
            all.Leave(this);
            _changed.Dispose();
        }
    }

    bool IsOn => options.Value.Notifications;

    long Now => time.GetTimestamp();

    TimeSpan Elapsed(long since) => time.GetElapsedTime(since);

    Task MarkAsync(string id, CancellationToken cancellationToken) => store.WatchBatchAsync(id, MarkedFor, cancellationToken);
}
