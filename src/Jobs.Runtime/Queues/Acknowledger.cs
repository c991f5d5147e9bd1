using System.Threading.Channels;
using Jobs.Store;

namespace Jobs.Queues;

/// <summary>Groups outcomes into one statement. It flushes as soon as the last flush has returned, so a lone outcome never waits.</summary>
sealed class Acknowledger(OutcomeWriter writer, WaitingOutcomes waiting, LargeOutputs largeOutputs)
{
    /// <summary>Longer than a statement may take by the default of Npgsql. A flush that takes longer is repeated, since the database is away.</summary>
    public static readonly TimeSpan LongestFlush = TimeSpan.FromMinutes(1);

    // Longer than the rows of a batch that all nodes work on are ever held, and shorter than somebody would notice.
    static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(250);

    // Full when the database is slow: jobs then keep their places, and the claims slow down with it.
    const int Capacity = 10_000;

    readonly Channel<Acknowledgement> _outcomes = Channel.CreateBounded<Acknowledgement>(
        new BoundedChannelOptions(Capacity) { SingleReader = true });

    // Fields, so that a loop that is started again goes on with what the last one had taken.
    readonly List<Acknowledgement> _flush = new(FlushSize.LargestCount);
    readonly List<Acknowledgement> _held = [];

    public ValueTask AcknowledgeAsync(Acknowledgement outcome) => LargeOutputs.Has(outcome) ? AcknowledgeLargeAsync(outcome) : _outcomes.Writer.WriteAsync(outcome);

    async ValueTask AcknowledgeLargeAsync(Acknowledgement outcome)
    {
        await largeOutputs.EnterAsync().ConfigureAwait(false);
        await _outcomes.Writer.WriteAsync(outcome).ConfigureAwait(false);
    }

    /// <summary>Gives back jobs that the caller has taken from <see cref="HeldJobs"/>, at the cost of no attempt.</summary>
    public async Task GiveBackAsync(IEnumerable<ClaimedJob> taken)
    {
        foreach (var job in taken)
            await AcknowledgeAsync(new Acknowledgement(job.Id, job.Run, job.Node, JobState.Available)).ConfigureAwait(false);
    }

    /// <summary>Says that no more outcomes come. <see cref="RunAsync"/> ends when it has flushed what is there.</summary>
    public void Complete() => _outcomes.Writer.TryComplete();

    /// <summary>Flushes until <see cref="Complete"/>, or until <paramref name="abort"/>, which leaves the rest to rescue.</summary>
    public async Task RunAsync(Pulse pulse, CancellationToken abort)
    {
        while (_flush.Count > 0 || await _outcomes.Reader.WaitToReadAsync(abort).ConfigureAwait(false))
        {
            pulse.Expect(LongestFlush);
            Fill();
            _held.Clear();
            await writer.WriteAsync(_flush, LongestWait, _held, abort).ConfigureAwait(false);
            largeOutputs.Leave(_flush, _held);
            waiting.Add(_held);
            _flush.Clear();
            pulse.Rest();
            await waiting.WhenRoomAsync(abort).ConfigureAwait(false);
        }

        waiting.Complete();
    }

    // A batch that is held may be worked off quickly: what of it comes here goes by, and no more of it than fits into a flush.
    void Fill()
    {
        var size = new FlushSize();
        foreach (var outcome in _flush)
            size.Add(outcome);
        for (; size.HasPlace && _outcomes.Reader.TryRead(out var outcome); size.Add(outcome))
        {
            if (!waiting.TryAdd(outcome))
                _flush.Add(outcome);
        }
    }
}
