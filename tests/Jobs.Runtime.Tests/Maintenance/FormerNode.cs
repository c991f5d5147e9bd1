using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Jobs.Postgres;
using Jobs.Testing.Database;
using Npgsql;
using NpgsqlTypes;

namespace Jobs.Runtime.Tests.Maintenance;

/// <summary>
/// What a node of an earlier version asks: the texts of its statements, prepared once, as it sent them when the schema had that version.
/// Enqueues, claims and acknowledges in a loop, until it is stopped.
/// </summary>
sealed partial class FormerNode : IAsyncDisposable
{
    const int AtOnce = 5;

    readonly Guid _id = Guid.NewGuid();
    readonly NpgsqlConnection _connection;
    readonly NpgsqlCommand _enqueue;
    readonly NpgsqlCommand _claim;
    readonly NpgsqlCommand _acknowledge;
    readonly CancellationTokenSource _stopping = new();
    Task _working = Task.CompletedTask;

    FormerNode(NpgsqlConnection connection, int version)
    {
        _connection = connection;
        var statements = Read(version);
        _enqueue = Command(statements["enqueue"]);
        _claim = Command(statements["claim"]);
        _acknowledge = Command(statements["acknowledge"]);
    }

    /// <summary>How often it went round, and how long the longest round took.</summary>
    public int Rounds { get; private set; }

    public TimeSpan Longest { get; private set; }

    /// <summary>How many outcomes counted.</summary>
    public long Acknowledged { get; private set; }

    /// <summary>Versions of which statements are kept.</summary>
    public static IEnumerable<int> Versions => typeof(FormerNode).Assembly.GetManifestResourceNames()
        .Where(name => name.StartsWith("Statements/", StringComparison.Ordinal))
        .Select(name => int.Parse(name.AsSpan("Statements/".Length, 3), CultureInfo.InvariantCulture))
        .Order();

    public static async Task<FormerNode> StartAsync(TestDatabase database, int version)
    {
        var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        var node = new FormerNode(connection, version);
        await node.GoRoundAsync();
        node._working = Task.Run(async () =>
        {
            while (!node._stopping.IsCancellationRequested)
                await node.GoRoundAsync();
        });
        return node;
    }

    /// <summary>Ends, and throws what a statement threw.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _working;
    }

    public async Task GoesOnAsync(int rounds)
    {
        for (var until = Rounds + rounds; Rounds < until && !_working.IsCompleted;)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        if (_working.IsCompleted)
            await _working;
    }

    async Task GoRoundAsync()
    {
        var watch = Stopwatch.StartNew();
        await EnqueueAsync();
        var claimed = await ClaimAsync();
        await AcknowledgeAsync(claimed);
        Longest = watch.Elapsed > Longest ? watch.Elapsed : Longest;
        Rounds++;
    }

    async Task EnqueueAsync()
    {
        await PreparedAsync(_enqueue, parameters =>
        {
            parameters.BindArray(Fill("Mailer"), NpgsqlDbType.Text);
            parameters.BindArray(Fill("mail"), NpgsqlDbType.Text);
            parameters.BindArray(Fill("""{"email": "ada@example.com"}"""), NpgsqlDbType.Jsonb);
            parameters.BindArray(Fill((short)0), NpgsqlDbType.Smallint);
            parameters.BindArray(Fill((short)20), NpgsqlDbType.Smallint);
            parameters.Bind<object>(DBNull.Value, NpgsqlDbType.Array | NpgsqlDbType.TimestampTz);
            parameters.Bind<object>(DBNull.Value, NpgsqlDbType.Array | NpgsqlDbType.Interval);
            parameters.Bind<object>(DBNull.Value, NpgsqlDbType.Bigint);
        });
        await _enqueue.ExecuteNonQueryAsync();
    }

    async Task<List<(long Id, long Run)>> ClaimAsync()
    {
        await PreparedAsync(_claim, parameters =>
        {
            parameters.Bind("mail", NpgsqlDbType.Text);
            parameters.BindArray(["Mailer"], NpgsqlDbType.Text);
            parameters.Bind((long)AtOnce, NpgsqlDbType.Bigint);
            parameters.Bind(_id, NpgsqlDbType.Uuid);
        });
        var claimed = new List<(long Id, long Run)>();
        await using var reader = await _claim.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            if (!reader.IsDBNull(reader.GetOrdinal("run")))
                claimed.Add((reader.GetInt64(reader.GetOrdinal("id")), reader.GetInt64(reader.GetOrdinal("run"))));
        }

        return claimed;
    }

    async Task AcknowledgeAsync(List<(long Id, long Run)> claimed)
    {
        await PreparedAsync(_acknowledge, parameters =>
        {
            parameters.Bind(Array.Empty<long>(), NpgsqlDbType.Array | NpgsqlDbType.Bigint);
            parameters.Bind(Array.Empty<long>(), NpgsqlDbType.Array | NpgsqlDbType.Bigint);
            parameters.Bind(Array.Empty<Guid>(), NpgsqlDbType.Array | NpgsqlDbType.Uuid);
            parameters.Bind(Array.Empty<string>(), NpgsqlDbType.Array | NpgsqlDbType.Text);
            parameters.Bind<object>(DBNull.Value, NpgsqlDbType.Array | NpgsqlDbType.Interval);
            parameters.Bind<object>(DBNull.Value, NpgsqlDbType.Array | NpgsqlDbType.Text);
        });
        _acknowledge.Parameters[0].Value = claimed.Select(job => job.Id).ToArray();
        _acknowledge.Parameters[1].Value = claimed.Select(job => job.Run).ToArray();
        _acknowledge.Parameters[2].Value = claimed.Select(_ => _id).ToArray();
        _acknowledge.Parameters[3].Value = claimed.Select(_ => "completed").ToArray();
        await _acknowledge.ExecuteNonQueryAsync();
        Acknowledged += claimed.Count;
    }

    // Of parameters that a later version added, none is given a value.
    static async Task PreparedAsync(NpgsqlCommand command, Action<NpgsqlParameterCollection> bind)
    {
        if (command.IsPrepared)
            return;
        bind(command.Parameters);
        for (var number = command.Parameters.Count + 1; command.CommandText.Contains($"${number}", StringComparison.Ordinal); number++)
            command.Parameters.Bind<object>(DBNull.Value, TypeOf(command.CommandText, number));
        await command.PrepareAsync();
    }

    static NpgsqlDbType TypeOf(string sql, int number)
    {
        var cast = Regex.Match(sql, $@"\${number}::(\w+)(\[\])?");
        var type = cast.Groups[1].Value switch
        {
            "boolean" => NpgsqlDbType.Boolean,
            "bigint" => NpgsqlDbType.Bigint,
            "uuid" => NpgsqlDbType.Uuid,
            _ => NpgsqlDbType.Text,
        };
        return cast.Success && !cast.Groups[2].Success ? type : NpgsqlDbType.Array | type;
    }

    NpgsqlCommand Command(string sql) => new(new SchemaName("jobs").Qualify(sql), _connection);

    static T[] Fill<T>(T value) => [.. Enumerable.Repeat(value, AtOnce)];

    static Dictionary<string, string> Read(int version)
    {
        using var stream = typeof(FormerNode).Assembly.GetManifestResourceStream(string.Create(CultureInfo.InvariantCulture, $"Statements/{version:000}.sql"))!;
        using var reader = new StreamReader(stream);
        return Heading().Split(reader.ReadToEnd()).Skip(1).Chunk(2).ToDictionary(pair => pair[0], pair => pair[1]);
    }

    [GeneratedRegex("^-- == (.*)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _working.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _connection.DisposeAsync();
        _stopping.Dispose();
    }
}
