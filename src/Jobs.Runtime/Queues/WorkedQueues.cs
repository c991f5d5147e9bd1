namespace Jobs.Queues;

/// <summary>The queues that this node works. Empty until the host has started them.</summary>
sealed class WorkedQueues
{
    /// <summary>All of them, by name.</summary>
    public IReadOnlyList<WorkedQueue> All { get; set; } = [];

    /// <summary>The one of this name; <see langword="null"/> if this node does not work it.</summary>
    public WorkedQueue? Find(string name)
    {
        foreach (var queue in All)
        {
            if (queue.Name == name)
                return queue;
        }

        return null;
    }

    /// <summary>The names of those whose jobs may be claimed now.</summary>
    public string[] Running => [.. All.Where(queue => queue.IsRunning).Select(queue => queue.Name)];
}
