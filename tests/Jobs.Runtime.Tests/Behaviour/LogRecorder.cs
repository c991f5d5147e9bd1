using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Jobs.Runtime.Tests.Behaviour;

/// <summary>Keeps what Jobs logs, with the exceptions.</summary>
sealed class LogRecorder : ILoggerProvider, ILogger
{
    public ConcurrentQueue<string> Lines { get; } = new();

    /// <summary>Completes when a line with <paramref name="text"/> has been logged.</summary>
    public async Task Seen(string text)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(TimeSpan.FromSeconds(30));
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!Lines.Any(line => line.Contains(text, StringComparison.Ordinal)))
            await look.WaitForNextTickAsync(timeout.Token);
    }

    public ILogger CreateLogger(string categoryName) => categoryName.StartsWith("Jobs", StringComparison.Ordinal) ? this : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}");

    public void Dispose()
    {
    }
}
