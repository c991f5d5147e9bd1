using Npgsql;

namespace Jobs.Torture.Nodes;

/// <summary>The connections that the jobs of a node use for themselves, made of the same connection string as those of Jobs.</summary>
sealed class OwnPool(string connectionString) : IAsyncDisposable
{
    readonly NpgsqlDataSource _dataSource = NpgsqlDataSource.Create(connectionString);

    public ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) => _dataSource.OpenConnectionAsync(cancellationToken);

    public ValueTask DisposeAsync() => _dataSource.DisposeAsync();
}
