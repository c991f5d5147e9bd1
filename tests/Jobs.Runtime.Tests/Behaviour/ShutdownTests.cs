using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Jobs.Testing.Database;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Jobs.Runtime.Tests.Behaviour;

/// <summary>A host that is told to stop: during its start, before its jobs have ended, and while the database is away.</summary>
public sealed partial class ShutdownTests
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_host_that_is_told_to_stop_while_the_database_does_not_answer_its_start_stops_without_a_failure()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var logs = new LogRecorder();
        using var host = Build($"Host=127.0.0.1;Port={((IPEndPoint)silent.LocalEndpoint).Port};Username=ada;Timeout=300", logs);

        var running = host.RunAsync(TestContext.Current.CancellationToken);
        using var connection = await silent.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();

        await running.WaitAsync(Soon, TestContext.Current.CancellationToken);
        await logs.Seen("told to stop before it had started");
    }

    [Fact]
    public async Task A_host_that_is_told_to_stop_while_it_joins_the_others_leaves_no_node_behind()
    {
        await using var first = await TestHost.StartAsync();
        var logs = new LogRecorder();
        using var host = Build(first.ConnectionString, logs);
        await using var connection = new NpgsqlConnection(first.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using var hold = new NpgsqlCommand("LOCK TABLE jobs.queue_settings IN ACCESS EXCLUSIVE MODE", connection, transaction);
        await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var running = host.RunAsync(TestContext.Current.CancellationToken);
        await first.UntilAsync<long>("SELECT count(*) FROM jobs.nodes", static count => count == 2);
        await first.UntilAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND application_name = 'starts'", static count => count == 1);
        host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();

        await running.WaitAsync(Soon, TestContext.Current.CancellationToken);
        Assert.Equal(1, await first.ScalarAsync<long>("SELECT count(*) FROM jobs.nodes"));
        await logs.Seen("told to stop before it had started");
    }

    [Fact]
    public async Task A_start_that_its_caller_cancels_is_a_start_that_failed()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var host = Build($"Host=127.0.0.1;Port={((IPEndPoint)silent.LocalEndpoint).Port};Username=ada;Timeout=300", new LogRecorder());
        using var cancel = new CancellationTokenSource();

        var starting = host.StartAsync(cancel.Token);
        using var connection = await silent.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting.WaitAsync(Soon, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_hosts_own_timeout_ends_the_grace_and_every_job_that_is_given_back_is_told_by_its_id()
    {
        var began = 0;
        await using var host = await TestHost.StartAsync(
            static jobs =>
            {
                jobs.AddQueue("many", 700);
                jobs.Services.Configure<HostOptions>(static options => options.ShutdownTimeout = TimeSpan.FromSeconds(1));
            },
            script => script.Greet = async (_, _) =>
            {
                if (Interlocked.Increment(ref began) == 700)
                    script.Say("all began");
                await new TaskCompletionSource().Task;
                return JobOutcome.Complete;
            });
        await host.ExecuteAsync("INSERT INTO jobs.jobs (queue, worker, args) SELECT 'many', 'greeter', '{\"text\": \"deaf\"}' FROM generate_series(1, 700)");
        await host.Script.Seen("all began");

        var watch = Stopwatch.StartNew();
        await host.StopAsync();

        Assert.InRange(watch.Elapsed, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
        Assert.Equal(700, Ids(host.Logs, "Gave back").Count);
        Assert.Equal(700, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'available' AND attempt = 0 AND crashes = 0"));
    }

    /// <summary>The ids in the lines with <paramref name="text"/>.</summary>
    internal static IReadOnlySet<long> Ids(LogRecorder logs, string text) => logs.Lines
        .Where(line => line.Contains(text, StringComparison.Ordinal))
        .SelectMany(line => IdList().Match(line).Groups[1].Value.Split(", ").Select(long.Parse))
        .ToHashSet();

    [GeneratedRegex(@"Ids: ([0-9, ]+)\.")]
    private static partial Regex IdList();

    static IHost Build(string connectionString, LogRecorder logs)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton(new Script());
        builder.Services.AddScoped<ScopedThing>();
        builder.Logging.AddProvider(logs);
        builder.Services.AddJobs(jobs => jobs.UsePostgres($"{connectionString};Application Name=starts").AddQueue("tests", 1).AddWorkers());
        return builder.Build();
    }
}
