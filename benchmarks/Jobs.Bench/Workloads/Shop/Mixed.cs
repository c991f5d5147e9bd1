using System.Diagnostics;
using System.Globalization;
using Jobs.Bench.Measuring;
using Jobs.Bench.Results;
using Jobs.Queues;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Jobs.Bench.Workloads.Shop;

/// <summary>
/// A day of a shop, without the time in which nothing happens: customers order in bursts, and when half of them have, a mailing goes out to all.
/// The shop enqueues on one host, the jobs run on another.
/// </summary>
sealed class Mixed(BenchServer server, ShopPlan plan) : Workload
{
    const int Customers = 8;
    const int Burst = 50;
    const string Mailing = "mailing";

    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    static readonly TimeSpan LongestDay = TimeSpan.FromMinutes(15);

    public override string Kind => Describe(TimeSpan.MaxValue).Kind;

    public override async Task<Run> RunAsync(CancellationToken cancellationToken)
    {
        var database = await server.CopyFilledAsync(EmptyTables.Content, countStatements: false, cancellationToken);
        var day = new ShopDay(plan);
        using var shop = BenchHost.BuildClient(database);
        using var back = BuildBack(database, day);
        await shop.StartAsync(cancellationToken);
        await back.StartAsync(cancellationToken);
        var client = shop.Services.GetRequiredService<JobClient>();
        var before = await server.Counters.UseAsync(cancellationToken);
        var memory = Memory.Start();
        var cpu = Environment.CpuUsage.TotalTime;
        var startedAt = Stopwatch.GetTimestamp();

        await OrderAsync(client, day, 0..(plan.Orders / 2), cancellationToken);
        await Task.WhenAll(
            OrderAsync(client, day, (plan.Orders / 2)..plan.Orders, cancellationToken),
            SendMailingAsync(client, day, cancellationToken),
            ReportAsync(client, day, cancellationToken));
        await UntilOverAsync(day, back.Services.GetRequiredService<HeldJobs>(), cancellationToken);

        var time = Stopwatch.GetElapsedTime(startedAt);
        var peak = Memory.Peak();
        var use = await server.Counters.UseAsync(cancellationToken) - before;
        var run = Describe(time) with
        {
            WorkersCpuSeconds = (Environment.CpuUsage.TotalTime - cpu).TotalSeconds,
            PostgresCpuSeconds = use.Cpu?.TotalSeconds,
            WalBytesPerJob = (double)use.WalBytes / plan.Ends,
            PeakMemoryBytes = peak,
            MemoryAboveStartBytes = peak - memory,
            Waits = day.Waits,
        };
        foreach (var host in new[] { back, shop })
            await BenchHost.EndAsync(host, cancellationToken);

        await ThrowUnlessEndedAsPlannedAsync(database, day, cancellationToken);
        return run;
    }

    // Attempts that fail, and jobs that are given up, belong to the plan, and need no line each.
    static IHost BuildBack(string database, ShopDay day) => BenchHost.Build(
        database,
        static jobs => jobs.AddQueue("orders", concurrency: 20).AddQueue("mail", concurrency: 50).AddQueue("reports", concurrency: 2).AddWorkers(),
        services => services.AddSingleton(day).AddLogging(static logging => logging.AddFilter("Jobs.Queues.Executor", LogLevel.None)));

    async Task OrderAsync(JobClient client, ShopDay day, Range orders, CancellationToken cancellationToken)
    {
        var next = orders.Start.Value - 1;
        await Task.WhenAll(Enumerable.Range(0, Customers).Select(_ => Task.Run(BuyAsync, cancellationToken)));

        async Task BuyAsync()
        {
            for (var bought = 0; Interlocked.Increment(ref next) is var order && order < orders.End.Value; bought++)
            {
                if (bought % Burst == Burst - 1)
                    await Task.Delay(Pause, cancellationToken);
                day.Orders.Expect(order);
                await client.EnqueueAsync(OrderWorker.New(new Order(order)), cancellationToken);
            }
        }
    }

    async Task SendMailingAsync(JobClient client, ShopDay day, CancellationToken cancellationToken) =>
        await client.EnqueueBatchAsync(
            Mailing,
            Enumerable.Range(0, plan.Letters).Select(letter =>
            {
                day.Letters.Expect(letter);
                return MailingWorker.New(new Letter(letter));
            }),
            cancellationToken: cancellationToken);

    async Task ReportAsync(JobClient client, ShopDay day, CancellationToken cancellationToken)
    {
        for (var report = 0; report < plan.Reports; report++)
        {
            day.Reports.Expect(report);
            await client.EnqueueAsync(ReportWorker.New(new Report(report)), cancellationToken);
        }
    }

    static async Task UntilOverAsync(ShopDay day, HeldJobs held, CancellationToken cancellationToken)
    {
        try
        {
            await day.Over.WaitAsync(LongestDay, cancellationToken);
            await held.WhenEmptyAsync().WaitAsync(LongestDay, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new BenchException($"After {LongestDay.TotalMinutes} minutes {day.Left} jobs have not ended.");
        }
    }

    async Task ThrowUnlessEndedAsPlannedAsync(string database, ShopDay day, CancellationToken cancellationToken)
    {
        var (planned, found) = (plan.Ending(), await ReadEndingAsync(database, cancellationToken));
        var other = planned.Keys.Union(found.Keys).Where(row => planned.GetValueOrDefault(row) != found.GetValueOrDefault(row)).Select(row =>
            string.Create(CultureInfo.InvariantCulture, $"{row.Worker}, {row.State} after {row.Runs} runs: {found.GetValueOrDefault(row)} of {planned.GetValueOrDefault(row)}")).ToList();
        if (other.Count > 0)
            throw new BenchException($"The day did not end as planned, so its figures mean nothing: {string.Join("; ", other)}.");
        if (day.Told.ToArray() is not [{ BatchId: Mailing } told] || (told.Total, told.Completed, told.Discarded) != (plan.Letters, plan.Letters - plan.Bounced, plan.Bounced))
            throw new BenchException("The end of the mailing was not told once, with its counts, so the day's figures mean nothing.");
    }

    static async Task<Dictionary<(string Worker, string State, long Runs), int>> ReadEndingAsync(string database, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand("SELECT worker, state::text, run, count(*)::integer FROM jobs.jobs GROUP BY worker, state, run", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var ending = new Dictionary<(string Worker, string State, long Runs), int>();
        while (await reader.ReadAsync(cancellationToken))
            ending.Add((reader.GetString(0), reader.GetString(1), reader.GetInt64(2)), reader.GetInt32(3));
        return ending;
    }

    Run Describe(TimeSpan time) => new()
    {
        Workload = "mixed",
        Jobs = plan.Ends,
        Batches = 1,
        Nodes = 1,
        Seconds = time.TotalSeconds,
    };
}
