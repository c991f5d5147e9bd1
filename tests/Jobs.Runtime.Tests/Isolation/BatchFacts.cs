using Npgsql;

namespace Jobs.Runtime.Tests.Isolation;

/// <summary>A batch, its members and its callbacks as one snapshot shows them.</summary>
sealed record BatchFacts(bool IsSealed, bool IsCancelled, bool IsClosed, int Total, int Pending, MemberCounts Counted, long Unfinished, MemberCounts Found, long Callbacks)
{
    // A batch in a batch is a member that has ended when it has closed and its parent has counted that. Callbacks are taken from what was ever
    // inserted, also where the unique index stood in the way of it afterwards.
    const string Sql = """
        SELECT
            b.sealed_at IS NOT NULL, b.cancel_requested_at IS NOT NULL, b.closed_at IS NOT NULL, b.total, b.pending, b.completed, b.cancelled, b.discarded,
            found.unfinished, found.completed, found.cancelled, found.discarded, (SELECT count(*) FROM public.told WHERE batch = b.id)
        FROM jobs.batches AS b
        CROSS JOIN LATERAL (
            SELECT
                count(*) FILTER (WHERE state NOT IN ('completed', 'cancelled', 'discarded')) AS unfinished, count(*) FILTER (WHERE state = 'completed') AS completed,
                count(*) FILTER (WHERE state = 'cancelled') AS cancelled, count(*) FILTER (WHERE state = 'discarded') AS discarded
            FROM (
                SELECT state::text FROM jobs.jobs WHERE batch = b.key
                UNION ALL
                SELECT CASE
                    WHEN closed_at IS NULL OR counted_at IS NULL THEN 'open'
                    WHEN discarded > 0 THEN 'discarded'
                    WHEN cancelled > 0 THEN 'cancelled'
                    ELSE 'completed'
                END
                FROM jobs.batches
                WHERE parent = b.key
            ) AS member (state)
        ) AS found
        WHERE b.key = $1
        """;

    public bool IsOpen => !IsSealed && !IsCancelled;

    public static async Task<BatchFacts> ReadAsync(NpgsqlDataSource dataSource, long key)
    {
        await using var command = dataSource.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = key });
        await using var reader = await command.ExecuteReaderAsync();
        Assert.True(await reader.ReadAsync(), $"Batch {key} is gone.");
        return new BatchFacts(
            reader.GetBoolean(0), reader.GetBoolean(1), reader.GetBoolean(2), reader.GetInt32(3), reader.GetInt32(4),
            new MemberCounts(reader.GetInt32(5), reader.GetInt32(6), reader.GetInt32(7)), reader.GetInt64(8),
            new MemberCounts(reader.GetInt64(9), reader.GetInt64(10), reader.GetInt64(11)), reader.GetInt64(12));
    }

    /// <summary>Which of the rules of every batch it breaks; empty if none.</summary>
    /// <param name="mayMissMembers">Whether rows of members may be gone that it has counted.</param>
    public string Wrong(Func<BatchFacts, bool> mayMissMembers)
    {
        if (Pending != Unfinished + (IsSealed ? 0 : 1))
            return $"{Pending} pending, and {Unfinished} members of {(IsSealed ? "a sealed" : "an open")} batch have not ended";
        if (IsClosed != (Pending == 0))
            return $"{Pending} pending in a batch that is {(IsClosed ? "closed" : "not closed")}";
        if (Callbacks != (IsClosed ? 1 : 0))
            return $"{Callbacks} callbacks of a batch that is {(IsClosed ? "closed" : "not closed")}";
        if (Total != Counted.Sum + Pending - (IsSealed ? 0 : 1))
            return $"{Total} in total, {Pending} pending, {Counted}";
        if (Counted != Found && !(Counted.Covers(Found) && mayMissMembers(this)))
            return $"counted {Counted}, found {Found}";
        return "";
    }

    public override string ToString() => $"{(IsClosed ? "closed" : "open")}: {Counted}";
}

/// <summary>Members that have ended, by how.</summary>
readonly record struct MemberCounts(long Completed, long Cancelled, long Discarded)
{
    public long Sum => Completed + Cancelled + Discarded;

    public bool Covers(MemberCounts other) => Completed >= other.Completed && Cancelled >= other.Cancelled && Discarded >= other.Discarded;

    public override string ToString() => $"{Completed} completed, {Cancelled} cancelled, {Discarded} discarded";
}
