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
            new NodeRow(Node, $"node {Node}", [.. Queues.Select(queue => queue.ToString())], Workers.Names()), Lease, cancellationToken);
        return [Answer.Done];
    }

    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped)
    {
        world.Nodes = world.Nodes.Add(new LeaseRow(
            Node, $"node {Node}", string.Join(',', Queues), string.Join(',', Workers.Names()), world.Clock, world.Clock + Lease));
        return Answer.Done;
    }
}

/// <summary>Renews the lease of a node that may be dead.</summary>
sealed record RenewNode(int Node, TimeSpan Lease) : Operation
{
    public override Call Resolve(View view) => new RenewNodeCall(view.Node(Node), Lease);
}

sealed record RenewNodeCall(Guid Node, TimeSpan Lease) : Call
{
    public override async Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken) =>
        [AnswerOf(await subject.Store.RenewNodeAsync(Node, Lease, cancellationToken))];

    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped)
    {
        if (world.Nodes.Find(node => node.Node == Node && node.ExpiresAt > world.Clock) is not { } lease)
            return AnswerOf(isRenewed: false);
        world.Nodes = world.Nodes.Replace(lease, lease with { ExpiresAt = world.Clock + Lease });
        return AnswerOf(isRenewed: true);
    }

    static Answer AnswerOf(bool isRenewed) => new(isRenewed ? "renewed" : "dead");
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
