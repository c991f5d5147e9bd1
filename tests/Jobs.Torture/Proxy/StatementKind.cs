namespace Jobs.Torture.Proxy;

/// <summary>What the engine does with a statement, where its lost answer matters.</summary>
enum StatementKind
{
    Other,
    Enqueue,
    Batch,
    Claim,
    Acknowledge,
}

/// <summary>Tells the engine's statements apart by what each has and no other: the text is all that a proxy sees.</summary>
static class StatementKinds
{
    /// <summary>Those that are cut, in the order of a report.</summary>
    public static readonly IReadOnlyList<StatementKind> Cut = [StatementKind.Enqueue, StatementKind.Batch, StatementKind.Claim, StatementKind.Acknowledge];

    public static StatementKind Of(string sql)
    {
        if (Has("INSERT INTO \"jobs\".batches"))
            return StatementKind.Batch;
        if (Has("run = j.run + 1"))
            return StatementKind.Claim;
        if (Has("input AS MATERIALIZED") && Has("j.run = input.run"))
            return StatementKind.Acknowledge;
        return Has("INSERT INTO \"jobs\".jobs (id,") || Has("COPY \"jobs\".jobs") ? StatementKind.Enqueue : StatementKind.Other;

        bool Has(string part) => sql.Contains(part, StringComparison.Ordinal);
    }

    /// <summary>What a transaction is that has done both. A batch inserts jobs too.</summary>
    public static StatementKind And(this StatementKind one, StatementKind other) => one > other ? one : other;
}
