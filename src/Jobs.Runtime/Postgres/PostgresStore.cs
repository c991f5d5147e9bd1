using Jobs.Store;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace Jobs.Postgres;

/// <summary>Jobs in PostgreSQL. Each file holds the statements of one verb, and the method that runs them below each.</summary>
sealed partial class PostgresStore : JobStore
{
    readonly PostgresDatabase _database;
    readonly Channels _channels;
    readonly string _insert;
    readonly string _insertOne;
    readonly string _insertDue;
    readonly string _insertStarted;
    readonly string _insertUnique;
    readonly string _holder;
    readonly string _holders;
    readonly string _heldKeys;
    readonly string _takeKeys;
    readonly string _deleteLosers;
    readonly string _replace;
    readonly string _takeIds;
    readonly string _clock;
    readonly string _copyWithIds;
    readonly string _copyMembers;
    readonly string _openBatch;
    readonly string _sealBatch;
    readonly string _existingBatch;
    readonly string _addMembers;
    readonly string _findBatchKey;
    readonly string _addListeners;
    readonly string _listeners;
    readonly string _cancelBatch;
    readonly string _cancelExecuting;
    readonly string _findBatchWork;
    readonly string _cancelChildren;
    readonly string _endSweep;
    readonly string _expireBatch;
    readonly string _countChildren;
    readonly string _stalledBatches;
    readonly string _lockBatch;
    readonly string _countMembers;
    readonly string _repairBatch;
    readonly string _openRetryBatch;
    readonly string _hasFailed;
    readonly string _batchStatus;
    readonly string _watchBatch;
    readonly string _claim;
    readonly string _claimSuspect;
    readonly string _args;
    readonly string _giveBackUnknown;
    readonly string _acknowledge;
    readonly string _acknowledgeUnbatched;
    readonly string _complete;
    readonly string _completeUnbatched;
    readonly string _findHeld;
    readonly string _poll;
    readonly string _setQueueState;
    readonly string _scaleQueue;
    readonly string _queueSettings;
    readonly string _queues;
    readonly string _sweepQueueSettings;
    readonly string _stage;
    readonly string _registerNode;
    readonly string _renewNode;
    readonly string _removeNode;
    readonly string _buryNodes;
    readonly string _rescue;
    readonly string _stranded;
    readonly string _cancelJobs;
    readonly string _retryJobs;
    readonly string _deleteJobs;
    readonly string _editJobs;
    readonly string _prune;
    readonly string _pruneBatches;
    readonly string _sweepKeys;
    readonly string _elect;
    readonly string _resign;

    readonly ILogger? _logger;

    public PostgresStore(PostgresDatabase database, ILogger<PostgresStore>? logger = null)
    {
        _database = database;
        _logger = logger;
        var schema = database.Schema;
        _channels = new Channels(schema);
        _insert = schema.Qualify(InsertSql);
        _insertOne = schema.Qualify(InsertOneSql);
        _insertDue = schema.Qualify(InsertDueSql);
        _insertStarted = schema.Qualify(InsertStartedSql);
        _insertUnique = schema.Qualify(InsertUniqueSql);
        _holder = schema.Qualify(HolderSql);
        _holders = schema.Qualify(HoldersSql);
        _heldKeys = schema.Qualify(HeldKeysSql);
        _takeKeys = schema.Qualify(TakeKeysSql);
        _deleteLosers = schema.Qualify(DeleteLosersSql);
        _replace = schema.Qualify(ReplaceSql);
        _takeIds = schema.Qualify(TakeIdsSql);
        _clock = schema.Qualify(ClockSql);
        _copyWithIds = schema.Qualify(CopyWithIds);
        _copyMembers = schema.Qualify(CopyMembers);
        _openBatch = schema.Qualify(OpenBatchSql);
        _sealBatch = schema.Qualify(SealBatchSql);
        _existingBatch = schema.Qualify(ExistingBatchSql);
        _addMembers = schema.Qualify(AddMembersSql);
        _findBatchKey = schema.Qualify(FindBatchKeySql);
        _addListeners = schema.Qualify(AddListenersSql);
        _listeners = schema.Qualify(ListenersSql);
        _cancelBatch = schema.Qualify(CancelBatchSql);
        _cancelExecuting = schema.Qualify(CancelExecutingSql);
        _findBatchWork = schema.Qualify(FindBatchWorkSql);
        _cancelChildren = schema.Qualify(CancelChildrenSql);
        _endSweep = schema.Qualify(EndSweepSql);
        _expireBatch = schema.Qualify(ExpireBatchSql);
        _countChildren = schema.Qualify(CountChildrenSql);
        _stalledBatches = schema.Qualify(StalledBatchesSql);
        _lockBatch = schema.Qualify(LockBatchSql);
        _countMembers = schema.Qualify(CountMembersSql);
        _repairBatch = schema.Qualify(RepairBatchSql);
        _openRetryBatch = schema.Qualify(OpenRetryBatchSql);
        _hasFailed = schema.Qualify(HasFailedSql);
        _batchStatus = schema.Qualify(BatchStatusSql);
        _watchBatch = schema.Qualify(WatchBatchSql);
        _claim = schema.Qualify(ClaimSql);
        _claimSuspect = schema.Qualify(ClaimSuspectSql);
        _args = schema.Qualify(ArgsSql);
        _giveBackUnknown = schema.Qualify(GiveBackUnknownSql);
        _acknowledge = schema.Qualify(AcknowledgeSql);
        _acknowledgeUnbatched = schema.Qualify(AcknowledgeUnbatchedSql);
        _complete = schema.Qualify(CompleteSql);
        _completeUnbatched = schema.Qualify(CompleteUnbatchedSql);
        _findHeld = schema.Qualify(FindHeldSql);
        _poll = schema.Qualify(PollSql);
        _setQueueState = schema.Qualify(SetQueueStateSql);
        _scaleQueue = schema.Qualify(ScaleQueueSql);
        _queueSettings = schema.Qualify(QueueSettingsSql);
        _queues = schema.Qualify(QueuesSql);
        _sweepQueueSettings = schema.Qualify(SweepQueueSettingsSql);
        _stage = schema.Qualify(StageSql);
        _registerNode = schema.Qualify(RegisterNodeSql);
        _renewNode = schema.Qualify(RenewNodeSql);
        _removeNode = schema.Qualify(RemoveNodeSql);
        _buryNodes = schema.Qualify(BuryNodesSql);
        _rescue = schema.Qualify(RescueSql);
        _stranded = schema.Qualify(StrandedSql);
        _cancelJobs = schema.Qualify(CancelJobs);
        _retryJobs = schema.Qualify(RetryJobs);
        _deleteJobs = schema.Qualify(DeleteJobs);
        _editJobs = schema.Qualify(EditJobs);
        _prune = schema.Qualify(PruneSql);
        _pruneBatches = schema.Qualify(PruneBatchesSql);
        _sweepKeys = schema.Qualify(SweepKeysSql);
        _elect = schema.Qualify(ElectSql);
        _resign = schema.Qualify(ResignSql);
    }

    public override Task MigrateAsync(CancellationToken cancellationToken) => new Migrator(_database).MigrateAsync(to: null, cancellationToken);

    public override Task RequireSchemaAsync(CancellationToken cancellationToken) => new Migrator(_database).RequireAsync(cancellationToken);

    Task<T> QueryAsync<T>(string sql, Action<NpgsqlParameterCollection> bind, Func<NpgsqlDataReader, CancellationToken, Task<T>> read, CancellationToken cancellationToken) =>
        OnControlAsync(connection => QueryAloneAsync(connection, Write(sql, bind), read, cancellationToken), cancellationToken);

    Task ExecuteAsync(string sql, Action<NpgsqlParameterCollection> bind, CancellationToken cancellationToken) =>
        QueryAsync(sql, bind, static (_, _) => Task.FromResult(true), cancellationToken);

    async Task<T> OnControlAsync<T>(Func<NpgsqlConnection, Task<T>> run, CancellationToken cancellationToken)
    {
        try
        {
            await using var lent = await _database.LendAsync(cancellationToken).ConfigureAwait(false);
            var result = await run(lent.Connection).ConfigureAwait(false);
            lent.Well();
            return result;
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.ReadOnlySqlTransaction)
        {
            // A failover: the connections lead to a server that is a standby now, and new ones need not.
            await _database.ForgetConnectionsAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Runs a statement that is a transaction of its own, and READ COMMITTED.</summary>
    /// <param name="connection">The connection, on which no transaction is open.</param>
    /// <param name="write">Binds the values and returns the text.</param>
    /// <param name="read">Reads the answer.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    async Task<T> QueryAloneAsync<T>(
        NpgsqlConnection connection, Func<NpgsqlParameterCollection, string> write, Func<NpgsqlDataReader, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        if (_database.IsolatesOtherwise)
            return await QueryReadCommittedAsync(connection, write, read, cancellationToken).ConfigureAwait(false);
        await using var command = new NpgsqlCommand("", connection);
        command.CommandText = write(command.Parameters);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        return await ReadToEndAsync(reader, read, cancellationToken).ConfigureAwait(false);
    }

    // Who has waited for a row goes on with what it has become, which is an error (40001) at the other levels. All in one go: no lock is held
    // for as long as an answer is under way.
    static async Task<T> QueryReadCommittedAsync<T>(
        NpgsqlConnection connection, Func<NpgsqlParameterCollection, string> write, Func<NpgsqlDataReader, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        var statement = new NpgsqlBatchCommand();
        statement.CommandText = write(statement.Parameters);
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands = { new NpgsqlBatchCommand("BEGIN ISOLATION LEVEL READ COMMITTED"), statement, new NpgsqlBatchCommand("COMMIT") },
        };
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        return await ReadToEndAsync(reader, read, cancellationToken).ConfigureAwait(false);
    }

    static Func<NpgsqlParameterCollection, string> Write(string sql, Action<NpgsqlParameterCollection> bind) => parameters =>
    {
        bind(parameters);
        return sql;
    };

    static async Task<int> ExecuteAsync(NpgsqlConnection connection, string sql, Action<NpgsqlParameterCollection> bind, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        bind(command.Parameters);
        return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    // The reader is read to its end before it is disposed: the statement has committed only then.
    static async Task<T> QueryAsync<T>(
        NpgsqlConnection connection, string sql, Action<NpgsqlParameterCollection> bind, Func<NpgsqlDataReader, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        bind(command.Parameters);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        return await ReadToEndAsync(reader, read, cancellationToken).ConfigureAwait(false);
    }

    static async Task<T> ReadToEndAsync<T>(NpgsqlDataReader reader, Func<NpgsqlDataReader, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        var result = await read(reader, cancellationToken).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
        }

        await reader.NextResultAsync(cancellationToken).ConfigureAwait(false);
        return result;
    }
}
