using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading.Channels;

namespace Jobs.Packages.Tests;

/// <summary>A stranger's program as a process of its own.</summary>
sealed partial class App : IAsyncDisposable
{
    static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    readonly Process _process;
    readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    readonly StringBuilder _printed = new();

    App(Process process) => _process = process;

    /// <summary>What it printed, as far as it was waited for.</summary>
    public string Printed => _printed.ToString();

    public static App Start(string program, string database, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Path.GetDirectoryName(program),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["MAIL_DATABASE"] = database;
        start.Environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        var app = new App(new Process { StartInfo = start });
        app._process.OutputDataReceived += (_, line) => app.Read(line.Data);
        app._process.ErrorDataReceived += (_, line) => app.Read(line.Data);
        app._process.Start();
        app._process.BeginOutputReadLine();
        app._process.BeginErrorReadLine();
        return app;
    }

    /// <summary>Returns the next line that has this in it. What stands before it has been read then.</summary>
    public async Task<string> WaitForAsync(string part)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(Longest);
        try
        {
            await foreach (var line in _lines.Reader.ReadAllAsync(timeout.Token))
            {
                _printed.AppendLine(line);
                if (line.Contains(part, StringComparison.Ordinal))
                    return line;
            }
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
        }

        throw new InvalidOperationException($"{_process.StartInfo.FileName} did not print \"{part}\", but:\n{_printed}");
    }

    /// <summary>Returns its exit code.</summary>
    public async Task<int> WaitForExitAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Longest, TestContext.Current.CancellationToken);
        _lines.Writer.TryComplete();
        await foreach (var line in _lines.Reader.ReadAllAsync(TestContext.Current.CancellationToken))
            _printed.AppendLine(line);
        return _process.ExitCode;
    }

    /// <summary>Asks it to stop, as a service manager does.</summary>
    public async Task<int> TerminateAsync()
    {
        const int sigterm = 15;
        Assert.Equal(0, Kill(_process.Id, sigterm));
        return await WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
    }

    void Read(string? line)
    {
        if (line is not null)
            _lines.Writer.TryWrite(line);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
