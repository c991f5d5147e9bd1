using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Jobs.Torture.Checking;

/// <summary>Looks at the tables from outside, on connections to which nothing is done.</summary>
sealed class Observer(string connectionString) : IAsyncDisposable
{
    static readonly TimeSpan Often = TimeSpan.FromMilliseconds(20);

    readonly NpgsqlDataSource _dataSource = NpgsqlDataSource.Create(
        new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = "torture observer" }.ConnectionString);

    public NpgsqlDataSource DataSource => _dataSource;

    /// <summary>Returns when the process works as a node.</summary>
    public Task WaitForNodeAsync(int process, CancellationToken cancellationToken) => WaitUntilAsync(
        $"process {process} is a node", "SELECT EXISTS (SELECT FROM jobs.nodes WHERE name LIKE '%' || $1 AND expires_at > now())",
        [NameEnd(process)], TimeSpan.FromMinutes(1), cancellationToken);

    /// <summary>Returns when the process executes jobs.</summary>
    public Task WaitForJobsOfAsync(int process, TimeSpan longest, CancellationToken cancellationToken) => WaitUntilAsync(
        $"process {process} executes jobs",
        "SELECT EXISTS (SELECT FROM jobs.jobs AS j JOIN jobs.nodes AS n ON n.id = j.node WHERE j.state = 'executing' AND n.name LIKE '%' || $1)",
        [NameEnd(process)], longest, cancellationToken);

    /// <summary>The ids and keys of the jobs that a process executes.</summary>
    public Task<List<(long Id, string Key)>> ExecutingOnAsync(int process, CancellationToken cancellationToken) => ExecutingAsync(
        "AND n.name LIKE '%' || $1", [NameEnd(process)], cancellationToken);

    /// <summary>The ids and keys of all jobs that execute.</summary>
    public Task<List<(long Id, string Key)>> ExecutingAsync(CancellationToken cancellationToken) => ExecutingAsync("", [], cancellationToken);

    /// <summary>Whether a process is the leader.</summary>
    public async Task<bool> LeadsAsync(int process, CancellationToken cancellationToken) =>
        await AskAsync<bool>("SELECT to_regclass('jobs.leader') IS NOT NULL", [], cancellationToken)
        && await AskAsync<bool>("SELECT EXISTS (SELECT FROM jobs.leader AS l JOIN jobs.nodes AS n ON n.id = l.node WHERE n.name LIKE '%' || $1)", [NameEnd(process)], cancellationToken);

    /// <summary>Waits until something is so, and fails with its description where it takes too long. Outlives the server.</summary>
    public async Task WaitUntilAsync(FormattableString what, string sql, object[] parameters, TimeSpan longest, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Often);
        var watch = Stopwatch.StartNew();
        while (!await TryAskAsync<bool>(sql, parameters, cancellationToken))
        {
            if (watch.Elapsed > longest)
                throw new TimeoutException(string.Create(CultureInfo.InvariantCulture, $"It did not come about within {longest.TotalSeconds} s that {FormattableString.Invariant(what)}."));
            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }

    /// <summary>Returns when the callback of a batch has run, or was given up.</summary>
    public Task WaitForCallbackAsync(string batch, TimeSpan longest, CancellationToken cancellationToken) => WaitUntilAsync(
        $"batch {batch} has told", """
            SELECT EXISTS (
                SELECT
                FROM jobs.jobs AS j
                JOIN jobs.batches AS b ON b.key = j.callback_of
                WHERE b.id = $1 AND jobs.is_final(j.state))
            """, [batch], longest, cancellationToken);

    public async Task<T> AskAsync<T>(string sql, object[] parameters, CancellationToken cancellationToken)
    {
        await using var command = Command(sql, parameters);
        return (T)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    public async Task<int> ExecuteAsync(string sql, object[] parameters, CancellationToken cancellationToken)
    {
        await using var command = Command(sql, parameters);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task<List<T>> ListAsync<T>(string sql, object[] parameters, Func<NpgsqlDataReader, T> row, CancellationToken cancellationToken)
    {
        await using var command = Command(sql, parameters);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
            rows.Add(row(reader));
        return rows;
    }

    public ValueTask DisposeAsync() => _dataSource.DisposeAsync();

    // What cannot be asked now is not so yet.
    async Task<T?> TryAskAsync<T>(string sql, object[] parameters, CancellationToken cancellationToken)
    {
        try
        {
            return await AskAsync<T>(sql, parameters, cancellationToken);
        }
        catch (NpgsqlException)
        {
            return default;
        }
    }

    Task<List<(long Id, string Key)>> ExecutingAsync(string where, object[] parameters, CancellationToken cancellationToken) => ListAsync(
        $"""
        SELECT j.id, coalesce(j.args ->> 'email', j.args ->> 'number', j.args ->> 'death', j.args ->> 'batch_id', '')
        FROM jobs.jobs AS j
        JOIN jobs.nodes AS n ON n.id = j.node
        WHERE j.state = 'executing' {where}
        """,
        parameters, static row => (row.GetInt64(0), row.GetString(1)), cancellationToken);

    NpgsqlCommand Command(string sql, object[] parameters)
    {
        var command = _dataSource.CreateCommand(sql);
        foreach (var parameter in parameters)
            command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        return command;
    }

    // A node names its row after its host and process.
    static string NameEnd(int process) => string.Create(CultureInfo.InvariantCulture, $":{process}");
}
