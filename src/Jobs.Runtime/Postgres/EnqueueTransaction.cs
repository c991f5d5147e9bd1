using System.Data;
using System.Data.Common;
using Npgsql;

namespace Jobs.Postgres;

/// <summary>What an enqueue is committed by: a transaction of its own, or a savepoint in the caller's.</summary>
sealed class EnqueueTransaction : IAsyncDisposable
{
    const string Savepoint = "jobs_enqueue";

    readonly NpgsqlTransaction _transaction;
    readonly NpgsqlConnection _connection;
    readonly bool _isCallers;
    bool _isDone;

    EnqueueTransaction(NpgsqlTransaction transaction, NpgsqlConnection connection, bool isCallers)
    {
        _transaction = transaction;
        _connection = connection;
        _isCallers = isCallers;
    }

    /// <summary>The connection, to be asked for before each statement: a source of jobs may end the caller's transaction meanwhile.</summary>
    /// <exception cref="InvalidOperationException">The caller's transaction has ended.</exception>
    public NpgsqlConnection Connection => _isCallers ? Usable(_transaction).Connection : _connection;

    /// <exception cref="ArgumentException">The caller's transaction is not PostgreSQL's.</exception>
    /// <exception cref="InvalidOperationException">The caller's transaction has ended, is of another database, or its connection is busy.</exception>
    public static async Task<EnqueueTransaction> BeginAsync(PostgresDatabase database, DbTransaction? callers, CancellationToken cancellationToken)
    {
        if (callers is not null)
        {
            var (transaction, connection) = Usable(callers);
            await RefusingBusyAsync(async () =>
            {
                await database.RefuseOtherAsync(connection, cancellationToken).ConfigureAwait(false);
                await transaction.SaveAsync(Savepoint, cancellationToken).ConfigureAwait(false);
            }).ConfigureAwait(false);
            return new EnqueueTransaction(transaction, connection, isCallers: true);
        }

        var own = await database.OpenForCallerAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return new EnqueueTransaction(await own.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken).ConfigureAwait(false), own, isCallers: false);
        }
        catch
        {
            await own.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The caller's transaction as one of PostgreSQL, with its connection.</summary>
    /// <inheritdoc cref="BeginAsync" path="/exception"/>
    public static (NpgsqlTransaction Transaction, NpgsqlConnection Connection) Usable(DbTransaction callers)
    {
        if (callers is not NpgsqlTransaction transaction)
            throw new ArgumentException($"The transaction is a {callers.GetType().FullName}; these jobs are stored in PostgreSQL, and join an NpgsqlTransaction only.", nameof(callers));
        try
        {
            // Of a transaction that has ended Npgsql still gives the connection, on which a job would be stored outside of any; but it
            // refuses to name its level.
            _ = transaction.IsolationLevel;
            if (transaction.Connection is { } connection)
                return (transaction, connection);
        }
        catch (Exception exception) when (exception is InvalidOperationException or ObjectDisposedException)
        {
        }

        throw new InvalidOperationException("The transaction has been committed or rolled back already, so no job can be stored or completed in it.");
    }

    /// <summary>Runs a command on a connection that the caller may still be reading from, and says so if he is.</summary>
    public static async Task RefusingBusyAsync(Func<Task> command)
    {
        try
        {
            await command().ConfigureAwait(false);
        }
        catch (NpgsqlOperationInProgressException exception)
        {
            throw new InvalidOperationException(
                "The connection of the transaction is busy: a reader, or another command, is open on it. If the jobs come from a query on the same " +
                "connection, read it to its end first, or read it on another connection.",
                exception);
        }
    }

    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        if (_isCallers)
            await _transaction.ReleaseAsync(Savepoint, cancellationToken).ConfigureAwait(false);
        else
            await _transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        _isDone = true;
    }

    /// <summary>Undoes what was not committed. The caller's transaction stays open, as it was before the enqueue.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_isCallers)
        {
            await _transaction.DisposeAsync().ConfigureAwait(false);
            await _connection.DisposeAsync().ConfigureAwait(false);
        }
        else if (!_isDone)
        {
            await UndoAsync().ConfigureAwait(false);
        }
    }

    // What went wrong before is what the caller must hear of, not that the way back failed too: then the transaction can only be rolled back.
    async Task UndoAsync()
    {
        try
        {
            await _transaction.RollbackAsync(Savepoint, CancellationToken.None).ConfigureAwait(false);
            await _transaction.ReleaseAsync(Savepoint, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is NpgsqlException or InvalidOperationException)
        {
        }
    }
}
