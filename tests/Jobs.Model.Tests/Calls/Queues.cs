namespace Jobs.Model.Tests.Calls;

/// <summary>Says of a queue, or of all, whether its jobs are claimed on a node, or on all.</summary>
sealed record SetQueueState(Queue? Queue, int? Node, QueueState State) : Operation
{
    public override Call Resolve(View view) => new SetQueueStateCall(Queue, Node is { } pick ? RegisterNodeCall.Name(view.Node(pick)) : null, State);
}

sealed record SetQueueStateCall(Queue? Queue, string? Node, QueueState State) : Call
{
    public override async Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken) =>
        [QueueRules.Concerning(await subject.Store.SetQueueStateAsync(Queue?.ToString(), Node, State, cancellationToken))];

    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped)
    {
        QueueRules.Say(world, Queue, Node, row => row with { State = State, StateSetAt = world.Clock });
        return QueueRules.Concerning(QueueRules.Concerned(world, Queue, Node));
    }
}

/// <summary>Says how many jobs of a queue, or of each, run at once on a node, or on each.</summary>
sealed record ScaleQueue(Queue? Queue, int? Node, int? Concurrency) : Operation
{
    public override Call Resolve(View view) => new ScaleQueueCall(Queue, Node is { } pick ? RegisterNodeCall.Name(view.Node(pick)) : null, Concurrency);
}

sealed record ScaleQueueCall(Queue? Queue, string? Node, int? Concurrency) : Call
{
    public override async Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken) =>
        [QueueRules.Concerning(await subject.Store.ScaleQueueAsync(Queue?.ToString(), Node, Concurrency, cancellationToken))];

    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped)
    {
        QueueRules.Say(world, Queue, Node, row => row with { Concurrency = Concurrency, ConcurrencySetAt = world.Clock });
        return QueueRules.Concerning(QueueRules.Concerned(world, Queue, Node));
    }
}

/// <summary>Forgets what was said of nodes that are long gone.</summary>
sealed record SweepQueueSettings(TimeSpan Age) : Call
{
    public override async Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken)
    {
        await subject.Store.SweepQueueSettingsAsync(Age, cancellationToken);
        return [Answer.Done];
    }

    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped)
    {
        var living = world.Nodes.Where(node => node.ExpiresAt > world.Clock).Select(node => node.Name).ToHashSet();
        world.Settings = world.Settings
            .RemoveAll(row => row.Node.Length > 0 && row.SeenAt <= world.Clock - Age && !living.Contains(row.Node) && !skipped.Contains(row.Name))
            .ConvertAll(row => living.Contains(row.Node) && !skipped.Contains(row.Name) ? row with { SeenAt = world.Clock } : row);
        return Answer.Done;
    }

    public override IEnumerable<IReadOnlySet<string>> Skips(World world, int part, Answer answer) =>
        SubsetsOf(world.Settings.Where(row => row.Node.Length > 0).Select(row => row.Name));
}

/// <summary>The rules of what is said of queues: the last word counts.</summary>
static class QueueRules
{
    public static void Say(World world, Queue? queue, string? node, Func<SettingRow, SettingRow> say)
    {
        var row = world.Settings.Find(row => row.Queue == (queue?.ToString() ?? "") && row.Node == (node ?? ""));
        var said = say(row ?? new SettingRow(queue?.ToString() ?? "", node ?? "")) with { SeenAt = world.Clock };
        world.Settings = row is null ? world.Settings.Add(said) : world.Settings.Replace(row, said);
    }

    public static int Concerned(World world, Queue? queue, string? node) => world.Nodes.Count(living =>
        living.ExpiresAt > world.Clock &&
        (queue is null || living.Queues.Split(',').Contains(queue.ToString())) &&
        (node is null || living.Name == node));

    public static Answer Concerning(int nodes) => new($"concerns {nodes} nodes");

    public static (QueueState State, int? Concurrency) Of(World world, string queue, string node)
    {
        var said = world.Settings.Where(row => (row.Queue.Length == 0 || row.Queue == queue) && (row.Node.Length == 0 || row.Node == node)).ToList();
        return (
            LastWord(said, row => row.StateSetAt)?.State ?? QueueState.Running,
            LastWord(said, row => row.ConcurrencySetAt)?.Concurrency);
    }

    // Of two words at the same moment that of the node goes first, and then that of the queue.
    static SettingRow? LastWord(IEnumerable<SettingRow> said, Func<SettingRow, TimeSpan?> when) => said
        .Where(row => when(row) is not null)
        .OrderByDescending(when)
        .ThenByDescending(row => row.Node, StringComparer.Ordinal)
        .ThenByDescending(row => row.Queue, StringComparer.Ordinal)
        .FirstOrDefault();
}
