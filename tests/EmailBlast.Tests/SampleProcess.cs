using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace EmailBlast.Tests;

/// <summary>The sample as a process of its own, as a person runs it.</summary>
sealed partial class SampleProcess : IAsyncDisposable
{
    static readonly TimeSpan Longest = TimeSpan.FromMinutes(3);

    readonly Process _process;
    readonly ConcurrentQueue<string> _lines = new();
    readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    SampleProcess(Process process) => _process = process;

    /// <summary>What it has printed, on both outputs, in no certain order between them.</summary>
    public IReadOnlyCollection<string> Lines => _lines;

    public string Output => string.Join('\n', _lines);

    public static SampleProcess Start(params IEnumerable<string> arguments) => Start(arguments, new Dictionary<string, string>());

    public static SampleProcess Start(IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "email-blast"), arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Remove("ConnectionStrings__Jobs");
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var sample = new SampleProcess(new Process { StartInfo = start });
        sample._process.OutputDataReceived += (_, line) => sample.Read(line.Data);
        sample._process.ErrorDataReceived += (_, line) => sample.Read(line.Data);
        sample._process.Start();
        sample._process.BeginOutputReadLine();
        sample._process.BeginErrorReadLine();
        return sample;
    }

    public static async Task<(int ExitCode, string Output)> RunAsync(params IEnumerable<string> arguments)
    {
        await using var sample = Start(arguments);
        return (await sample.WaitForExitAsync(), sample.Output);
    }

    /// <summary>Returns when a node says that it works, or a mailing is stored.</summary>
    public Task WaitUntilReadyAsync() => _ready.Task.WaitAsync(Longest, TestContext.Current.CancellationToken);

    public async Task<int> WaitForExitAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Longest, TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    /// <summary>Asks the process to stop, as a service manager does.</summary>
    public async Task<int> TerminateAsync()
    {
        const int sigterm = 15;
        Assert.Equal(0, Kill(_process.Id, sigterm));
        return await WaitForExitAsync();
    }

    /// <summary>Presses Ctrl-C, and does not wait for what comes of it.</summary>
    public void Interrupt()
    {
        const int sigint = 2;
        Assert.False(Ignores(sigint), "The sample ignores interrupts, as a shell has it that runs the tests in the background: run them in the foreground.");
        Assert.Equal(0, Kill(_process.Id, sigint));
    }

    // A program inherits what its parent ignores, and .NET leaves that as it is.
    bool Ignores(int signal)
    {
        const string name = "SigIgn:";
        var status = $"/proc/{_process.Id}/status";
        if (!File.Exists(status))
            return false;
        var ignored = File.ReadLines(status).Single(static line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..];
        return (ulong.Parse(ignored, NumberStyles.HexNumber | NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture) >> (signal - 1) & 1) == 1;
    }

    /// <summary>Returns when a line has been printed that has this text in it.</summary>
    public async Task WaitForLineAsync(string text)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!HasPrinted())
        {
            if (_process.HasExited)
            {
                await WaitForExitAsync();
                Assert.True(HasPrinted(), $"It ended without a line \"{text}\":\n{Output}");
                return;
            }

            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }

        bool HasPrinted() => _lines.Any(line => line.Contains(text, StringComparison.Ordinal));
    }

    void Read(string? line)
    {
        if (line is null)
            return;
        _lines.Enqueue(line);
        if (line.StartsWith("Working", StringComparison.Ordinal) || line.StartsWith("Stored", StringComparison.Ordinal) || line.Contains("is stored already", StringComparison.Ordinal))
            _ready.TrySetResult();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);

    /// <summary>Ends the process with signal 9: nothing of it runs any more.</summary>
    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await KillAsync();
        _process.Dispose();
    }
}
