using System.Diagnostics;
using Npgsql;

namespace Jobs.Bench.Hangfire;

/// <summary>What has become of the jobs of this process. Hangfire tells of no job that it has been stored as succeeded, so the rows are asked, once no job begins any more.</summary>
sealed class Tally : IAsyncDisposable
{
    const string EndedSql = "SELECT count(*) FILTER (WHERE statename = 'Succeeded'), (SELECT count(*) FROM hangfire.jobqueue) FROM hangfire.job";
    static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(20);

    readonly bool _tellsEach = Environment.GetEnvironmentVariable("JOBS_BENCH_TELL_EACH") == "1";
    readonly NpgsqlDataSource _database;
    readonly CancellationTokenSource _stop = new();
    readonly Task _watching;
    int _began;

    public Tally(string connectionString)
    {
        _database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false });
        _watching = WatchAsync(_stop.Token);
    }

    /// <summary>The first line of a job.</summary>
    public void Begin()
    {
        var at = Stopwatch.GetTimestamp();
        var began = Interlocked.Increment(ref _began);
        if (began == 1)
            Protocol.Say("first", 1, at);
        if (_tellsEach)
            Protocol.Say("began", began, at);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        await _database.DisposeAsync();
        _stop.Dispose();
    }

    async Task WatchAsync(CancellationToken cancellationToken)
    {
        try
        {
            var (seen, told) = (0, 0);
            using var poll = new PeriodicTimer(Quiet);
            while (await poll.WaitForNextTickAsync(cancellationToken))
            {
                var began = Volatile.Read(ref _began);
                if (began == seen && began > told && await AreAllStoredAsync(began, cancellationToken))
                {
                    told = began;
                    Protocol.Say("idle", told, Stopwatch.GetTimestamp());
                }

                seen = began;
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    async Task<bool> AreAllStoredAsync(int began, CancellationToken cancellationToken)
    {
        await using var command = _database.CreateCommand(EndedSql);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return reader.GetInt64(0) == began && reader.GetInt64(1) == 0;
    }
}
