using System.Globalization;
using Jobs.Postgres;

namespace Jobs.Bench.Workloads;

/// <summary>The product's claim and acknowledgement as a script of pgbench, which each client repeats until a claim finds nothing.</summary>
static class PgbenchScript
{
    // One row, for pgbench keeps the values of one: the arrays are the parameters of the acknowledgement. The other values are those that a
    // worker reads too, so that the server has to make and send them. A claim that finds no job has no row, and its client stops there.
    const string KeepArrays = """
        SELECT
            array_agg(id)::text AS ids, array_agg(run)::text AS runs, string_agg(args::text, '') AS args, bool_or(suspects_wait) AS suspects_wait,
            ARRAY[:node::uuid]::text AS nodes, '{completed}' AS states, '{0}' AS delays
        FROM (
        :claimed_rows
        ) AS job (suspects_wait, id, run, queue, worker, args, attempt, max_attempts, tags, meta, batch, batch_id, batch_total, callback_worker)
        HAVING count(id) > 0
        \gset
        """;

    /// <summary>What pgbench says when <see cref="KeepArrays"/> has no row.</summary>
    public const string SaysWhenNothingIsLeft = "expected one row, got 0";

    public static string Write(int jobsPerStatement) => string.Create(CultureInfo.InvariantCulture,
        $"""
        \set size {jobsPerStatement}
        {Parameters(ClaimAsArrays, "queue", "workers", "size", "node")}
        {Parameters(Acknowledge, "ids", "runs", "nodes", "states", "delays", null, null, null, null, null)};

        """);

    static string ClaimAsArrays => Schema.Qualify(
        $"{PostgresStore.ClaimCtes}\n{KeepArrays.Replace(":claimed_rows", PostgresStore.ClaimedRows, StringComparison.Ordinal)}");

    static string Acknowledge => Schema.Qualify(PostgresStore.AcknowledgeSql);

    static SchemaName Schema { get; } = new("jobs");

    // $1 is the first of the names, and so on; what has no name is null, as the worker sends it where no job failed or returned anything.
    static string Parameters(string sql, params ReadOnlySpan<string?> names)
    {
        for (var i = names.Length; i > 0; i--)
            sql = sql.Replace(string.Create(CultureInfo.InvariantCulture, $"${i}"), names[i - 1] is { } name ? $":{name}" : "NULL", StringComparison.Ordinal);
        return sql;
    }
}
