using Jobs.Store;

namespace Jobs.Model.Tests.Calls;

/// <summary>Starts a node.</summary>
sealed record RegisterNode(TimeSpan Lease, Known Workers, params IReadOnlyList<Queue> Queues) : Operation
{
    public override Call Resolve(View view) => new RegisterNodeCall(view.MakeNode(), Lease, Workers, Queues);
}

sealed record RegisterNodeCall(Guid Node, TimeSpan Lease, Known Workers, IReadOnlyList<Queue> Queues) : Call
{
    public override async Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken)
    {
        await subject.Store.RegisterNodeAsync(
            new NodeRow(Node, Name(Node), [.. Queues.Select(queue => KeyValuePair.Create(queue.ToString(), Concurrency))], Workers.Names()), Lease, cancellationToken);
        return [Answer.Done];
    }

    const int Concurrency = 10;

    /// <summary>What people call a node.</summary>
    public static string Name(Guid node) => $"node {node}";

    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped)
    {
        world.Nodes = world.Nodes.Add(new LeaseRow(
            Node, Name(Node), string.Join(',', Queues), string.Join(',', Queues.Select(_ => Concurrency)), string.Join(',', Workers.Names()), world.Clock, world.Clock + Lease));
        return Answer.Done;
    }
}

/// <summary>Renews the lease of a node that may be dead, and tells how far the jobs of its claims are, which may be over.</summary>
/// <param name="Node">The node, 0 for the newest.</param>
/// <param name="Lease">How long it lives from now on.</param>
/// <param name="Done">How far the jobs are; <see langword="null"/> if it tells nothing.</param>
sealed record RenewNode(int Node, TimeSpan Lease, int? Done = null) : Operation
{
    public override Call Resolve(View view)
    {
        var node = view.Node(Node);
        var told = view.Claims.Where(claim => Done is not null && claim.Job.Node == node).Select(claim => (claim.Label, claim.Job.Id, claim.Job.Run));
        return new RenewNodeCall(node, Lease, Done ?? 0, [.. told.Reverse().DistinctBy(job => job.Id)]);
    }
}

sealed record RenewNodeCall(Guid Node, TimeSpan Lease, int Done, IReadOnlyList<(string Label, long Id, long Run)> Jobs) : Call
{
    public override async Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken)
    {
        var renewal = await subject.Store.RenewNodeAsync(
            Node, Lease, [.. Jobs.Select(job => new ProgressReport(job.Id, job.Run, new JobProgress(Done, null, null)))], cancellationToken);
        return [AnswerOf(renewal.IsRenewed, renewal.Stored.Select(subject.LabelOf))];
    }

    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped)
    {
        var lease = world.Nodes.Find(node => node.Node == Node && node.ExpiresAt > world.Clock);
        if (lease is not null)
            world.Nodes = world.Nodes.Replace(lease, lease with { ExpiresAt = world.Clock + Lease });
        var stored = Running(world).Where(job => !skipped.Contains(job.Label)).ToList();
        foreach (var job in stored)
            world.Change(job, job with { Progress = $$"""{"done": {{Done}}}""" });
        return AnswerOf(lease is not null, stored.Select(job => job.Label));
    }

    public override IEnumerable<IReadOnlySet<string>> Skips(World world, int part, Answer answer) =>
        [Running(world).Select(job => job.Label).Except(answer.Taken).ToHashSet()];

    List<JobRow> Running(World world) => [.. Jobs
        .Select(told => (Job: world.FindJob(told.Label), told.Run))
        .Where(told => told.Job is { State: JobState.Executing } job && job.Run == told.Run && job.Node == Node)
        .Select(told => told.Job!)];

    static Answer AnswerOf(bool isRenewed, IEnumerable<string> stored)
    {
        string[] labels = [.. stored.Order(StringComparer.Ordinal)];
        return new Answer($"{(isRenewed ? "renewed" : "dead")}; progress of {string.Join(", ", labels.DefaultIfEmpty("none"))}") { Taken = labels };
    }
}

/// <summary>Takes a node out of the list.</summary>
sealed record RemoveNode(int Node) : Operation
{
    public override Call Resolve(View view) => new RemoveNodeCall(view.Node(Node));
}

sealed record RemoveNodeCall(Guid Node) : Call
{
    public override async Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken)
    {
        await subject.Store.RemoveNodeAsync(Node, cancellationToken);
        return [Answer.Done];
    }

    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped)
    {
        world.Nodes = world.Nodes.RemoveAll(node => node.Node == Node);
        return Answer.Done;
    }
}

/// <summary>Asks to lead, or to go on leading.</summary>
sealed record Elect(int Node, TimeSpan Lease) : Operation
{
    public override Call Resolve(View view) => new ElectCall(view.Node(Node), Lease);
}

sealed record ElectCall(Guid Node, TimeSpan Lease) : Call
{
    public override async Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken)
    {
        var election = await subject.Store.ElectAsync(Node, Lease, cancellationToken);
        return [AnswerOf(election.IsLeader, election.ExpiresIn)];
    }

    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped)
    {
        if (world.Leader is { } other && other.Node != Node && other.ExpiresAt > world.Clock)
            return AnswerOf(isLeader: false, other.ExpiresAt - world.Clock);

        var goesOn = world.Leader is { } own && own.Node == Node && own.ExpiresAt > world.Clock;
        world.Leader = new LeaderRow(Node, goesOn ? world.Leader!.ElectedAt : world.Clock, world.Clock + Lease);
        return AnswerOf(isLeader: true, Lease);
    }

    // Who loses against one who asks at the same moment is not told how long the other will lead.
    static Answer AnswerOf(bool isLeader, TimeSpan expiresIn) => new(isLeader ? "leads" : "does not lead", $"until {expiresIn} from now");
}

/// <summary>Ends the lead of a node, if it has it.</summary>
sealed record Resign(int Node) : Operation
{
    public override Call Resolve(View view) => new ResignCall(view.Node(Node));
}

sealed record ResignCall(Guid Node) : Call
{
    public override async Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken)
    {
        await subject.Store.ResignAsync(Node, cancellationToken);
        return [Answer.Done];
    }

    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped)
    {
        if (world.Leader?.Node == Node)
            world.Leader = null;
        return Answer.Done;
    }
}
