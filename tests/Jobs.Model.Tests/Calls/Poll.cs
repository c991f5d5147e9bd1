namespace Jobs.Model.Tests.Calls;

/// <summary>Has a node look for work, for what is said of its queues, and for jobs to cancel.</summary>
sealed record Poll(int Node, Known Workers, params IReadOnlyList<Queue> Queues) : Operation
{
    public override Call Resolve(View view) => new PollCall(view.Node(Node), Workers, Queues);
}

sealed record PollCall(Guid Node, Known Workers, IReadOnlyList<Queue> Queues) : Call
{
    public override async Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken)
    {
        var result = await subject.Store.PollAsync(
            [.. Queues.Select(queue => queue.ToString())], Workers.Names(), Node, RegisterNodeCall.Name(Node), cancellationToken);
        return [AnswerOf(
            result.Queues.Select(queue => (queue.HasWork, queue.Rule.State, queue.Rule.Concurrency)),
            result.SuspectsWait,
            result.Cancelled.Select(job => (subject.LabelOf(job.Id), job.Run)))];
    }

    public override Answer Apply(World world, int part, IReadOnlySet<string> skipped)
    {
        var waiting = world.Jobs.Where(job =>
            job.State == JobState.Available && Queues.Any(queue => queue.ToString() == job.Queue) && Workers.Names().Contains(job.Worker)).ToList();
        return AnswerOf(
            Queues.Select(queue =>
            {
                var (state, concurrency) = QueueRules.Of(world, queue.ToString(), RegisterNodeCall.Name(Node));
                return (waiting.Any(job => job.Crashes == 0 && job.Queue == queue.ToString()), state, concurrency);
            }),
            waiting.Any(job => job.Crashes > 0),
            world.Jobs.Where(job => job is { State: JobState.Executing, CancelRequestedAt: not null } && job.Node == Node).Select(job => (job.Label, job.Run)));
    }

    static Answer AnswerOf(IEnumerable<(bool HasWork, QueueState State, int? Concurrency)> queues, bool suspectsWait, IEnumerable<(string Label, long Run)> cancelled)
    {
        var jobs = cancelled.Select(job => $"{job.Label} in run {job.Run}").Order(StringComparer.Ordinal).DefaultIfEmpty("none");
        return new Answer($"{string.Join(", ", queues)}; suspects wait: {suspectsWait}; to cancel: {string.Join(", ", jobs)}");
    }
}
