using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Jobs.Torture.Nodes;

/// <summary>A node in a process of its own, to which anything may happen. It ends with this process, however this process ends.</summary>
sealed partial class NodeProcess : IAsyncDisposable
{
    // The shell reads the input, which ends with us, and then kills the node.
    const string Keeper = """
        log=$1
        shift
        exec 3<&0
        "$@" </dev/null >"$log" 2>&1 3<&- &
        node=$!
        echo "$node"
        { read -r _ <&3; kill -9 "$node"; } >/dev/null 2>&1 &
        reader=$!
        wait "$node" 2>/dev/null
        status=$?
        kill "$reader" 2>/dev/null
        exit "$status"
        """;

    /// <summary>The id of the event that a node lost its lease.</summary>
    public const int LeaseLost = 41;

    const int Sigkill = 9;
    const int Sigterm = 15;
    const int Sigcont = 18;
    const int Sigstop = 19;

    /// <summary>What a node may allocate, so that one that allocates without end harms nobody else.</summary>
    const long HeapLimit = 200 * 1024 * 1024;

    readonly Process _keeper;
    readonly string _log;

    NodeProcess(Process keeper, string log, int id)
    {
        _keeper = keeper;
        _log = log;
        Id = id;
        Exited = keeper.WaitForExitAsync();
    }

    /// <summary>The id of the process.</summary>
    public int Id { get; }

    /// <summary>Completes when the process is gone, in whatever way.</summary>
    public Task Exited { get; }

    /// <summary>As a shell gives it: 128 and the number of the signal for one that was killed. Once <see cref="Exited"/>.</summary>
    public int ExitCode => _keeper.ExitCode;

    /// <summary>Starts a node of this program's own.</summary>
    public static Task<NodeProcess> StartAsync(NodeSettings settings) => StartAsync(
        settings.Folder,
        [
            Path.Combine(AppContext.BaseDirectory, "Jobs.Torture"), "node",
            "--database", settings.Database,
            "--folder", settings.Folder,
            "--lease-seconds", settings.Lease.TotalSeconds.ToString(CultureInfo.InvariantCulture),
            "--concurrency", settings.Concurrency.ToString(CultureInfo.InvariantCulture),
            .. settings.WorksBatches ? ["--batches"] : Array.Empty<string>(),
        ]);

    /// <summary>Starts any program that is a node.</summary>
    /// <param name="folder">Where what it says goes, into a file that ends in .log.</param>
    /// <param name="command">The program and its arguments.</param>
    public static async Task<NodeProcess> StartAsync(string folder, IReadOnlyList<string> command)
    {
        var log = Path.Combine(folder, $"{Guid.NewGuid():n}.log");
        var start = new ProcessStartInfo("sh", ["-c", Keeper, "keeper", log, .. command])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        start.Environment["DOTNET_GCHeapHardLimit"] = HeapLimit.ToString("x", CultureInfo.InvariantCulture);
        var keeper = Process.Start(start)!;
        var id = await keeper.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException($"{command[0]} did not start.");
        return new NodeProcess(keeper, log, int.Parse(id, CultureInfo.InvariantCulture));
    }

    /// <summary>Ends it as the machine's death would.</summary>
    public async Task KillAsync()
    {
        Send(Sigkill);
        await Exited;
    }

    /// <summary>Asks it to stop, and waits until it has drained.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Send(Sigterm);
        await Exited.WaitAsync(cancellationToken);
    }

    public void Pause() => Send(Sigstop);

    public void Continue() => Send(Sigcont);

    /// <summary>How many of its log lines have an event's id.</summary>
    public int CountLogged(int eventId) => CountLogged(_log, eventId);

    /// <summary>How many log lines of all nodes have an event's id, of those too that are gone.</summary>
    public static int CountLoggedByAll(string folder, int eventId) => Directory.EnumerateFiles(folder, "*.log").Sum(log => CountLogged(log, eventId));

    static int CountLogged(string log, int eventId) =>
        ReadLog(log).Count(line => line.Contains(string.Create(CultureInfo.InvariantCulture, $"[{eventId}]"), StringComparison.Ordinal));

    /// <summary>The lines that tell of a late outcome: the jobs they name.</summary>
    public IReadOnlyList<long> StaleOutcomes() =>
        [.. ReadLog(_log).Select(line => StaleLine().Match(line)).Where(match => match.Success).Select(match => long.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture))];

    public async ValueTask DisposeAsync()
    {
        if (!Exited.IsCompleted)
            await KillAsync();
        _keeper.Dispose();
    }

    static IEnumerable<string> ReadLog(string log)
    {
        using var file = new StreamReader(new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        while (file.ReadLine() is { } line)
            yield return line;
    }

    // A node that is gone by itself needs no signal.
    void Send(int signal)
    {
        if (!Exited.IsCompleted)
            _ = SendSignal(Id, signal);
    }

    [GeneratedRegex(@"\[23\] The outcome of job (\d+), ")]
    private static partial Regex StaleLine();

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);
}
