using System.Globalization;
using Npgsql;

namespace Jobs.Bench.Measuring;

/// <summary>What the server itself counts: commits, WAL, its processes' CPU time, and, in a run made for that, statements.</summary>
sealed class ServerCounters(NpgsqlConnection connection)
{
    static readonly TimeSpan BackendsEndWithin = TimeSpan.FromSeconds(30);

    /// <summary>Creates the extension, if the server has loaded it and the user may.</summary>
    public static async Task<bool> TryEnableStatementsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var look = new NpgsqlCommand(
            "SELECT current_setting('is_superuser') = 'on' AND 'pg_stat_statements' = ANY (string_to_array(replace(current_setting('shared_preload_libraries'), ' ', ''), ','))",
            connection);
        if (!(bool)(await look.ExecuteScalarAsync(cancellationToken))!)
            return false;
        await using var create = new NpgsqlCommand("CREATE EXTENSION IF NOT EXISTS pg_stat_statements", connection);
        await create.ExecuteNonQueryAsync(cancellationToken);
        return true;
    }

    /// <summary>Turns the counting on for one database; in the others of a private cluster it is off and costs nothing.</summary>
    public async Task CountStatementsOfAsync(string database, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"""
            ALTER DATABASE {database} SET compute_query_id = on;
            ALTER DATABASE {database} SET pg_stat_statements.track = 'top';
            SELECT pg_stat_statements_reset();
            """,
            connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task<IReadOnlyList<StatementCount>> StatementsOfAsync(string database, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT regexp_replace(query, '\s+', ' ', 'g'), calls, rows, total_exec_time, wal_bytes::bigint
            FROM pg_stat_statements
            WHERE dbid = (SELECT oid FROM pg_database WHERE datname = $1)
            ORDER BY total_exec_time DESC
            """,
            connection)
        { Parameters = { new() { Value = database } } };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var statements = new List<StatementCount>();
        while (await reader.ReadAsync(cancellationToken))
            statements.Add(new StatementCount(reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetDouble(3), reader.GetInt64(4)));
        return statements;
    }

    /// <summary>What the server has used up to now.</summary>
    public async Task<ServerUse> UseAsync(CancellationToken cancellationToken) => new(await WalAsync(cancellationToken), await CpuAsync(cancellationToken));

    /// <summary>How many statements have been counted in a database whose statements are.</summary>
    public async Task<long> CallsInAsync(string database, CancellationToken cancellationToken) =>
        (await StatementsOfAsync(database, cancellationToken)).Sum(static statement => statement.Calls);

    /// <summary>How much WAL there is up to now, in bytes.</summary>
    public async Task<long> WalAsync(CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint", connection);
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>How many transactions have committed in a database, once nobody is connected to it: a backend reports its last ones when it ends.</summary>
    public async Task<long> CommitsAsync(string database, CancellationToken cancellationToken)
    {
        await UntilNobodyIsConnectedAsync(database, cancellationToken);
        // Before version 15 the reports went through a process of their own, twice a second.
        if (connection.PostgreSqlVersion.Major < 15)
            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
        await using var command = new NpgsqlCommand("SELECT xact_commit FROM pg_stat_database WHERE datname = $1", connection) { Parameters = { new() { Value = database } } };
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>The CPU time of the server's processes since it started, those that have ended included.</summary>
    /// <returns><see langword="null"/> if the server is not on this machine, or the machine is no Linux.</returns>
    public async Task<TimeSpan?> CpuAsync(CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux())
            return null;

        await using var command = new NpgsqlCommand("SELECT pg_backend_pid(), inet_client_port()", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var (pid, port) = (reader.GetInt32(0), reader.IsDBNull(1) ? (int?)null : reader.GetInt32(1));
        return IsOurBackend(pid, port) && ProcessStat.TryRead(pid) is { } backend ? ProcessStat.OfFamily(backend.Parent) : null;
    }

    async Task UntilNobodyIsConnectedAsync(string database, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(BackendsEndWithin);
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        await using var command = new NpgsqlCommand("SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'", connection) { Parameters = { new() { Value = database } } };
        try
        {
            while ((long)(await command.ExecuteScalarAsync(timeout.Token))! > 0)
                await poll.WaitForNextTickAsync(timeout.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new BenchException($"Somebody is still connected to {database} {BackendsEndWithin.TotalSeconds} seconds after the run, so its commits cannot be counted.");
        }
    }

    // A server elsewhere may have the number of a process here: the title of the right one ends with the port of our connection.
    static bool IsOurBackend(int pid, int? port)
    {
        try
        {
            return port is { } number && File.ReadAllText($"/proc/{pid}/cmdline").Contains(string.Create(CultureInfo.InvariantCulture, $"({number})"), StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}

/// <summary>One statement of the counted run, as pg_stat_statements knows it.</summary>
sealed record StatementCount(string Sql, long Calls, long Rows, double Milliseconds, long WalBytes);
