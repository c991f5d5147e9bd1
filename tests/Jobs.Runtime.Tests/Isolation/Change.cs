using Npgsql;

namespace Jobs.Runtime.Tests.Isolation;

/// <summary>What a session does in one transaction, in parts between which others may come.</summary>
sealed record Change(string Name, params IReadOnlyList<Func<NpgsqlTransaction, Task>> Parts)
{
    /// <summary>What is wrong with the answer of its last part, by what everybody else sees before it has committed; empty if nothing.</summary>
    public Func<Task<string>> JudgeAsync { get; init; } = static () => Task.FromResult("");
}

/// <summary>What a change that may be done again has answered last.</summary>
sealed class Answer<T>
{
    public T? Value { get; set; }
}

/// <summary>A session, and how each of its transactions ends.</summary>
sealed record Actor(string Name, bool Commits, params IReadOnlyList<Change> Changes)
{
    /// <summary>The steps of the session, each with the change of which it is the last part.</summary>
    /// <remarks>The begin of a transaction takes neither snapshot nor lock, so it needs no place of its own in the order.</remarks>
    public IReadOnlyList<(Step Step, Change? Ends)> Steps()
    {
        var steps = new List<(Step, Change?)>();
        foreach (var change in Changes)
        {
            NpgsqlTransaction? transaction = null;
            for (var i = 0; i < change.Parts.Count; i++)
            {
                var part = change.Parts[i];
                var isLast = i == change.Parts.Count - 1;
                steps.Add((new Step(Name, isLast ? change.Name : "look", async connection =>
                {
                    transaction ??= await connection.BeginTransactionAsync();
                    await part(transaction);
                }), isLast ? change : null));
            }

            steps.Add((new Step(Name, Commits ? Step.CommitName : "rollback", _ => Commits ? transaction!.CommitAsync() : transaction!.RollbackAsync()), null));
        }

        return steps;
    }

    /// <summary>Does it all without interruption, as after a rollback.</summary>
    /// <param name="connection">An idle connection.</param>
    /// <param name="lookAsync">Called at each end of a change, before its commit, and after that without one.</param>
    public async Task RepeatAsync(NpgsqlConnection connection, Func<Change?, Task> lookAsync)
    {
        foreach (var change in Changes)
        {
            await using var transaction = await connection.BeginTransactionAsync();
            foreach (var part in change.Parts)
                await part(transaction);
            await lookAsync(change);
            await transaction.CommitAsync();
            await lookAsync(null);
        }
    }
}
