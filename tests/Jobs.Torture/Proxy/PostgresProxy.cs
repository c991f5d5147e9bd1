using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Jobs.Torture.Proxy;

/// <summary>Stands between nodes and their server, and loses answers of statements that were executed.</summary>
sealed class PostgresProxy : IAsyncDisposable
{
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource _stopping = new();
    readonly ConcurrentDictionary<Task, bool> _sessions = new();
    readonly NpgsqlConnectionStringBuilder _server;
    readonly CutPlan _plan;
    readonly Task _accepting;

    public PostgresProxy(string connectionString, CutPlan plan)
    {
        _server = new NpgsqlConnectionStringBuilder(connectionString);
        if (_server.Host is null || _server.Host.StartsWith('/'))
            throw new InvalidOperationException("The proxy needs a server that listens on TCP, and the connection string names none: set JOBS_TEST_DATABASE to one with Host and Port.");
        _plan = plan;
        _listener.Start();
        ConnectionString = new NpgsqlConnectionStringBuilder(connectionString)
        {
            Host = IPAddress.Loopback.ToString(),
            Port = ((IPEndPoint)_listener.LocalEndpoint).Port,
        }.ConnectionString;
        _accepting = Task.Run(AcceptAsync);
    }

    /// <summary>Connects through the proxy.</summary>
    public string ConnectionString { get; }

    async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            Socket client;
            try
            {
                client = await _listener.AcceptSocketAsync(_stopping.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            var session = Task.Run(() => ServeAsync(client));
            _sessions.TryAdd(session, true);
            _ = session.ContinueWith(ended => _sessions.TryRemove(ended, out _), TaskScheduler.Default);
        }
    }

    async Task ServeAsync(Socket client)
    {
        var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.NoDelay = true;
        try
        {
            await server.ConnectAsync(_server.Host!, _server.Port, _stopping.Token);
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            client.Dispose();
            server.Dispose();
            return;
        }

        await new ProxySession(client, server, _plan).RunAsync(_stopping.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _accepting;
        await Task.WhenAll(_sessions.Keys);
        _listener.Dispose();
        _stopping.Dispose();
    }
}
