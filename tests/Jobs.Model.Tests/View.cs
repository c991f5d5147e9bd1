using Jobs.Store;

namespace Jobs.Model.Tests;

/// <summary>What a client knows: what it has been told, be it true by now or not.</summary>
sealed class View(string prefix = "")
{
    int _made;

    /// <summary>The claims whose answers arrived, the newest last.</summary>
    public List<(string Label, ClaimedJob Job)> Claims { get; private init; } = [];

    /// <summary>The nodes that were registered, the newest last.</summary>
    public List<Guid> Nodes { get; private init; } = [];

    /// <summary>The jobs that were enqueued or claimed, the newest last.</summary>
    public List<(string Label, long Id)> Jobs { get; private init; } = [];

    /// <summary>How many enqueues met an equal job.</summary>
    public int Met { get; set; }

    /// <summary>The last key that a sweep looked at.</summary>
    public Guid Swept { get; set; }

    /// <summary>The same for another client, who goes on from here.</summary>
    public View CloneFor(string client) => new(client) { Claims = [.. Claims], Nodes = [.. Nodes], Jobs = [.. Jobs], Swept = Swept };

    public NewRow Name(Draft draft) => new(draft, $"{prefix}{++_made}");

    public Guid MakeNode()
    {
        var node = Guid.Parse($"00000000-0000-0000-{(prefix.Length == 0 ? 0 : (int)prefix[0]):x4}-{++_made:x12}");
        Nodes.Add(node);
        return node;
    }

    /// <summary>A node by its age, 0 for the newest; one that was never registered where there is none.</summary>
    public Guid Node(int pick) => Nodes.Count == 0 ? Guid.AllBitsSet : Pick(Nodes, pick);

    /// <summary>A claim by its age, 0 for the newest.</summary>
    public (string Label, ClaimedJob Job)? Claim(int pick) => Claims.Count == 0 ? null : Pick(Claims, pick);

    /// <summary>A job by its age, 0 for the newest.</summary>
    public (string Label, long Id)? Job(int pick) => Jobs.Count == 0 ? null : Pick(Jobs, pick);

    static T Pick<T>(List<T> known, int pick) => known[known.Count - 1 - pick % known.Count];
}
