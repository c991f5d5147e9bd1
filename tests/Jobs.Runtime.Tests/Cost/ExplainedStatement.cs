using System.Text.Json;
using Npgsql;

namespace Jobs.Runtime.Tests.Cost;

/// <summary>What PostgreSQL says of one execution of a statement.</summary>
/// <param name="Time">From its start to its end, without planning and without the network.</param>
/// <param name="Pages">Pages of tables and indexes that it looked at, in memory or on disk; one that it came back to counts again.</param>
/// <param name="TempPages">Pages that it wrote to temporary files.</param>
/// <param name="ExpectedCost">What the planner thought of it. From <c>jit_above_cost</c> on, 100,000, it is compiled first, which takes longer than any claim.</param>
/// <param name="Plan">The whole plan, as JSON.</param>
sealed record ExplainedStatement(TimeSpan Time, long Pages, long TempPages, double ExpectedCost, string Plan)
{
    /// <summary>Runs a statement that <c>PREPARE</c> has named, and commits what it does.</summary>
    /// <param name="connection">The session that has prepared it.</param>
    /// <param name="execute">Its name and its arguments, as in <c>claim('mail', 10)</c>.</param>
    public static async Task<ExplainedStatement> RunAsync(NpgsqlConnection connection, string execute)
    {
        await using var command = new NpgsqlCommand($"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE {execute}", connection);
        var plan = (string)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
        using var json = JsonDocument.Parse(plan);
        var statement = json.RootElement[0];
        var top = statement.GetProperty("Plan");
        return new ExplainedStatement(
            TimeSpan.FromMilliseconds(statement.GetProperty("Execution Time").GetDouble()),
            top.GetProperty("Shared Hit Blocks").GetInt64() + top.GetProperty("Shared Read Blocks").GetInt64(),
            top.GetProperty("Temp Written Blocks").GetInt64(),
            top.GetProperty("Total Cost").GetDouble(),
            plan);
    }
}
