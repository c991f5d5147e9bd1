using System.Text;

namespace Jobs.Model.Tests.Histories;

/// <summary>What one client does first, and what several do after it, at the same time.</summary>
sealed record History(IReadOnlyList<Operation> First, params IReadOnlyList<IReadOnlyList<Operation>> Clients)
{
    /// <summary>The histories that lack one operation of this one.</summary>
    public IEnumerable<History> Shorter()
    {
        for (var client = 0; client < Clients.Count; client++)
        {
            for (var place = 0; place < Clients[client].Count; place++)
                yield return this with { Clients = [.. Clients.Select((operations, other) => other == client ? Without(operations, place) : operations)] };
        }

        for (var place = First.Count - 1; place >= 0; place--)
            yield return this with { First = Without(First, place) };
    }

    static IReadOnlyList<Operation> Without(IReadOnlyList<Operation> operations, int place) => [.. operations.Where((_, other) => other != place)];

    /// <summary>The history as an expression of C#, to be kept in <see cref="KeptHistories"/>.</summary>
    public override string ToString()
    {
        var text = new StringBuilder("new History(\n");
        Write(text, First);
        foreach (var client in Clients)
        {
            text.Append(",\n");
            Write(text, client);
        }

        return text.Append(')').ToString();
    }

    static void Write(StringBuilder text, IReadOnlyList<Operation> operations)
    {
        text.Append("    [\n");
        foreach (var operation in operations)
            text.Append("        ").Append(operation).Append(",\n");
        text.Append("    ]");
    }
}
