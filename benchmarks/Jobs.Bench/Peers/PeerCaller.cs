using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Jobs.Bench.Measuring;

namespace Jobs.Bench.Peers;

/// <summary>A process of a peer that stores jobs as it is asked to. All times are timestamps of the monotonic clock, which the processes of a machine share.</summary>
sealed class PeerCaller : IAsyncDisposable
{
    static readonly TimeSpan LongestStart = TimeSpan.FromMinutes(1);
    static readonly TimeSpan LongestCommand = TimeSpan.FromMinutes(10);
    static readonly TimeSpan EndsWithin = TimeSpan.FromSeconds(30);

    readonly Peer _peer;
    readonly Process _process;

    PeerCaller(Peer peer, Process process)
    {
        _peer = peer;
        _process = process;
    }

    public TimeSpan? Cpu => OperatingSystem.IsLinux() ? ProcessStat.TryRead(_process.Id)?.Own : null;

    public long? ResidentMemory => Memory.ResidentOf(_process.Id);

    public long? PeakMemory => Memory.PeakOf(_process.Id);

    /// <summary>Starts it, and waits until it is connected and the peer's tables are there.</summary>
    public static async Task<PeerCaller> StartAsync(Peer peer, string database, CancellationToken cancellationToken)
    {
        var start = peer.Describe("call", database);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        PeerCaller caller;
        try
        {
            caller = new PeerCaller(peer, Process.Start(start)!);
        }
        catch (Win32Exception exception)
        {
            throw new BenchException($"{start.FileName} could not be started: {exception.Message}");
        }

        try
        {
            await caller.ReadAsync("ready", LongestStart, cancellationToken);
            return caller;
        }
        catch
        {
            await caller.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stores one job.</summary>
    /// <returns>When the call began.</returns>
    public async Task<long> InsertAsync(CancellationToken cancellationToken) => (await CommandAsync("insert 1 1", cancellationToken)).CalledAt;

    /// <summary>Stores jobs one by one.</summary>
    public async Task<TimeSpan> InsertAsync(int jobs, int callers, CancellationToken cancellationToken) =>
        TimeOf(await CommandAsync(string.Create(CultureInfo.InvariantCulture, $"insert {jobs} {callers}"), cancellationToken));

    /// <summary>Stores jobs by the call that stores the most at once.</summary>
    public async Task<TimeSpan> BulkAsync(int jobs, CancellationToken cancellationToken) =>
        TimeOf(await CommandAsync(string.Create(CultureInfo.InvariantCulture, $"bulk {jobs}"), cancellationToken));

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _process.StandardInput.Close();
        try
        {
            await _process.WaitForExitAsync(cancellationToken).WaitAsync(EndsWithin, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new BenchException($"{_peer.Name} did not end within {EndsWithin.TotalSeconds} seconds.");
        }

        if (_process.ExitCode != 0)
            throw new BenchException($"{_peer.Name} ended with exit code {_process.ExitCode}.");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    async Task<(long CalledAt, long DoneAt)> CommandAsync(string command, CancellationToken cancellationToken)
    {
        await _process.StandardInput.WriteLineAsync(command);
        await _process.StandardInput.FlushAsync(cancellationToken);
        return (await ReadAsync("called", LongestCommand, cancellationToken), await ReadAsync("done", LongestCommand, cancellationToken));
    }

    async Task<long> ReadAsync(string name, TimeSpan longest, CancellationToken cancellationToken)
    {
        string? line;
        try
        {
            line = await _process.StandardOutput.ReadLineAsync(cancellationToken).AsTask().WaitAsync(longest, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new BenchException($"{_peer.Name} did not say '{name}' within {longest.TotalSeconds} seconds.");
        }

        return line?.Split(' ') is [var said, _, var at] && said == name && long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var timestamp)
            ? timestamp
            : throw new BenchException(line is null ? $"{_peer.Name} ended before it said '{name}'. What it wrote to its standard error stands above." : $"{_peer.Name} was to say '{name}', and said: {line}");
    }

    static TimeSpan TimeOf((long CalledAt, long DoneAt) command) => Stopwatch.GetElapsedTime(command.CalledAt, command.DoneAt);
}
