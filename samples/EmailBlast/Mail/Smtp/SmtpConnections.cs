using System.Collections.Concurrent;

namespace EmailBlast.Mail.Smtp;

/// <summary>Keeps connections to a mail server open, so that not every mail pays for a handshake.</summary>
/// <remarks>There are never more than mails that are sent at once: each holds one, and a new one is opened only where none is idle.</remarks>
sealed class SmtpConnections(SmtpServer server) : IAsyncDisposable
{
    // A server that restarts is back within seconds. Until then each mail that runs waits here, where it holds up the queue, instead of
    // all the mails of the list using up their attempts within minutes.
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);
    static readonly TimeSpan GoodbyesWithin = TimeSpan.FromSeconds(2);

    readonly ConcurrentStack<SmtpConnection> _idle = new();

    /// <summary>Opens the first connection, without patience.</summary>
    /// <exception cref="SmtpUnavailableException">The server cannot be reached, or refuses.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken) => _idle.Push(await SmtpConnection.OpenAsync(server, cancellationToken));

    /// <summary>Sends a mail on a connection that is idle, or on a new one.</summary>
    /// <exception cref="SmtpUnavailableException">The server could not be reached for half a minute, or refuses.</exception>
    /// <inheritdoc cref="SmtpConnection.SendAsync(Letter, CancellationToken)"/>
    public async Task SendAsync(Letter letter, CancellationToken cancellationToken)
    {
        while (_idle.TryPop(out var kept))
        {
            try
            {
                await SendAsync(kept, letter, cancellationToken);
                return;
            }
            catch (Exception exception) when (kept.WasClosed(exception))
            {
                // Servers close connections that idle, or that have sent enough. Nothing of this mail is out, so another one sends it.
            }
        }

        await SendAsync(await OpenAsync(cancellationToken), letter, cancellationToken);
    }

    async Task SendAsync(SmtpConnection connection, Letter letter, CancellationToken cancellationToken)
    {
        var isUsable = false;
        try
        {
            await connection.SendAsync(letter, cancellationToken);
            isUsable = true;
        }
        catch (Exception exception)
        {
            isUsable = connection.IsConnected && !connection.WasClosed(exception);
            throw;
        }
        finally
        {
            if (isUsable)
                _idle.Push(connection);
            else
                connection.Dispose();
        }
    }

    async Task<SmtpConnection> OpenAsync(CancellationToken cancellationToken)
    {
        using var retry = new PeriodicTimer(RetryInterval);
        for (var left = Patience; ; left -= RetryInterval)
        {
            try
            {
                return await SmtpConnection.OpenAsync(server, cancellationToken);
            }
            catch (SmtpUnavailableException unavailable) when (unavailable.MayPass && left > TimeSpan.Zero)
            {
                await retry.WaitForNextTickAsync(cancellationToken);
            }
        }
    }

    /// <summary>Says goodbye to the server on every connection that is idle.</summary>
    public async ValueTask DisposeAsync()
    {
        using var deadline = new CancellationTokenSource(GoodbyesWithin);
        await Task.WhenAll(_idle.Select(async connection =>
        {
            try
            {
                await connection.DisconnectAsync(quit: true, deadline.Token);
            }
            catch (Exception exception) when (exception is OperationCanceledException or IOException)
            {
                // The server is away, and needs no goodbye.
            }
            finally
            {
                connection.Dispose();
            }
        }));
    }
}
