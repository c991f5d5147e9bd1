using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Jobs.Testing.Database;

/// <summary>A PgBouncer in transaction mode in front of the server of a test's database. It ends with this process.</summary>
public sealed class PgBouncer : IAsyncDisposable
{
    static readonly TimeSpan StartsWithin = TimeSpan.FromSeconds(20);

    readonly Process _keeper;

    PgBouncer(Process keeper, string settings, int poolSize)
    {
        _keeper = keeper;
        Settings = settings;
        PoolSize = poolSize;
    }

    /// <summary>Appended to the connection string of a database on that server, leads through the pooler.</summary>
    public string Settings { get; }

    /// <summary>How many connections to the server the clients of one database share.</summary>
    public int PoolSize { get; }

    /// <summary>Starts it.</summary>
    /// <param name="database">One that listens on TCP, and whose user has a password.</param>
    /// <param name="poolSize">Few, so that a client's transactions meet different sessions.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidOperationException">PgBouncer is not on this machine, or did not start.</exception>
    public static async Task<PgBouncer> StartAsync(TestDatabase database, int poolSize, CancellationToken cancellationToken = default)
    {
        var server = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        var port = PrivateCluster.FindFreePort();
        var keeper = StartKeeper(FindProgram(), Path.Combine(Path.GetTempPath(), $"jobs-pgbouncer-{Environment.ProcessId}-{Guid.NewGuid():N}"));
        var settings = $"""
            "{server.Username}" "{server.Password}"
            [databases]
            * = host={server.Host} port={server.Port}
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {port}
            unix_socket_dir =
            auth_type = scram-sha-256
            pool_mode = transaction
            default_pool_size = {poolSize}
            max_client_conn = 500
            .

            """;
        try
        {
            await keeper.StandardInput.WriteAsync(settings.AsMemory(), cancellationToken);
            await keeper.StandardInput.FlushAsync(cancellationToken);
            await UntilItAnswersAsync(port, cancellationToken);
            return new PgBouncer(keeper, $"Host=127.0.0.1;Port={port}", poolSize);
        }
        catch
        {
            await StopAsync(keeper);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync(_keeper);

    static string FindProgram() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Append("/usr/sbin")
            .Select(folder => Path.Combine(folder, "pgbouncer"))
            .FirstOrDefault(File.Exists)
        ?? throw new InvalidOperationException("A test runs behind PgBouncer, which is neither on the PATH nor in /usr/sbin. ./test installs it; the package is pgbouncer.");

    static Process StartKeeper(string program, string folder)
    {
        using var script = new StreamReader(typeof(PgBouncer).Assembly.GetManifestResourceStream("pgbouncer.sh")!);
        List<string> command = [.. PrivateCluster.AsServerUser(), "sh", "-c", script.ReadToEnd(), "pgbouncer", program, folder];
        return Process.Start(new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardInput = true })!;
    }

    static async Task UntilItAnswersAsync(int port, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(StartsWithin);
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        try
        {
            while (!await AnswersAsync(port))
                await poll.WaitForNextTickAsync(timeout.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new InvalidOperationException("PgBouncer is installed, but did not start. Its log is above.");
        }
    }

    static async Task<bool> AnswersAsync(int port)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    static async Task StopAsync(Process keeper)
    {
        keeper.StandardInput.Close();
        await keeper.WaitForExitAsync();
        keeper.Dispose();
    }
}
