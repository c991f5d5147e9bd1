using System.Text;
using Jobs.Store;

namespace Jobs.Model.Tests.Calls;

/// <summary>Which workers a node knows.</summary>
[Flags]
enum Known
{
    Mailer = 1,
    Packer = 2,
    Both = Mailer | Packer,
}

static class KnownWorkers
{
    public static IReadOnlyList<string> Names(this Known known) => known switch
    {
        Known.Mailer => [nameof(Worker.Mailer)],
        Known.Packer => [nameof(Worker.Packer)],
        _ => [nameof(Worker.Mailer), nameof(Worker.Packer)],
    };
}

/// <summary>Claims jobs of a queue for a node. The answer may be lost.</summary>
sealed record Claim(int Node, Queue Queue, Known Workers, int Limit, bool IsLost = false) : Operation
{
    public override Call Resolve(View view) => new ClaimCall(view.Node(Node), Queue, Workers, Limit, IsLost);
}

sealed record ClaimCall(Guid Node, Queue Queue, Known Workers, int Limit, bool IsLost) : Call
{
    public override async Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken)
    {
        var result = await subject.Store.ClaimAsync(Queue.ToString(), Workers.Names(), Limit, Node, cancellationToken);
        return [ClaimAnswer.Of(result.Jobs, result.SuspectsWait, subject, IsLost ? null : view)];
    }

    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped)
    {
        var suspectsWait = Claimable(world).Any(job => job.Crashes > 0);
        var taken = World.ByUrgency(Claimable(world).Where(job => job.Crashes == 0 && !skipped.Contains(job.Label))).Take(Limit).ToList();
        return ClaimAnswer.Of([.. taken.Select(job => world.Claim(job, Node))], suspectsWait, world);
    }

    public override IEnumerable<IReadOnlySet<string>> Skips(World world, int part, Answer answer) =>
        [Claimable(world).Select(job => job.Label).Except(answer.Taken).ToHashSet()];

    IEnumerable<JobRow> Claimable(World world) =>
        world.Jobs.Where(job => job.State == JobState.Available && job.Queue == Queue.ToString() && Workers.Names().Contains(job.Worker));
}

/// <summary>Claims one job that a node died with.</summary>
sealed record ClaimSuspect(int Node, Known Workers, params IReadOnlyList<Queue> Queues) : Operation
{
    public override Call Resolve(View view) => new ClaimSuspectCall(view.Node(Node), Workers, Queues);
}

sealed record ClaimSuspectCall(Guid Node, Known Workers, IReadOnlyList<Queue> Queues) : Call
{
    public override async Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken)
    {
        var job = await subject.Store.ClaimSuspectAsync([.. Queues.Select(queue => queue.ToString())], Workers.Names(), Node, cancellationToken);
        return [ClaimAnswer.Of(job is null ? [] : [job], suspectsWait: null, subject, view)];
    }

    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped)
    {
        var taken = World.ByUrgency(Suspects(world).Where(job => !skipped.Contains(job.Label))).OrderBy(job => job.Crashes).Take(1).ToList();
        return ClaimAnswer.Of([.. taken.Select(job => world.Claim(job, Node))], suspectsWait: null, world);
    }

    public override IEnumerable<IReadOnlySet<string>> Skips(World world, int part, Answer answer) =>
        [Suspects(world).Select(job => job.Label).Except(answer.Taken).ToHashSet()];

    IEnumerable<JobRow> Suspects(World world) => world.Jobs.Where(job =>
        job is { State: JobState.Available, Crashes: > 0 } &&
        Queues.Any(queue => queue.ToString() == job.Queue) &&
        Workers.Names().Contains(job.Worker));
}

/// <summary>What a claim says of each job, and in which order.</summary>
static class ClaimAnswer
{
    public static Answer Of(IReadOnlyList<ClaimedJob> jobs, bool? suspectsWait, Subject subject, View? view)
    {
        var labels = jobs.Select(job => subject.LabelOf(job.Id)).ToList();
        foreach (var (job, label) in jobs.Zip(labels))
        {
            view?.Claims.Add((label, job));
            view?.Jobs.Add((label, job.Id));
        }

        return Of(
            labels,
            jobs.Select((job, i) => Shown(
                labels[i], job.Worker, job.Queue, ArgsOf(job), job.Run, job.Attempt, job.MaxAttempts, string.Join(',', job.Tags), Encoding.UTF8.GetString(job.Meta.Span), job.Batch)),
            suspectsWait);
    }

    static string ArgsOf(ClaimedJob job) => Encoding.UTF8.GetString(job.Args!.Value.Span);

    public static Answer Of(IReadOnlyList<JobRow> jobs, bool? suspectsWait, World world) => Of(
        [.. jobs.Select(job => job.Label)],
        jobs.Select(job =>
        {
            var batch = job.Batch is null ? null : world.FindBatch(job.Batch);
            return Shown(
                job.Label, job.Worker, job.Queue, job.Args, job.Run, job.Attempt, job.MaxAttempts, job.Tags ?? "", job.Meta ?? "",
                batch is null ? null : new BatchRef(batch.Id, batch.Total) { CallbackWorker = batch.CallbackWorker });
        }),
        suspectsWait);

    static Answer Of(IReadOnlyList<string> labels, IEnumerable<string> shown, bool? suspectsWait) =>
        new(
            labels.Count == 0 ? "claimed nothing" : string.Join("; ", shown.Order(StringComparer.Ordinal)),
            $"in the order {string.Join(", ", labels)}{(suspectsWait == true ? "; suspects wait" : "")}")
        { Taken = labels };

    static string Shown(
        string label, string worker, string queue, string args, long run, int attempt, int maxAttempts, string tags, string meta, BatchRef? batch)
    {
        var of = batch is null ? "no batch" : $"batch {batch.Id} of {batch.Total}, {batch.CallbackWorker ?? "nobody"} is told";
        return $"{label}: {worker} in {queue}, run {run}, attempt {attempt} of {maxAttempts}, args {args}, tags {tags}, meta {meta}, {of}";
    }
}

/// <summary>Reads the args of a claimed job.</summary>
sealed record ReadArgs(int Claim) : Operation
{
    public override Call? Resolve(View view) => view.Claim(Claim) is { } claim ? new ReadArgsCall(claim.Label, claim.Job) : null;
}

sealed record ReadArgsCall(string Label, ClaimedJob Job) : Call
{
    public override async Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken)
    {
        try
        {
            return [new Answer(Encoding.UTF8.GetString((await subject.Store.ReadArgsAsync(Job, cancellationToken)).Span))];
        }
        catch (StaleJobException)
        {
            return [Stale];
        }
    }

    static Answer Stale { get; } = new("stale");

    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped) =>
        world.FindJob(Label) is { } job && job.Run == Job.Run && job.Node == Job.Node ? new Answer(job.Args) : Stale;
}

/// <summary>Gives back what executes on a node in a queue, but for some of the jobs that the client knows of.</summary>
/// <param name="Node">The node.</param>
/// <param name="Queue">The queue.</param>
/// <param name="Held">Which of the claims it holds, a bit for each, the newest first.</param>
sealed record GiveBackUnknown(int Node, Queue Queue, int Held) : Operation
{
    public override Call Resolve(View view)
    {
        var node = view.Node(Node);
        var held = view.Claims.Where(claim => claim.Job.Node == node).Reverse().Where((_, place) => (Held >> Math.Min(place, 30) & 1) == 1);
        return new GiveBackUnknownCall(node, Queue, [.. held.Select(claim => (claim.Label, claim.Job.Id))]);
    }
}

sealed record GiveBackUnknownCall(Guid Node, Queue Queue, IReadOnlyList<(string Label, long Id)> Held) : Call
{
    public override async Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken)
    {
        var count = await subject.Store.GiveBackUnknownAsync(Queue.ToString(), Node, [.. Held.Select(job => job.Id)], cancellationToken);
        return [new Answer($"gave back {count}")];
    }

    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped)
    {
        var unknown = Unknown(world).Where(job => !skipped.Contains(job.Label)).ToList();
        foreach (var job in unknown)
        {
            var given = job with { Attempt = job.Attempt - 1 };
            if (job.CancelRequestedAt is null)
                world.Wait(given, JobState.Available);
            else
                world.End(given, JobState.Cancelled);
        }

        world.Close();
        return new Answer($"gave back {unknown.Count}");
    }

    public override IEnumerable<IReadOnlySet<string>> Skips(World world, int part, Answer answer) => SubsetsOf(Unknown(world).Select(job => job.Label));

    IEnumerable<JobRow> Unknown(World world) => world.Jobs.Where(job =>
        job.State == JobState.Executing && job.Node == Node && job.Queue == Queue.ToString() && Held.All(held => held.Label != job.Label));
}

/// <summary>Crashes the server before a claim is on its disk, which it has answered already: the job is as it was, and its run is given out again.</summary>
sealed record UndoClaim(int Claim) : Operation
{
    public override Call? Resolve(View view) => view.Claim(Claim) is { } claim ? new UndoClaimCall(claim.Label, claim.Job) : null;
}

sealed record UndoClaimCall(string Label, ClaimedJob Job) : Call
{
    public override async Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken)
    {
        await subject.ExecuteAsync($"""
            UPDATE jobs.jobs
            SET state = 'available', node = NULL, cancel_requested_at = NULL, run = run - 1, attempt = attempt - 1
            WHERE id = {Job.Id} AND state = 'executing' AND run = {Job.Run} AND node = '{Job.Node}'
            """);
        return [Answer.Done];
    }

    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped)
    {
        if (world.FindJob(Label) is { State: JobState.Executing } job && job.Run == Job.Run && job.Node == Job.Node)
            world.Wait(job with { Run = job.Run - 1, Attempt = job.Attempt - 1 }, JobState.Available);
        return Answer.Done;
    }
}
