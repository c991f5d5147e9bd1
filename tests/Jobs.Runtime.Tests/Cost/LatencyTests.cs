using System.Diagnostics;
using Jobs.Runtime.Tests.Behaviour;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Jobs.Runtime.Tests.Cost;

/// <summary>How long a job waits on a node that has nothing else to do.</summary>
[Collection("Cost")]
public sealed class LatencyTests
{
    const int Jobs = 500;
    const int Rounds = 3;

    // The commit of a row, by a prepared statement on an open connection, is what nobody can be faster than: where the machine is so busy that
    // this takes long, five times as long is as good as three milliseconds.
    [Fact]
    public async Task A_job_starts_three_milliseconds_after_its_enqueue_was_called_and_99_of_100_within_fifteen()
    {
        await using var database = await CountedDatabase.CreateAsync();
        TaskCompletionSource<long> began = null!;
        var script = new Script { Greet = (_, _) => Task.FromResult(Began(Stopwatch.GetTimestamp())) };
        using var host = database.BuildHost(static jobs => jobs.AddQueue("tests", concurrency: 10), script);
        await host.StartAsync(TestContext.Current.CancellationToken);
        var client = host.Services.GetRequiredService<JobClient>();
        await using var bare = await BareInsert.PrepareAsync(database.ConnectionString);

        var rounds = new List<(double P50, double P99, double BareP50, double BareP99)>();
        while (rounds.Count < Rounds && !rounds.Exists(IsQuick))
        {
            var (jobs, rows) = (new List<double>(), new List<double>());
            for (var i = 0; i < Jobs; i++)
            {
                await Task.Delay(Random.Shared.Next(1, 6), TestContext.Current.CancellationToken);
                rows.Add(await bare.TimeAsync());
                jobs.Add(await TimeAsync());
            }

            rounds.Add((At(jobs, 50), At(jobs, 99), At(rows, 50), At(rows, 99)));
        }

        await host.StopAsync(TestContext.Current.CancellationToken);
        await ((IAsyncDisposable)host).DisposeAsync();
        Assert.True(rounds.Exists(IsQuick), string.Join('\n', rounds.Select(static round => $"{round}")));

        async Task<double> TimeAsync()
        {
            began = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            var calledAt = Stopwatch.GetTimestamp();
            await client.EnqueueAsync(Greeter.New(new Greeting("quick")), TestContext.Current.CancellationToken);
            var beganAt = await began.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
            return Stopwatch.GetElapsedTime(calledAt, beganAt).TotalMilliseconds;
        }

        JobOutcome Began(long at)
        {
            began.SetResult(at);
            return JobOutcome.Complete;
        }

        static bool IsQuick((double P50, double P99, double BareP50, double BareP99) round) =>
            round.P50 < Math.Max(3, 5 * round.BareP50) && round.P99 < Math.Max(15, 5 * round.BareP99);
    }

    [Fact]
    public async Task A_scheduled_job_starts_within_a_second_of_its_time_and_not_before()
    {
        await using var database = await CountedDatabase.CreateAsync();
        using var host = database.BuildHost(static jobs => jobs.AddQueue("tests", concurrency: 100));
        await host.StartAsync(TestContext.Current.CancellationToken);
        var client = host.Services.GetRequiredService<JobClient>();

        var late = new List<double>();
        while (late.Count < Rounds && !late.Exists(static seconds => seconds <= 1))
        {
            var jobs = await client.EnqueueManyAsync(
                Enumerable.Range(0, 400).Select(i => Greeter.New(new Greeting($"{i}")) with { ScheduleIn = TimeSpan.FromMilliseconds(500 + i * 7) }),
                TestContext.Current.CancellationToken);
            await using var connection = new NpgsqlConnection(database.ConnectionString);
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var ended = new NpgsqlCommand("SELECT count(*) FROM jobs.jobs WHERE state <> 'completed'", connection);
            using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
            while ((long)(await ended.ExecuteScalarAsync(TestContext.Current.CancellationToken))! > 0)
                await poll.WaitForNextTickAsync(timeout.Token);
            await using var waited = new NpgsqlCommand("SELECT extract(epoch FROM max(attempted_at - scheduled_at))::float8, min(attempted_at - scheduled_at) >= interval '0' FROM jobs.jobs WHERE id >= $1", connection);
            waited.Parameters.Add(new NpgsqlParameter { Value = jobs[0].Id });
            await using var row = await waited.ExecuteReaderAsync(TestContext.Current.CancellationToken);
            await row.ReadAsync(TestContext.Current.CancellationToken);
            Assert.True(row.GetBoolean(1));
            late.Add(row.GetDouble(0));
        }

        await host.StopAsync(TestContext.Current.CancellationToken);
        await ((IAsyncDisposable)host).DisposeAsync();
        Assert.True(late.Exists(static seconds => seconds <= 1), $"The latest of each round, in seconds: {string.Join(", ", late)}");
    }

    static double At(IEnumerable<double> times, int percent) => times.Order().ElementAt((Jobs - 1) * percent / 100);

    sealed class BareInsert(NpgsqlConnection connection, NpgsqlCommand command) : IAsyncDisposable
    {
        public static async Task<BareInsert> PrepareAsync(string connectionString)
        {
            var connection = new NpgsqlConnection($"{connectionString};Pooling=false");
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using (var create = new NpgsqlCommand("CREATE TABLE bare (text text)", connection))
                await create.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            var command = new NpgsqlCommand("INSERT INTO bare VALUES ('row')", connection);
            await command.PrepareAsync(TestContext.Current.CancellationToken);
            return new BareInsert(connection, command);
        }

        public async Task<double> TimeAsync()
        {
            var calledAt = Stopwatch.GetTimestamp();
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            return Stopwatch.GetElapsedTime(calledAt).TotalMilliseconds;
        }

        public async ValueTask DisposeAsync()
        {
            await command.DisposeAsync();
            await connection.DisposeAsync();
        }
    }
}
