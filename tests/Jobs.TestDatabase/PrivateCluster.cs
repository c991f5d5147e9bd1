using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Npgsql;

namespace Jobs.Testing.Database;

/// <summary>A cluster in a temporary folder, made with the PostgreSQL binaries on this machine, that ends with this process.</summary>
sealed class PrivateCluster : DatabaseServer
{
    const int PortsToTry = 5;

    readonly Process _keeper;

    PrivateCluster(Process keeper, string binFolder, string connectionString)
        : base(connectionString)
    {
        _keeper = keeper;
        BinFolder = binFolder;
    }

    public string BinFolder { get; }

    public static new async Task<PrivateCluster> StartAsync()
    {
        var binFolder = PostgresBinaries.Find();
        var password = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
        var keeper = StartKeeper(binFolder, Path.Combine(Path.GetTempPath(), $"jobs-test-{Environment.ProcessId}-{Guid.NewGuid():N}"));
        try
        {
            await keeper.StandardInput.WriteLineAsync(password);
            var port = await StartServerAsync(keeper);
            var connection = new NpgsqlConnectionStringBuilder
            {
                Host = IPAddress.Loopback.ToString(),
                Port = port,
                Username = "jobs",
                Password = password,
                Database = "postgres",
            };
            return new PrivateCluster(keeper, binFolder, connection.ConnectionString);
        }
        catch
        {
            await StopAsync(keeper);
            throw;
        }
    }

    public async Task RestartAsync(bool immediate)
    {
        if (!await AskAsync(_keeper, immediate ? "restart immediate" : "restart fast"))
            throw new InvalidOperationException("The server did not come back. Its log is above.");
    }

    public override async ValueTask DisposeAsync() => await StopAsync(_keeper);

    // Between the look for a free port and its use another process may take it.
    static async Task<int> StartServerAsync(Process keeper)
    {
        for (var tried = 0; tried < PortsToTry; tried++)
        {
            var port = FindFreePort();
            if (await AskAsync(keeper, $"start {port}"))
                return port;
        }

        throw new InvalidOperationException("PostgreSQL is installed, but a private cluster did not start. Its log is above.");
    }

    static async Task<bool> AskAsync(Process keeper, string command)
    {
        try
        {
            await keeper.StandardInput.WriteLineAsync(command);
            await keeper.StandardInput.FlushAsync();
        }
        catch (IOException)
        {
            // The keeper has ended: it said why on standard error, and its output is at its end.
        }

        return await keeper.StandardOutput.ReadLineAsync() switch
        {
            "ready" => true,
            "failed" => false,
            _ => throw new InvalidOperationException("PostgreSQL is installed, but a private cluster could not be made. The reason is above."),
        };
    }

    static async Task StopAsync(Process keeper)
    {
        keeper.StandardInput.Close();
        await keeper.WaitForExitAsync();
        keeper.Dispose();
    }

    static Process StartKeeper(string binFolder, string dataFolder)
    {
        using var script = new StreamReader(typeof(PrivateCluster).Assembly.GetManifestResourceStream("private-cluster.sh")!);
        List<string> command = [.. AsServerUser(), "sh", "-c", script.ReadToEnd(), "private-cluster", binFolder, dataFolder];
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        return Process.Start(start)!;
    }

    // PostgreSQL and PgBouncer refuse to run as root. On Linux the keeper leaves the tests' process group, so that a kill of the group spares it.
    internal static string[] AsServerUser()
    {
        string[] ownGroup = OperatingSystem.IsLinux() ? ["setsid"] : [];
        if (!Environment.IsPrivilegedProcess)
            return ownGroup;
        var user = File.ReadLines("/etc/passwd").Any(line => line.StartsWith("postgres:", StringComparison.Ordinal)) ? "postgres" : "nobody";
        return [.. ownGroup, "setpriv", $"--reuid={user}", "--clear-groups", "--"];
    }

    internal static int FindFreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
