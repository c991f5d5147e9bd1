using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Jobs.Bench.Measuring;

namespace Jobs.Bench.Nodes;

/// <summary>A running node. All times are timestamps of the monotonic clock, which the processes of a machine share.</summary>
sealed class NodeProcess : IAsyncDisposable
{
    static readonly TimeSpan EndsWithin = TimeSpan.FromSeconds(40);

    readonly Process _process;
    readonly Action _changed;
    readonly TaskCompletionSource<long> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly Task _listening;
    bool _isStopped;

    NodeProcess(Process process, long spawnedAt, Action changed)
    {
        _process = process;
        _changed = changed;
        SpawnedAt = spawnedAt;
        _listening = ListenAsync();
    }

    /// <summary>Just before the process was started.</summary>
    public long SpawnedAt { get; }

    /// <summary>When the program was loaded; 0 before.</summary>
    public long StartedAt { get; private set; }

    /// <summary>When the first line of its first job ran.</summary>
    public Task<long> First => _first.Task;

    /// <summary>How many jobs had been performed, and stored as such, when the node last held none; and when the last of them was.</summary>
    public (long Jobs, long At) Idle { get; private set; }

    /// <summary>How many jobs have begun, and when the last of them did. Only of a node that was asked to tell.</summary>
    public (long Jobs, long At) Began { get; private set; }

    /// <summary>When its last callback began; 0 if it had none.</summary>
    public long CallbackAt { get; private set; }

    /// <summary>CPU time of the process.</summary>
    public TimeSpan? Cpu => OperatingSystem.IsLinux() ? ProcessStat.TryRead(_process.Id)?.Own : null;

    public long? ResidentMemory => Memory.ResidentOf(_process.Id);

    public long? PeakMemory => Memory.PeakOf(_process.Id);

    /// <summary>What is wrong, if it ended before it was told to.</summary>
    public string? Fault { get; private set; }

    /// <param name="settings">Of the node.</param>
    /// <param name="database">The run's.</param>
    /// <param name="changed">Called after each thing that the node says, and at its end.</param>
    public static NodeProcess Start(NodeSettings settings, string database, Action changed)
    {
        var start = settings.Program.Describe(database);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.Environment["JOBS_BENCH_CONCURRENCY"] = settings.Concurrency.ToString(CultureInfo.InvariantCulture);
        var spawnedAt = Stopwatch.GetTimestamp();
        try
        {
            return new NodeProcess(Process.Start(start)!, spawnedAt, changed);
        }
        catch (Win32Exception exception)
        {
            throw new BenchException($"The node {settings.Program.Path} could not be started: {exception.Message}");
        }
    }

    /// <summary>Has it end as an application does that is told to stop.</summary>
    /// <exception cref="BenchException">It did not, or said that it failed.</exception>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _isStopped = true;
        _process.StandardInput.Close();
        try
        {
            await _process.WaitForExitAsync(cancellationToken).WaitAsync(EndsWithin, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new BenchException($"A node that was told to stop did not within {EndsWithin.TotalSeconds} seconds.");
        }

        await _listening;
        if (_process.ExitCode != 0)
            throw new BenchException($"A node ended with exit code {_process.ExitCode}.");
    }

    public async ValueTask DisposeAsync()
    {
        _isStopped = true;
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        await _listening;
        _process.Dispose();
    }

    async Task ListenAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync(CancellationToken.None) is { } line)
        {
            Hear(line);
            _changed();
        }

        if (!_isStopped)
            Fault = "A node ended before all jobs had. What it wrote to its standard error stands above.";
        _first.TrySetException(new BenchException(Fault ?? "A node was stopped before its first job had begun."));
        _changed();
    }

    void Hear(string line)
    {
        var words = line.Split(' ');
        if (words.Length != 3 || !long.TryParse(words[1], CultureInfo.InvariantCulture, out var count) || !long.TryParse(words[2], CultureInfo.InvariantCulture, out var at))
        {
            Fault = $"A node said what is no event: {line}";
            return;
        }

        switch (words[0])
        {
            case "start":
                StartedAt = at;
                break;
            case "first":
                _first.TrySetResult(at);
                break;
            case "began":
                Began = (count, at);
                break;
            case "callback":
                CallbackAt = at;
                break;
            case "idle":
                Idle = (count, at);
                break;
            default:
                Fault = $"A node said what is no event: {line}";
                break;
        }
    }
}
