using Jobs.Store;
using Microsoft.Extensions.Logging;

namespace Jobs.Queues;

/// <summary>A lane for the outcomes whose rows another transaction holds, so that those of all other jobs go on.</summary>
/// <remarks>
/// A transaction of a caller that adds to a batch holds the batch's row until it commits. The first members that end meanwhile come here after
/// they have waited for a moment, the others straight away, until the lane has stored the last of their batch. Each batch that waits is tried in
/// its turn, for a tenth of a second.
/// </remarks>
sealed class WaitingOutcomes(OutcomeWriter writer, LargeOutputs largeOutputs, ILogger<WaitingOutcomes> logger)
{
    // A batch that is free again is seen after so long for each of the others that are held.
    static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(100);

    // Some 20 MB. Beyond it the acknowledger waits for the lane, and with it all jobs.
    const int Capacity = 100_000;

    // The outcomes of jobs that are in no batch have a lane too.
    const string WithoutBatch = "";

    readonly Lock _gate = new();
    readonly Dictionary<string, Queue<Acknowledgement>> _lanes = new(StringComparer.Ordinal);
    readonly SemaphoreSlim _changed = new(0);
    TaskCompletionSource? _room;
    int _count;
    bool _isComplete;

    /// <summary>Takes an outcome if others of its batch wait here.</summary>
    public bool TryAdd(Acknowledgement outcome)
    {
        lock (_gate)
        {
            if (_count == 0 || outcome.Batch is not { } batch || !_lanes.TryGetValue(batch, out var lane))
                return false;
            lane.Enqueue(outcome);
            _count++;
            return true;
        }
    }

    /// <summary>Takes outcomes whose rows are held.</summary>
    public void Add(List<Acknowledgement> held)
    {
        if (held.Count == 0)
            return;
        lock (_gate)
        {
            foreach (var outcome in held)
                LaneOf(outcome).Enqueue(outcome);
            _count += held.Count;
        }

        _changed.Release();
    }

    Queue<Acknowledgement> LaneOf(Acknowledgement outcome)
    {
        if (_lanes.TryGetValue(outcome.Batch ?? WithoutBatch, out var lane))
            return lane;
        Log.OutcomesWait(logger, outcome.Id, outcome.Batch);
        return _lanes[outcome.Batch ?? WithoutBatch] = new Queue<Acknowledgement>();
    }

    /// <summary>Completes when fewer wait than may.</summary>
    public Task WhenRoomAsync(CancellationToken abort)
    {
        lock (_gate)
        {
            if (_count < Capacity)
                return Task.CompletedTask;
            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _room.Task.WaitAsync(abort);
        }
    }

    /// <summary>Says that no more outcomes come. <see cref="RunAsync"/> ends when it has stored what is there.</summary>
    public void Complete()
    {
        lock (_gate)
            _isComplete = true;
        _changed.Release();
    }

    /// <summary>Stores what waits as soon as it can be, until <see cref="Complete"/>, or until <paramref name="abort"/>, which leaves the rest to rescue.</summary>
    public async Task RunAsync(Pulse pulse, CancellationToken abort)
    {
        while (await SomeWaitAsync(abort).ConfigureAwait(false))
        {
            foreach (var (lane, count) in Lanes())
                await StoreAsync(lane, count, pulse, abort).ConfigureAwait(false);
            pulse.Rest();
        }
    }

    async Task<bool> SomeWaitAsync(CancellationToken abort)
    {
        while (true)
        {
            lock (_gate)
            {
                if (_count > 0 || _isComplete)
                    return _count > 0;
            }

            await _changed.WaitAsync(abort).ConfigureAwait(false);
        }
    }

    List<(string Lane, int Count)> Lanes()
    {
        lock (_gate)
            return [.. _lanes.Select(static lane => (lane.Key, lane.Value.Count))];
    }

    // What came meanwhile has to wait for the other lanes' turns. What is written stays in the lane until it is: a loop that is started again
    // finds it there.
    async Task StoreAsync(string lane, int count, Pulse pulse, CancellationToken abort)
    {
        for (var held = new List<Acknowledgement>(); held.Count == 0 && count > 0;)
        {
            var first = First(lane);
            pulse.Expect(Acknowledger.LongestFlush);
            await writer.WriteAsync(first, LongestWait, held, abort).ConfigureAwait(false);
            largeOutputs.Leave(first, held);
            Replace(lane, first.Count, held);
            count -= first.Count;
        }
    }

    List<Acknowledgement> First(string lane)
    {
        var first = new List<Acknowledgement>();
        var size = new FlushSize();
        lock (_gate)
        {
            foreach (var outcome in _lanes[lane].TakeWhile(_ => size.HasPlace))
            {
                first.Add(outcome);
                size.Add(outcome);
            }
        }

        return first;
    }

    void Replace(string lane, int written, List<Acknowledgement> held)
    {
        lock (_gate)
        {
            var outcomes = _lanes[lane];
            for (var i = 0; i < written; i++)
                outcomes.Dequeue();
            foreach (var outcome in held)
                outcomes.Enqueue(outcome);
            if (outcomes.Count == 0)
                _lanes.Remove(lane);

            _count += held.Count - written;
            if (_count < Capacity)
                _room?.TrySetResult();
            if (_room is { Task.IsCompleted: true })
                _room = null;
        }
    }
}
