using System.Diagnostics;
using System.Globalization;
using Jobs.TortureNode;

namespace Jobs.Runtime.Tests.Torture;

/// <summary>Nodes whose machines have the wrong time, by libfaketime, and live in other zones than the server.</summary>
public sealed class ClockTests
{
    static readonly TimeSpan Ahead = TimeSpan.FromHours(2);

    [Fact]
    public async Task Nodes_two_hours_ahead_and_behind_take_nobody_for_dead_and_start_nothing_early_or_late()
    {
        await using var cluster = await Cluster.CreateAsync();
        var client = await cluster.StartAsync(new Ledger(), static jobs => jobs.AddWorkers());
        using var ahead = await StartNodeAsync(cluster, Ahead, "America/New_York");
        using var behind = await StartNodeAsync(cluster, -Ahead, "Asia/Kathmandu");
        try
        {
            await UntilAsync(cluster, "SELECT count(*) = 2 FROM jobs.nodes");
            await client.EnqueueManyAsync(
                Enumerable.Range(0, 200).Select(i => VictimWorker.New(new Victim(i)) with { ScheduleIn = TimeSpan.FromMilliseconds(i * 40) }), TestContext.Current.CancellationToken);

            await UntilAsync(cluster, "SELECT count(*) = 200 FROM jobs.jobs WHERE state = 'completed'");

            // Eight seconds are more than two leases.
            Assert.Equal(2, await cluster.ScalarAsync<long>("SELECT count(*) FROM jobs.nodes WHERE expires_at BETWEEN now() AND now() + interval '4 seconds'"));
            Assert.Equal(1, await cluster.ScalarAsync<long>("SELECT count(*) FROM jobs.leader WHERE expires_at BETWEEN now() AND now() + interval '4 seconds'"));
            Assert.Equal(200, await cluster.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE run = 1 AND crashes = 0"));
            Assert.Equal(0, await cluster.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE attempted_at < scheduled_at OR attempted_at > scheduled_at + interval '5 seconds'"));
        }
        finally
        {
            ahead.Kill();
            behind.Kill();
            await Task.WhenAll(ahead.WaitForExitAsync(CancellationToken.None), behind.WaitForExitAsync(CancellationToken.None));
        }
    }

    // The monotonic clock stays true, as on a machine whose time is wrong; and the waits of .NET hang where it does not.
    static async Task<Process> StartNodeAsync(Cluster cluster, TimeSpan ahead, string zone)
    {
        var node = Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "Jobs.TortureNode"), [cluster.Database.ConnectionString, "--end"])
        {
            RedirectStandardOutput = true,
            Environment =
            {
                ["LD_PRELOAD"] = FindFakeTime(),
                ["FAKETIME"] = string.Create(CultureInfo.InvariantCulture, $"{ahead.TotalSeconds:+0;-0}"),
                ["TZ"] = zone,
                ["PGTZ"] = zone,
                ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
            },
        })!;
        var clock = await node.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        var seen = DateTimeOffset.FromUnixTimeSeconds(long.Parse(clock!.Split(' ')[1], CultureInfo.InvariantCulture)) - DateTimeOffset.UtcNow;
        Assert.InRange(seen - ahead, TimeSpan.FromMinutes(-1), TimeSpan.FromMinutes(1));
        _ = node.StandardOutput.ReadToEndAsync(CancellationToken.None);
        return node;
    }

    static string FindFakeTime() =>
        Directory.EnumerateDirectories("/usr/lib").Select(static folder => Path.Combine(folder, "faketime", "libfaketimeMT.so.1")).FirstOrDefault(File.Exists)
        ?? throw new InvalidOperationException("A test gives a process another time by libfaketime, which is not in /usr/lib/*/faketime. ./test installs it; the package is libfaketime.");

    static async Task UntilAsync(Cluster cluster, string sql)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await cluster.ScalarAsync<bool>(sql))
            await poll.WaitForNextTickAsync(timeout.Token);
    }
}
