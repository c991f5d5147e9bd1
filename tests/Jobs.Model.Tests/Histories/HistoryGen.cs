using CsCheck;
using Jobs.Generated;
using Jobs.Model.Tests.Calls;

namespace Jobs.Model.Tests.Histories;

/// <summary>Makes random histories. Few queues, workers, nodes and batches, so that the calls meet.</summary>
static class HistoryGen
{
    const int StepsOfOne = 100;

    static readonly Gen<int> Recent = Gen.Frequency((4, Gen.Int[0, 1]), (2, Gen.Int[0, 4]), (1, Gen.Int[0, 15]));

    static readonly Gen<int> Limit = Gen.Frequency((2, Gen.Const(1)), (3, Gen.Int[1, 4]), (1, Gen.Const(100)));

    static readonly Gen<bool> Seldom = Gen.Frequency((7, Gen.Const(false)), (1, Gen.Const(true)));

    static readonly Gen<TimeSpan> Seconds = Gen.OneOf(0, 1, 10, 60).Select(seconds => TimeSpan.FromSeconds(seconds));

    static readonly Gen<TimeSpan> Lease = Gen.OneOf(1, 10, 60).Select(seconds => TimeSpan.FromSeconds(seconds));

    static readonly Gen<Worker> AnyWorker = Gen.Frequency((3, Gen.Const(Worker.Mailer)), (1, Gen.Const(Worker.Packer)));

    static readonly Gen<Queue> AnyQueue = Gen.Frequency((4, Gen.Const(Queue.Mail)), (1, Gen.Const(Queue.Post)));

    static readonly Gen<IReadOnlyList<Queue>> Queues = Gen.OneOf<IReadOnlyList<Queue>>([Queue.Mail], [Queue.Mail, Queue.Post]);

    static readonly Gen<Known> KnownWorkers = Gen.Frequency((3, Gen.Const(Known.Both)), (2, Gen.Const(Known.Mailer)), (1, Gen.Const(Known.Packer)));

    // Periods that end within the history, and few different keys.
    static readonly Gen<Once> Once = Gen.Select(
        Gen.Frequency((3, Gen.Const("x")), (1, Gen.Const("y"))),
        Gen.Frequency((2, Gen.Const(default(TimeSpan?))), (3, Lease.Select(period => (TimeSpan?)period))),
        Gen.Enum<UniqueSince>(), Gen.Enum<UniqueStates>(),
        Gen.Frequency((4, Gen.Const(UniqueConflict.ReturnExisting)), (4, Gen.Const(UniqueConflict.Replace)), (1, Gen.Const(UniqueConflict.Fail))),
        Gen.Frequency((2, Gen.Const(JobFields.All)), (3, Gen.Int[0, 63].Select(static bits => (JobFields)bits))),
        Seldom, Gen.Frequency((2, Gen.Const(false)), (1, Gen.Const(true))),
        static (same, period, since, states, onConflict, replaces, perQueue, perBatch) =>
            new Once(same, period, since, states, onConflict, replaces, perQueue, perBatch));

    static readonly Gen<(Once? Unique, string? Key)> Uniqueness = Gen.Frequency(
        (12, Gen.Const(default((Once?, string?)))), (8, Once.Select(static once => ((Once?)once, (string?)null))),
        (2, Gen.OneOf("k1", "k2").Select(static key => ((Once?)null, (string?)key))), (1, Once.Select(static once => ((Once?)once, (string?)"k1"))));

    static readonly Gen<Draft> Draft = Gen.Select(
        AnyWorker, AnyQueue, Gen.Int[0, 2], Gen.Int[1, 3],
        Gen.Frequency((5, Gen.Const(default(TimeSpan?))), (2, Seconds.Select(delay => (TimeSpan?)delay))),
        Gen.Frequency((9, Gen.Const(default(TimeSpan?))), (1, Gen.Int[0, 300].Select(seconds => (TimeSpan?)TimeSpan.FromSeconds(seconds)))),
        Gen.Frequency((4, Gen.Const(default(IReadOnlyList<string>?))), (1, Gen.OneOf<IReadOnlyList<string>?>(["red"], ["red", "blue"]))),
        Uniqueness,
        static (worker, queue, priority, maxAttempts, delay, at, tags, unique) => new Draft(
            worker, queue, priority, maxAttempts, at is null ? delay : null, at, tags, tags is null ? null : "t1", unique.Unique, unique.Key));

    // So many are sent by another statement.
    static readonly Gen<Draft[]> Many = Draft.Array[50, 52];

    static readonly Gen<Operation> Enqueue = EnqueueOf(Gen.Frequency((4, Draft.Array[1]), (5, Draft.Array[2, 4])));

    static readonly Gen<Operation> EnqueueBatch = EnqueueBatchOf(Gen.Frequency((1, Draft.Array[0]), (6, Draft.Array[1]), (8, Draft.Array[2, 4])));

    static readonly Gen<Operation> EnqueueMany = Gen.Frequency((1, EnqueueOf(Many)), (1, EnqueueBatchOf(Many)));

    static Gen<Operation> EnqueueOf(Gen<Draft[]> drafts) => Gen.Select(
        Gen.Frequency((4, Gen.Const(Way.Alone)), (1, Gen.Const(Way.InTransaction)), (1, Gen.Const(Way.InTransactionRolledBack))),
        drafts,
        static Operation (way, drafts) => new Enqueue(way, drafts));

    static Gen<Operation> EnqueueBatchOf(Gen<Draft[]> members) => Gen.Select(
        Gen.Int[0, 7],
        Gen.Frequency((3, AnyWorker.Select(worker => (Worker?)worker)), (1, Gen.Const(default(Worker?)))),
        Gen.Frequency((1, Gen.Const(BatchCallbacks.None)), (2, Gen.Int[0, 63].Select(static bits => (BatchCallbacks)bits))),
        members,
        static Operation (id, callback, heard, drafts) => new EnqueueBatch($"b{id}", callback, heard, drafts));

    static readonly Gen<Operation> FindBatch = Gen.Int[0, 7].Select(Operation (id) => new FindBatch($"b{id}"));

    static readonly Gen<Operation> Claim = Gen.Select(
        Recent, AnyQueue, KnownWorkers, Limit, Seldom,
        static Operation (node, queue, workers, limit, isLost) => new Claim(node, queue, workers, limit, isLost));

    static readonly Gen<Operation> ClaimSuspect = Gen.Select(
        Recent, KnownWorkers, Queues,
        static Operation (node, workers, queues) => new ClaimSuspect(node, workers, queues));

    static readonly Gen<Operation> ReadArgs = Recent.Select(Operation (claim) => new ReadArgs(claim));

    static readonly Gen<Operation> GiveBackUnknown = Gen.Select(
        Recent, AnyQueue, Gen.Int[0, 15],
        static Operation (node, queue, held) => new GiveBackUnknown(node, queue, held));

    static readonly Gen<Operation> UndoClaim = Recent.Select(Operation (claim) => new UndoClaim(claim));

    static readonly Gen<Outcome> Outcome = Gen.Select(
        Recent, Gen.OneOf(JobState.Completed, JobState.Completed, JobState.Retryable, JobState.Scheduled, JobState.Available, JobState.Cancelled, JobState.Discarded), Seconds, Gen.Bool, Gen.Bool, Maybe(Gen.Int[1, 9]),
        static (claim, state, delay, hasError, isOdd, done) => new Outcome(
            claim, state, delay, hasError ? "no such address" : null, state == JobState.Completed && isOdd ? 42 : null, state == JobState.Discarded && isOdd, done));

    static readonly Gen<Operation> Acknowledge = Gen.Frequency((2, Outcome.Array[1]), (3, Outcome.Array[2, 5])).Select(Operation (outcomes) => new Acknowledge(outcomes));

    static readonly Gen<Operation> CompleteInTransaction = Gen.Select(Recent, Draft, static Operation (claim, draft) => new CompleteInTransaction(claim, draft));

    static readonly Gen<Operation> Stage = Limit.Select(Operation (limit) => new Stage(limit));

    static readonly Gen<Operation> Rescue = Limit.Select(Operation (limit) => new Rescue(limit));

    static readonly Gen<Operation> MoveClock = Gen.OneOf(1, 9, 10, 60).Select(Operation (seconds) => new MoveClock(TimeSpan.FromSeconds(seconds)));

    static readonly Gen<Operation> FindStranded = Gen.Const<Operation>(new FindStranded());

    static readonly Gen<Operation> RegisterNode = Gen.Select(
        Lease, KnownWorkers, Queues,
        static Operation (lease, workers, queues) => new RegisterNode(lease, workers, queues));

    static readonly Gen<Operation> RenewNode = Gen.Select(
        Recent, Lease, Maybe(Gen.Int[1, 9]),
        static Operation (node, lease, done) => new RenewNode(node, lease, done));

    static readonly Gen<Operation> RemoveNode = Recent.Select(Operation (node) => new RemoveNode(node));

    static readonly Gen<Operation> Elect = Gen.Select(Recent, Lease, static Operation (node, lease) => new Elect(node, lease));

    static readonly Gen<Operation> Resign = Recent.Select(Operation (node) => new Resign(node));

    static readonly Gen<ByHand> AnyByHand = Gen.Frequency((3, Gen.Const(ByHand.Cancel)), (3, Gen.Const(ByHand.Retry)), (1, Gen.Const(ByHand.Delete)), (1, Gen.Const(ByHand.Edit)));

    static readonly Gen<Edit> Edit = Gen.Select(
        Maybe(Gen.Int[0, 2]), Maybe(Gen.Int[1, 3]), Maybe(AnyQueue), Maybe(Seconds), Maybe(Gen.Int[0, 300].Select(seconds => TimeSpan.FromSeconds(seconds))),
        static (priority, maxAttempts, queue, delay, at) => new Edit(priority, maxAttempts, queue, delay, at));

    static readonly Gen<Filter> Filter = Gen.Select(
        Gen.Frequency((1, Gen.Const(default(JobState?))), (2, Gen.Enum<JobState>().Select(state => (JobState?)state))),
        Maybe(AnyQueue), Maybe(AnyWorker), Maybe(Gen.Int[0, 7]), Seldom,
        static (state, queue, worker, batch, isTagged) => new Filter(state, queue, worker, batch is null ? null : $"b{batch}", isTagged ? "blue" : null));

    static readonly Gen<Operation> ChangeJob = Gen.Select(
        AnyByHand, Recent, Edit, Maybe(AnyWorker),
        static Operation (what, job, edit, newArgs) => new ChangeJob(what, job, edit, what == ByHand.Edit ? newArgs : null));

    static readonly Gen<Operation> ChangeJobs = Gen.Select(
        AnyByHand, Filter, Limit, Edit,
        static Operation (what, filter, limit, edit) => new ChangeJobs(what, filter, limit, edit));

    static readonly Gen<Operation> Prune = Gen.Select(
        Gen.OneOf(JobState.Completed, JobState.Cancelled, JobState.Discarded), Seconds, Limit, Maybe(AnyWorker), Gen.Bool, Maybe(AnyQueue), Gen.Bool, Gen.Bool,
        static Operation (state, age, limit, worker, isWorkers, queue, isQueues, rest) => new Prune(state, age, limit, worker, isWorkers, queue, isQueues, rest));

    static readonly Gen<Operation> SweepKeys = Gen.Select(Limit, Gen.Bool, static Operation (limit, goesOn) => new SweepKeys(limit, goesOn));

    static readonly Gen<Operation> PruneBatches = Gen.Select(Seconds, Limit, static Operation (age, limit) => new PruneBatches(age, limit));

    static readonly Gen<Operation> Poll = Gen.Select(
        Recent, KnownWorkers, Queues,
        static Operation (node, workers, queues) => new Poll(node, workers, queues));

    static readonly Gen<Operation> SetQueueState = Gen.Select(
        Maybe(AnyQueue), Maybe(Recent), Gen.Enum<QueueState>(),
        static Operation (queue, node, state) => new SetQueueState(queue, node, state));

    static readonly Gen<Operation> ScaleQueue = Gen.Select(
        Maybe(AnyQueue), Maybe(Recent), Maybe(Gen.Int[1, 5]),
        static Operation (queue, node, concurrency) => new ScaleQueue(queue, node, concurrency));

    static readonly Gen<Operation> SweepQueueSettings = Seconds.Select(Operation (age) => new SweepQueueSettings(age));

    static Gen<T?> Maybe<T>(Gen<T> gen)
        where T : struct => Gen.Frequency((2, Gen.Const(default(T?))), (1, gen.Select(value => (T?)value)));

    static readonly Gen<Operation> AnyOperation = Gen.Frequency(
        (10, Enqueue), (5, EnqueueBatch), (2, FindBatch),
        (18, Claim), (9, ClaimSuspect), (2, ReadArgs), (3, GiveBackUnknown), (2, UndoClaim),
        (22, Acknowledge), (3, CompleteInTransaction),
        (9, ChangeJob), (3, ChangeJobs), (3, Prune), (2, PruneBatches), (2, SweepKeys), (3, Poll), (2, SetQueueState), (1, ScaleQueue), (1, SweepQueueSettings),
        (7, Stage), (9, Rescue), (7, MoveClock), (2, FindStranded),
        (5, RegisterNode), (3, RenewNode), (4, RemoveNode), (2, Elect), (1, Resign));

    /// <summary>What changes what others change too. Nobody moves the clock, which stands still within a transaction.</summary>
    static readonly Gen<Operation> Contended = Gen.Frequency(
        (3, Enqueue), (3, EnqueueBatch), (2, FindBatch),
        (8, Claim), (3, ClaimSuspect), (1, ReadArgs), (2, GiveBackUnknown),
        (14, Acknowledge), (2, CompleteInTransaction),
        (8, ChangeJob), (3, ChangeJobs), (2, Prune), (1, PruneBatches), (1, SweepKeys), (1, Poll), (1, SetQueueState), (1, SweepQueueSettings),
        (4, Stage), (5, Rescue),
        (1, RenewNode), (2, RemoveNode), (2, Elect), (1, Resign));

    // Jobs that all want the same key, on whatever terms.
    static readonly Gen<Draft> Rival = Gen.Select(
        Draft, Once,
        static (draft, once) => draft with { Worker = Worker.Mailer, Unique = once with { Same = "x", PerQueue = false, PerBatch = false }, Key = null });

    static readonly Gen<Operation> ChangeRival = Gen.Select(
        Gen.OneOf(ByHand.Cancel, ByHand.Cancel, ByHand.Retry, ByHand.Delete), Gen.Int[0, 4],
        static Operation (what, job) => new ChangeJob(what, job, new Edit()));

    static readonly Gen<Operation> ChangeRivals = Gen.Select(
        Gen.Frequency((2, AnyByHand), (1, Gen.Const(ByHand.Retry))), Gen.OneOf<JobState?>(null, JobState.Completed, JobState.Cancelled, JobState.Discarded), Limit, Edit,
        static Operation (what, state, limit, edit) => new ChangeJobs(what, new Filter(state), limit, edit));

    static readonly Gen<Operation> PruneRivals = Gen.Select(
        Gen.OneOf(JobState.Completed, JobState.Cancelled, JobState.Discarded), Seconds, Limit,
        static Operation (state, age, limit) => new Prune(state, age, limit, null, false, null, false, true));

    static readonly Gen<Operation> EnqueueRivals = EnqueueOf(Gen.Frequency((3, Rival.Array[1]), (1, Rival.Array[2, 4])));

    static readonly Gen<Operation> ContendedByRivals = Gen.Frequency(
        (8, EnqueueRivals), (2, EnqueueBatchOf(Rival.Array[1, 3])), (1, Enqueue),
        (10, ChangeRival), (2, ChangeJob), (6, ChangeRivals), (5, Claim), (6, Acknowledge), (1, CompleteInTransaction),
        (3, PruneRivals), (2, SweepKeys), (2, RenewNode), (1, Stage), (1, Rescue));

    static readonly Gen<Operation> AmongRivals = Gen.Frequency((48, ContendedByRivals), (4, MoveClock), (2, RegisterNode));

    /// <summary>A history of one client. In each fourth the jobs are after the same key.</summary>
    public static Gen<History> OfOne { get; } = Gen.Frequency((3, OfSteps(Gen.Frequency((60, AnyOperation), (1, EnqueueMany)))), (1, OfSteps(AmongRivals)));

    /// <summary>A history of one client, whose jobs are after the same key.</summary>
    public static Gen<History> OfRivals { get; } = OfSteps(AmongRivals);

    static Gen<History> OfSteps(Gen<Operation> operation) => operation.Array[1, StepsOfOne].Select(operations => new History(operations));

    /// <summary>A history of two or three clients, who begin where another has put a few jobs, batches and nodes. In each fourth the jobs are after the same key.</summary>
    public static Gen<History> OfSeveral { get; } = Gen.Frequency((3, OfClientsAfter(Contended, AnyOperation)), (1, OfClientsAfter(ContendedByRivals, AmongRivals)));

    static Gen<History> OfClientsAfter(Gen<Operation> operation, Gen<Operation> before) =>
        OfClients(operation, before.Array[0, 10].Select(IReadOnlyList<Operation> (more) => more));

    /// <summary>Histories of several clients who claim, acknowledge, stage, claim suspects, or enqueue one or many more often than they do anything else.</summary>
    public static Gen<History> OfClaims { get; } = Meeting(Claim);

    public static Gen<History> OfAcknowledgements { get; } = Meeting(Acknowledge);

    public static Gen<History> OfStages { get; } = Meeting(Stage, new MoveClock(TimeSpan.FromSeconds(60)));

    public static Gen<History> OfSuspects { get; } = Meeting(
        ClaimSuspect, new RemoveNode(0), new Rescue(100), new RegisterNode(TimeSpan.FromSeconds(60), Known.Both, Queue.Mail));

    public static Gen<History> OfEnqueues { get; } = Meeting(Enqueue);

    public static Gen<History> OfManyEnqueued { get; } = Meeting(Gen.Frequency((2, EnqueueOf(Draft.Array[2, 4])), (1, ChangeJob)));

    static Gen<History> Meeting(Gen<Operation> meeting, params Operation[] before) =>
        OfClients(Gen.Frequency((3, meeting), (1, Contended)), Gen.Const<IReadOnlyList<Operation>>(before));

    static Gen<History> OfClients(Gen<Operation> operation, Gen<IReadOnlyList<Operation>> before) => Gen.Select(
        Lease, Gen.Select(EnqueueBatch, EnqueueBatch, Enqueue), Claim, before, operation.Array[1, 4].Array[2, 3],
        static (lease, batches, claim, more, clients) => new History(
            [new RegisterNode(lease, Known.Both, Queue.Mail), batches.Item1, batches.Item2, batches.Item3, claim, .. more],
            clients));
}
