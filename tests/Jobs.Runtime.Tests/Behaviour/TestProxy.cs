using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Jobs.Runtime.Tests.Behaviour;

/// <summary>A network between a host and its server that can become slow, or fall silent for some connections without closing them.</summary>
sealed class TestProxy : IAsyncDisposable
{
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource _ends = new();
    readonly ConcurrentBag<Session> _sessions = [];
    readonly NpgsqlConnectionStringBuilder _server;
    readonly Task _accepting;
    long _delay;

    public TestProxy(string connectionString)
    {
        _server = new NpgsqlConnectionStringBuilder(connectionString);
        _listener.Start();
        Settings = $"Host=127.0.0.1;Port={((IPEndPoint)_listener.LocalEndpoint).Port}";
        _accepting = AcceptAsync();
    }

    /// <summary>Appended to a connection string, leads through the proxy.</summary>
    public string Settings { get; }

    /// <summary>How long each part of an answer takes on its way.</summary>
    public TimeSpan Delay
    {
        get => TimeSpan.FromTicks(Volatile.Read(ref _delay));
        set => Volatile.Write(ref _delay, value.Ticks);
    }

    /// <summary>On a connection that has sent the one text, and then the other, no answer arrives any more.</summary>
    public (byte[] First, byte[] Then)? Mutes { get; init; }

    /// <summary>Whether there is such a connection.</summary>
    public bool HasMuted => _sessions.Any(static session => session.IsMute);

    /// <summary>Lets nothing through any more on the connections that have said LISTEN. Neither side is told.</summary>
    /// <returns>How many there are.</returns>
    public int SilenceListeners()
    {
        var listeners = _sessions.Where(static session => session is { Listens: true, IsSilent: false, HasEnded: false }).ToList();
        listeners.ForEach(static session => session.IsSilent = true);
        return listeners.Count;
    }

    async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_ends.Token);
                _ = ServeAsync(client);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    async Task ServeAsync(TcpClient client)
    {
        using var server = new TcpClient { NoDelay = true };
        client.NoDelay = true;
        var session = new Session();
        try
        {
            await server.ConnectAsync(_server.Host!, _server.Port, _ends.Token);
            _sessions.Add(session);
            await Task.WhenAny(
                PumpAsync(client.GetStream(), server.GetStream(), session, isAnswer: false),
                PumpAsync(server.GetStream(), client.GetStream(), session, isAnswer: true));
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
        }
        finally
        {
            session.HasEnded = true;
            client.Dispose();
        }
    }

    async Task PumpAsync(NetworkStream from, NetworkStream to, Session session, bool isAnswer)
    {
        var buffer = new byte[16_384];
        try
        {
            for (int read; (read = await from.ReadAsync(buffer, _ends.Token)) > 0;)
            {
                if (!isAnswer && buffer.AsSpan(0, read).IndexOf("LISTEN "u8) >= 0)
                    session.Listens = true;
                if (!isAnswer)
                    Mute(session, buffer.AsSpan(0, read));
                if (isAnswer && Delay > TimeSpan.Zero)
                    await Task.Delay(Delay, _ends.Token);
                if (session.IsSilent || isAnswer && session.IsMute)
                    await Task.Delay(Timeout.Infinite, _ends.Token);
                await to.WriteAsync(buffer.AsMemory(0, read), _ends.Token);
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or OperationCanceledException)
        {
        }
    }

    void Mute(Session session, ReadOnlySpan<byte> request)
    {
        if (Mutes is not var (first, then))
            return;
        if (session.IsNearMute && request.IndexOf(then) >= 0)
            session.IsMute = true;
        if (request.IndexOf(first) >= 0)
            session.IsNearMute = true;
    }

    public async ValueTask DisposeAsync()
    {
        await _ends.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _ends.Dispose();
    }

    sealed class Session
    {
        public volatile bool Listens;
        public volatile bool IsSilent;
        public volatile bool IsNearMute;
        public volatile bool IsMute;
        public volatile bool HasEnded;
    }
}
