using Jobs.Store;
using Npgsql;
using NpgsqlTypes;

namespace Jobs.Postgres;

/// <summary>Jobs in PostgreSQL. Each file holds the statements of one verb, and the method that runs them below each.</summary>
sealed partial class PostgresStore : JobStore
{
    readonly PostgresDatabase _database;
    readonly string _insert;
    readonly string _openBatch;
    readonly string _sealBatch;
    readonly string _existingBatch;
    readonly string _nameCallback;
    readonly string _batchStatus;
    readonly string _claim;
    readonly string _giveBackUnknown;
    readonly string _acknowledge;
    readonly string _stage;
    readonly string _registerNode;
    readonly string _renewNode;
    readonly string _removeNode;
    readonly string _buryNodes;
    readonly string _rescue;
    readonly string _unknownWorkers;

    public PostgresStore(PostgresDatabase database)
    {
        _database = database;
        var schema = database.Schema;
        _insert = schema.Qualify(InsertSql);
        _openBatch = schema.Qualify(OpenBatchSql);
        _sealBatch = schema.Qualify(SealBatchSql);
        _existingBatch = schema.Qualify(ExistingBatchSql);
        _nameCallback = schema.Qualify(NameCallbackSql);
        _batchStatus = schema.Qualify(BatchStatusSql);
        _claim = schema.Qualify(ClaimSql);
        _giveBackUnknown = schema.Qualify(GiveBackUnknownSql);
        _acknowledge = schema.Qualify(AcknowledgeSql);
        _stage = schema.Qualify(StageSql);
        _registerNode = schema.Qualify(RegisterNodeSql);
        _renewNode = schema.Qualify(RenewNodeSql);
        _removeNode = schema.Qualify(RemoveNodeSql);
        _buryNodes = schema.Qualify(BuryNodesSql);
        _rescue = schema.Qualify(RescueSql);
        _unknownWorkers = schema.Qualify(UnknownWorkersSql);
    }

    public override Task MigrateAsync(CancellationToken cancellationToken) => Migrator.MigrateAsync(_database, cancellationToken);

    async Task<T> QueryAsync<T>(string sql, Action<NpgsqlParameterCollection> bind, Func<NpgsqlDataReader, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenAsync(cancellationToken).ConfigureAwait(false);
        return await QueryAsync(connection, sql, bind, read, cancellationToken).ConfigureAwait(false);
    }

    // The reader is read to its end before it is disposed: the statement has committed only then.
    static async Task<T> QueryAsync<T>(
        NpgsqlConnection connection, string sql, Action<NpgsqlParameterCollection> bind, Func<NpgsqlDataReader, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        bind(command.Parameters);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        var result = await read(reader, cancellationToken).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
        }

        await reader.NextResultAsync(cancellationToken).ConfigureAwait(false);
        return result;
    }
}
