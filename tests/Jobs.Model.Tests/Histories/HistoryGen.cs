using CsCheck;
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

    static readonly Gen<Draft> Draft = Gen.Select(
        AnyWorker, AnyQueue, Gen.Int[0, 2], Gen.Int[1, 3],
        Gen.Frequency((5, Gen.Const(default(TimeSpan?))), (2, Seconds.Select(delay => (TimeSpan?)delay))),
        Gen.Frequency((9, Gen.Const(default(TimeSpan?))), (1, Gen.Int[0, 300].Select(seconds => (TimeSpan?)TimeSpan.FromSeconds(seconds)))),
        static (worker, queue, priority, maxAttempts, delay, at) => new Draft(worker, queue, priority, maxAttempts, at is null ? delay : null, at));

    // From 50 on they are sent by another statement.
    static readonly Gen<Draft[]> Drafts = Gen.Frequency((4, Draft.Array[1]), (5, Draft.Array[2, 4]), (1, Draft.Array[50, 52]));

    static readonly Gen<Draft[]> Members = Gen.Frequency((1, Draft.Array[0]), (6, Draft.Array[1]), (8, Draft.Array[2, 4]), (1, Draft.Array[50, 52]));

    static readonly Gen<Operation> Enqueue = Gen.Select(
        Gen.Frequency((4, Gen.Const(Way.Alone)), (1, Gen.Const(Way.InTransaction)), (1, Gen.Const(Way.InTransactionRolledBack))),
        Drafts,
        static Operation (way, drafts) => new Enqueue(way, drafts));

    static readonly Gen<Operation> EnqueueBatch = Gen.Select(
        Gen.Int[0, 7],
        Gen.Frequency((3, AnyWorker.Select(worker => (Worker?)worker)), (1, Gen.Const(default(Worker?)))),
        Members,
        static Operation (id, callback, drafts) => new EnqueueBatch($"b{id}", callback, drafts));

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
        Recent, Gen.OneOf(JobState.Completed, JobState.Completed, JobState.Retryable, JobState.Scheduled, JobState.Available, JobState.Cancelled, JobState.Discarded), Seconds, Gen.Bool,
        static (claim, state, delay, hasError) => new Outcome(claim, state, delay, hasError ? "no such address" : null));

    static readonly Gen<Operation> Acknowledge = Gen.Frequency((2, Outcome.Array[1]), (3, Outcome.Array[2, 5])).Select(Operation (outcomes) => new Acknowledge(outcomes));

    static readonly Gen<Operation> CompleteInTransaction = Gen.Select(Recent, Draft, static Operation (claim, draft) => new CompleteInTransaction(claim, draft));

    static readonly Gen<Operation> Stage = Limit.Select(Operation (limit) => new Stage(limit));

    static readonly Gen<Operation> Rescue = Limit.Select(Operation (limit) => new Rescue(limit));

    static readonly Gen<Operation> MoveClock = Gen.OneOf(1, 9, 10, 60).Select(Operation (seconds) => new MoveClock(TimeSpan.FromSeconds(seconds)));

    static readonly Gen<Operation> FindStranded = Gen.Const<Operation>(new FindStranded());

    static readonly Gen<Operation> RegisterNode = Gen.Select(
        Lease, KnownWorkers, Queues,
        static Operation (lease, workers, queues) => new RegisterNode(lease, workers, queues));

    static readonly Gen<Operation> RenewNode = Gen.Select(Recent, Lease, static Operation (node, lease) => new RenewNode(node, lease));

    static readonly Gen<Operation> RemoveNode = Recent.Select(Operation (node) => new RemoveNode(node));

    static readonly Gen<Operation> Elect = Gen.Select(Recent, Lease, static Operation (node, lease) => new Elect(node, lease));

    static readonly Gen<Operation> Resign = Recent.Select(Operation (node) => new Resign(node));

    static readonly Gen<Operation> AnyOperation = Gen.Frequency(
        (10, Enqueue), (5, EnqueueBatch), (2, FindBatch),
        (18, Claim), (9, ClaimSuspect), (2, ReadArgs), (3, GiveBackUnknown), (2, UndoClaim),
        (22, Acknowledge), (3, CompleteInTransaction),
        (7, Stage), (9, Rescue), (7, MoveClock), (2, FindStranded),
        (5, RegisterNode), (3, RenewNode), (4, RemoveNode), (2, Elect), (1, Resign));

    /// <summary>What changes what others change too. Nobody moves the clock, which stands still within a transaction.</summary>
    static readonly Gen<Operation> Contended = Gen.Frequency(
        (3, Enqueue), (3, EnqueueBatch), (2, FindBatch),
        (8, Claim), (3, ClaimSuspect), (1, ReadArgs), (2, GiveBackUnknown),
        (14, Acknowledge), (2, CompleteInTransaction),
        (4, Stage), (5, Rescue),
        (1, RenewNode), (2, RemoveNode), (2, Elect), (1, Resign));

    /// <summary>A history of one client.</summary>
    public static Gen<History> OfOne { get; } = AnyOperation.Array[1, StepsOfOne].Select(operations => new History(operations));

    /// <summary>A history of two or three clients, who begin where another has put a few jobs, batches and nodes.</summary>
    public static Gen<History> OfSeveral { get; } = Gen.Select(
        Lease, Gen.Select(EnqueueBatch, EnqueueBatch, Enqueue), Claim, AnyOperation.Array[0, 10], Contended.Array[1, 4].Array[2, 3],
        static (lease, batches, claim, more, clients) => new History(
            [new RegisterNode(lease, Known.Both, Queue.Mail), batches.Item1, batches.Item2, batches.Item3, claim, .. more],
            clients));
}
