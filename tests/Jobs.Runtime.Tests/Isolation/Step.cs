using Npgsql;

namespace Jobs.Runtime.Tests.Isolation;

/// <summary>One statement or more that a session sends without a pause.</summary>
sealed record Step(string Session, string Name, Func<NpgsqlConnection, Task> RunAsync)
{
    public const string CommitName = "commit";

    public bool IsCommit => Name == CommitName;

    public static Step Commit(string session) => new(session, CommitName, connection => SendAsync(connection, "COMMIT"));

    public static Step Rollback(string session) => new(session, "rollback", connection => SendAsync(connection, "ROLLBACK"));

    public static async Task SendAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Every order in which sessions with so many steps can send them, as the numbers of the sessions. Each keeps its own order.</summary>
    public static IEnumerable<IReadOnlyList<int>> Orders(params IReadOnlyList<int> steps)
    {
        if (steps.All(left => left == 0))
            return [[]];
        return
            from next in Enumerable.Range(0, steps.Count)
            where steps[next] > 0
            from rest in Orders([.. steps.Select((left, session) => session == next ? left - 1 : left)])
            select (IReadOnlyList<int>)[next, .. rest];
    }

    /// <summary>The steps of the sessions in one of these orders.</summary>
    public static IReadOnlyList<Step> Arrange(IReadOnlyList<int> order, IReadOnlyList<IReadOnlyList<Step>> sessions)
    {
        var unsent = sessions.Select(steps => new Queue<Step>(steps)).ToList();
        return [.. order.Select(session => unsent[session].Dequeue())];
    }

    public override string ToString() => $"{Session}.{Name}";
}
