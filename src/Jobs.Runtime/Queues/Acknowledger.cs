using System.Threading.Channels;
using Jobs.Store;

namespace Jobs.Queues;

/// <summary>
/// Groups outcomes into one statement. It flushes as soon as the last flush has returned, so a lone outcome never waits. When more wait than one flush
/// after the other takes in time, a second one goes beside the first, which then waits for the disk for much of its time.
/// </summary>
sealed class Acknowledger(OutcomeWriter writer, WaitingOutcomes waiting, LargeOutputs largeOutputs)
{
    /// <summary>Longer than a statement may take by the default of Npgsql. A flush that takes longer is repeated, since the database is away.</summary>
    public static readonly TimeSpan LongestFlush = TimeSpan.FromMinutes(1);

    // Longer than the rows of a batch that all nodes work on are ever held, and shorter than somebody would notice.
    static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(250);

    // Full when the database is slow: jobs then keep their places, and the claims slow down with it. What waits here runs again if the process dies.
    const int Capacity = 4 * FlushSize.LargestCount;

    // So many wait where the disk is slow, but not where the processors of the server are what lacks: there a second flush makes both slower, and its
    // connection is one more process, which plans the statement five times.
    const int WorthTheSecond = 3 * FlushSize.LargestCount;

    readonly Channel<Acknowledgement> _outcomes = Channel.CreateBounded<Acknowledgement>(Capacity);
    readonly SemaphoreSlim _manyWait = new(0);
    int _waiting;
    int _flushing = 2;
    volatile bool _isComplete;

    // Fields, so that a loop that is started again goes on with what the last one had taken.
    readonly List<Acknowledgement> _first = new(FlushSize.LargestCount);
    readonly List<Acknowledgement> _second = [];

    public ValueTask AcknowledgeAsync(Acknowledgement outcome) => LargeOutputs.Has(outcome) ? AcknowledgeLargeAsync(outcome) : AddAsync(outcome);

    async ValueTask AcknowledgeLargeAsync(Acknowledgement outcome)
    {
        await largeOutputs.EnterAsync().ConfigureAwait(false);
        await AddAsync(outcome).ConfigureAwait(false);
    }

    ValueTask AddAsync(Acknowledgement outcome)
    {
        if (Interlocked.Increment(ref _waiting) == WorthTheSecond)
            _manyWait.Release();
        return _outcomes.Writer.WriteAsync(outcome);
    }

    /// <summary>Gives back jobs that the caller has taken from <see cref="HeldJobs"/>, at the cost of no attempt.</summary>
    public async Task GiveBackAsync(IEnumerable<ClaimedJob> taken)
    {
        foreach (var job in taken)
            await AcknowledgeAsync(Acknowledgement.Of(job, JobState.Available)).ConfigureAwait(false);
    }

    /// <summary>Says that no more outcomes come. Both loops end when they have flushed what is there.</summary>
    public void Complete()
    {
        _isComplete = true;
        _outcomes.Writer.TryComplete();
        _manyWait.Release();
    }

    /// <summary>Flushes until <see cref="Complete"/>, or until <paramref name="abort"/>, which leaves the rest to rescue.</summary>
    public Task RunAsync(Pulse pulse, CancellationToken abort) => RunAsync(_first, SomeWaitAsync, pulse, abort);

    /// <summary>Flushes beside <see cref="RunAsync(Pulse, CancellationToken)"/> while many outcomes wait.</summary>
    public Task RunSecondAsync(Pulse pulse, CancellationToken abort) => RunAsync(_second, ManyWaitAsync, pulse, abort);

    async Task RunAsync(List<Acknowledgement> flush, Func<CancellationToken, ValueTask<bool>> waitAsync, Pulse pulse, CancellationToken abort)
    {
        var held = new List<Acknowledgement>();
        while (flush.Count > 0 || await waitAsync(abort).ConfigureAwait(false))
        {
            pulse.Expect(LongestFlush);
            Fill(flush);
            await writer.WriteAsync(flush, LongestWait, held, abort).ConfigureAwait(false);
            largeOutputs.Leave(flush, held);
            waiting.Add(held);
            held.Clear();
            flush.Clear();
            pulse.Rest();
            await waiting.WhenRoomAsync(abort).ConfigureAwait(false);
        }

        if (Interlocked.Decrement(ref _flushing) == 0)
            waiting.Complete();
    }

    ValueTask<bool> SomeWaitAsync(CancellationToken abort) => _outcomes.Reader.WaitToReadAsync(abort);

    async ValueTask<bool> ManyWaitAsync(CancellationToken abort)
    {
        while (Volatile.Read(ref _waiting) < WorthTheSecond)
        {
            if (_isComplete)
                return false;
            await _manyWait.WaitAsync(abort).ConfigureAwait(false);
        }

        return true;
    }

    // A batch that is held may be worked off quickly: what of it comes here goes by, and no more of it than fits into a flush.
    void Fill(List<Acknowledgement> flush)
    {
        var size = new FlushSize();
        foreach (var outcome in flush)
            size.Add(outcome);
        for (; size.HasPlace && _outcomes.Reader.TryRead(out var outcome); size.Add(outcome))
        {
            Interlocked.Decrement(ref _waiting);
            if (!waiting.TryAdd(outcome))
                flush.Add(outcome);
        }
    }
}
