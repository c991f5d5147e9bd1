using Npgsql;

namespace Jobs.Bench.Workloads;

/// <summary>Looks into a run's database, before its clock starts or after it has stopped, over a connection of its own.</summary>
static class Look
{
    public static async Task<T> ForAsync<T>(string database, string sql, CancellationToken cancellationToken, params object[] values)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database) { Pooling = false, CommandTimeout = 0 }.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        return (T)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    public static Task<long> ForJobsAsync(string database, CancellationToken cancellationToken) => ForAsync<long>(database, "SELECT count(*) FROM jobs.jobs", cancellationToken);
}
