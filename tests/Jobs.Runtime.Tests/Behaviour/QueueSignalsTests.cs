using System.Threading.Channels;
using Jobs.Queues;
using Jobs.Runtime.Tests.Conformance;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace Jobs.Runtime.Tests.Behaviour;

/// <summary>Who hears of new work, and who hears of it first.</summary>
public sealed class QueueSignalsTests : IAsyncLifetime
{
    static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    readonly FakeTimeProvider _time = new();
    readonly Channel<string> _heard = Channel.CreateUnbounded<string>();
    readonly CancellationTokenSource _ends = new();
    PostgresHarness _harness = null!;
    NpgsqlConnection _listener = null!;
    Task _listening = null!;
    QueueSignals _signals = null!;

    static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _harness = await PostgresHarness.StartAsync();
        var options = Options.Create(new JobsOptions());
        _signals = new QueueSignals(new Notifier(_harness.Store, options, _time, NullLogger<Notifier>.Instance));
        _signals.Add("tests");
        _listener = new NpgsqlConnection(_harness.ConnectionString);
        await _listener.OpenAsync(Token);
        _listener.Notification += (_, notification) => _heard.Writer.TryWrite(notification.Payload);
        await using (var listen = new NpgsqlCommand("LISTEN jobs_queue", _listener))
            await listen.ExecuteNonQueryAsync(Token);
        _listening = ListenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _ends.CancelAsync();
        await _listening;
        await _listener.DisposeAsync();
        await _harness.DisposeAsync();
        _ends.Dispose();
    }

    [Fact]
    public async Task Others_hear_at_once_of_work_that_nobody_here_waits_for()
    {
        _signals.Wake(["tests"]);

        Assert.Equal("tests", await _heard.Reader.ReadAsync(Token).AsTask().WaitAsync(Longest, Token));
    }

    [Fact]
    public async Task Who_waits_here_is_woken_at_once_and_the_others_a_moment_later()
    {
        var woken = _signals.WaitAsync("tests", Longest, Token);

        _signals.Wake(["tests"]);
        await woken.WaitAsync(Longest, Token);
        await SayAsync("said since");

        Assert.Equal("said since", await _heard.Reader.ReadAsync(Token).AsTask().WaitAsync(Longest, Token));
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        using var longest = CancellationTokenSource.CreateLinkedTokenSource(Token);
        longest.CancelAfter(Longest);
        string? told;
        while (!_heard.Reader.TryRead(out told))
        {
            _time.Advance(TimeSpan.FromMilliseconds(1));
            await look.WaitForNextTickAsync(longest.Token);
        }

        Assert.Equal("tests", told);
    }

    [Fact]
    public async Task Others_hear_at_once_when_one_of_the_queues_is_not_waited_for_here()
    {
        var woken = _signals.WaitAsync("tests", Longest, Token);

        _signals.Wake(["tests", "elsewhere"]);
        await woken.WaitAsync(Longest, Token);

        string[] heard = [await HearAsync(), await HearAsync()];
        Assert.Equal(["elsewhere", "tests"], heard.Order());

        async Task<string> HearAsync() => await _heard.Reader.ReadAsync(Token).AsTask().WaitAsync(Longest, Token);
    }

    async Task SayAsync(string word)
    {
        await using var connection = new NpgsqlConnection(_harness.ConnectionString);
        await connection.OpenAsync(Token);
        await using var say = new NpgsqlCommand("SELECT pg_notify('jobs_queue', $1)", connection) { Parameters = { new() { Value = word } } };
        await say.ExecuteNonQueryAsync(Token);
    }

    async Task ListenAsync()
    {
        try
        {
            while (true)
                await _listener.WaitAsync(_ends.Token);
        }
        catch (OperationCanceledException)
        {
            // The test has ended.
        }
    }
}
