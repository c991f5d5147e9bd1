using Jobs.Generated;
using Jobs.Leadership;
using Jobs.Maintenance;
using Jobs.Nodes;
using Jobs.Queues;
using Jobs.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Jobs;

/// <summary>Starts the roles of a node with the host, and drains them when it stops.</summary>
sealed class JobsService(
    JobStore store, WorkerRegistry workers, Node node, Acknowledger acknowledger, WaitingOutcomes waiting, Executor executor, HeldJobs held, Admission admission,
    UnknownJobs unknown, Quarantine quarantine, QueueSignals signals, Listener listener, Poller poller, WorkedQueues worked,
    LeaderElection election, Duties duties, JobsHealth health, Watchdog watchdog,
    IHostApplicationLifetime application, IOptions<JobsOptions> options, TimeProvider time, ILogger<JobsService> logger)
    : IHostedService, IDisposable
{
    const int StuckExitCode = 1;

    // After the grace, with a database that does not answer: ten seconds in all, which with the default grace end with the host's timeout.
    static readonly Patience ToObeyToken = new(Producer.TimeToObeyToken, TimeSpan.FromSeconds(0.5));
    static readonly Patience ToGiveBack = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(0.5));
    static readonly Patience ToFlush = new(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(2));
    static readonly Patience ToLeave = new(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));

    readonly CancellationTokenSource _stopping = new();
    readonly CancellationTokenSource _cancelled = new();
    readonly CancellationTokenSource _drained = new();
    readonly CancellationTokenSource _aborted = new();
    readonly List<Task> _claiming = [];

    // To the end of the last job: it is to have its lease, and may be cancelled.
    readonly List<Task> _serving = [];
    Task _acknowledging = Task.CompletedTask;
    Task? _stopped;
    bool _started;
    bool _isStuck;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await JoinAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (application.ApplicationStopping.IsCancellationRequested)
        {
            // The host is told to stop before it has started, and does so: that is no failure of its start.
            Log.StoppedBeforeStart(logger);
            await RemoveNodeAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    async Task JoinAsync(CancellationToken cancellationToken)
    {
        if (options.Value.MigrateAtStart)
            await store.MigrateAsync(cancellationToken).ConfigureAwait(false);
        else
            await store.RequireSchemaAsync(cancellationToken).ConfigureAwait(false);
        if (options.Value.Queues.Count == 0)
        {
            Log.OnlyEnqueues(logger);
            return;
        }

        if (workers.Names.Count == 0)
            throw new InvalidOperationException("This host works queues but knows no worker. Add them: AddJobs(jobs => jobs….AddWorkers()).");

        await node.RegisterAsync(cancellationToken).ConfigureAwait(false);
        worked.All = [.. options.Value.Queues.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => Work(entry.Key, entry.Value))];

        _serving.Add(Run(nameof(Node), node.RunAsync, _drained.Token));
        await LookFirstAsync(cancellationToken).ConfigureAwait(false);
        _started = true;
        _acknowledging = Task.WhenAll(
            Run(nameof(Acknowledger), acknowledger.RunAsync, _aborted.Token), Run("SecondAcknowledger", acknowledger.RunSecondAsync, _aborted.Token),
            Run(nameof(WaitingOutcomes), waiting.RunAsync, _aborted.Token));
        foreach (var queue in worked.All)
            Start(queue);
        _claiming.Add(Run(nameof(Quarantine), (pulse, stopping) => quarantine.RunAsync(pulse, stopping, _cancelled.Token), _stopping.Token));
        _claiming.Add(Run(nameof(LeaderElection), (pulse, stopping) => election.RunAsync(pulse, duties.RunAsync, stopping), _stopping.Token));
        _serving.Add(Run(nameof(Poller), poller.RunAsync, _drained.Token));
        if (options.Value.Notifications)
            _serving.Add(Run(nameof(Listener), listener.RunAsync, _drained.Token));
        _claiming.Add(Run(nameof(Watchdog), (_, stopping) => watchdog.RunAsync(stopping), _stopping.Token));
    }

    // What is said of a queue holds for its first claim too. The look waits for a lease, and on a machine that is slow enough the first one has run
    // out by then: so it is renewed already.
    async Task LookFirstAsync(CancellationToken cancellationToken)
    {
        try
        {
            await poller.LookAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await _drained.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(_serving).ConfigureAwait(false);
            throw;
        }
    }

    // A host that is told to stop again waits for the same end.
    public Task StopAsync(CancellationToken cancellationToken) => _started ? _stopped ??= StopOnceAsync(cancellationToken) : Task.CompletedTask;

    async Task StopOnceAsync(CancellationToken cancellationToken)
    {
        await StopClaimingAsync().ConfigureAwait(false);
        await WaitForRunningAsync(cancellationToken).ConfigureAwait(false);
        await GiveBackTheRestAsync(cancellationToken).ConfigureAwait(false);
        await FlushAsync(cancellationToken).ConfigureAwait(false);
        await LeaveAsync(cancellationToken).ConfigureAwait(false);
    }

    WorkedQueue Work(string queue, int concurrency)
    {
        signals.Add(queue);
        Log.QueueStarted(logger, queue, concurrency);
        var slots = new Slots(concurrency, executor, held, acknowledger, _cancelled.Token, time, logger) { Stuck = StopIfAllAreStuck };
        return new WorkedQueue(queue, concurrency, slots, signals, logger);
    }

    void Start(WorkedQueue queue) =>
        _claiming.Add(Run(
            $"{nameof(Producer)} of queue \"{queue.Name}\"",
            (pulse, stopping) => new Producer(
                queue, options.Value, workers, store, node, held, unknown, acknowledger, admission, quarantine, signals, pulse, time, logger)
                .RunAsync(stopping, _cancelled.Token),
            _stopping.Token));

    // Nothing can run here any more, and only a fresh process frees the places. The exit code tells whoever keeps it running.
    void StopIfAllAreStuck()
    {
        if (!worked.All.All(static queue => queue.Slots.IsStuck) || Interlocked.Exchange(ref _isStuck, true))
            return;

        Log.AllSlotsStuck(logger);
        Environment.ExitCode = StuckExitCode;
        application.StopApplication();
    }

    async Task StopClaimingAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        Log.Draining(logger, options.Value.ShutdownGrace);
    }

    async Task WaitForRunningAsync(CancellationToken hostTimeout)
    {
        var drained = DrainAsync();
        if (await EndsWithinAsync(drained, options.Value.ShutdownGrace, hostTimeout).ConfigureAwait(false))
            return;

        await _cancelled.CancelAsync().ConfigureAwait(false);
        await EndsWithinAsync(drained, ToObeyToken, hostTimeout).ConfigureAwait(false);
    }

    // The slots after the claims: one that was under way may still start its jobs.
    async Task DrainAsync()
    {
        await Task.WhenAll(_claiming).ConfigureAwait(false);
        await Task.WhenAll(worked.All.Select(queue => queue.Slots.DrainAsync(_aborted.Token))).ConfigureAwait(false);
    }

    async Task GiveBackTheRestAsync(CancellationToken hostTimeout)
    {
        var rest = held.TakeAll();

        // With the database away so many outcomes may wait that there is no place for these.
        var given = await EndsWithinAsync(acknowledger.GiveBackAsync(rest), ToGiveBack, hostTimeout).ConfigureAwait(false);
        if (given)
            Log.GaveBack(logger, rest);
    }

    async Task FlushAsync(CancellationToken hostTimeout)
    {
        acknowledger.Complete();
        await EndsWithinAsync(_acknowledging, ToFlush, hostTimeout).ConfigureAwait(false);
        await _aborted.CancelAsync().ConfigureAwait(false);
        Log.OutcomesLost(logger, held.Decided());
    }

    async Task LeaveAsync(CancellationToken hostTimeout)
    {
        await _drained.CancelAsync().ConfigureAwait(false);
        if (await EndsWithinAsync(Task.WhenAll(_serving), ToLeave, hostTimeout).ConfigureAwait(false))
            await RemoveNodeAsync(hostTimeout).ConfigureAwait(false);
    }

    async Task RemoveNodeAsync(CancellationToken hostTimeout)
    {
        using var timeout = new CancellationTokenSource(hostTimeout.IsCancellationRequested ? ToLeave.AfterTimeout : ToLeave.Usual);
        try
        {
            await node.RemoveAsync(timeout.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Log.RemovalFailed(logger, exception);
        }
    }

    static async Task<bool> EndsWithinAsync(Task task, Patience patience, CancellationToken hostTimeout) =>
        await EndsWithinAsync(task, patience.Usual, hostTimeout).ConfigureAwait(false)
        || (hostTimeout.IsCancellationRequested && await EndsWithinAsync(task, patience.AfterTimeout, CancellationToken.None).ConfigureAwait(false));

    static async Task<bool> EndsWithinAsync(Task task, TimeSpan time, CancellationToken cancellationToken)
    {
        try
        {
            await task.WaitAsync(time, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            return false;
        }
    }

    Task Run(string role, Func<Pulse, CancellationToken, Task> loop, CancellationToken ends) => health.SuperviseAsync(role, loop, logger, ends);

    public void Dispose()
    {
        _stopping.Dispose();
        _cancelled.Dispose();
        _drained.Dispose();
        _aborted.Dispose();
    }

    /// <summary>How long a step of the shutdown may take, and how much longer when the host's own timeout is over.</summary>
    readonly record struct Patience(TimeSpan Usual, TimeSpan AfterTimeout);
}
