using System.Collections.Concurrent;
using System.Globalization;
using Jobs.Testing.Database;
using Jobs.Torture.Checking;
using Jobs.Torture.Journals;
using Jobs.Torture.Nodes;
using Jobs.Torture.Work;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Jobs.Torture.Scenarios;

/// <summary>Are a transaction's jobs and its other writes committed together, or not at all?</summary>
sealed record Rollbacks : Scenario
{
    const int Writers = 8;
    const int ManySize = 3;
    const int Concurrency = 10;
    const int MostlyOpen = Concurrency / 2;

    static readonly TimeSpan Lease = TimeSpan.FromSeconds(3);
    static readonly TimeSpan EachMail = TimeSpan.FromMilliseconds(1);
    static readonly TimeSpan EachWrite = TimeSpan.FromMilliseconds(500);

    // A fault that is decided on while the oldest transaction is no older comes before the first commit, on a slow machine too.
    static readonly TimeSpan Young = EachWrite / 2;
    static readonly TimeSpan Longest = TimeSpan.FromMinutes(3);

    public override string Name => "rollbacks";

    /// <summary>How many transactions enqueue, half of which are rolled back.</summary>
    public required int Transactions { get; init; }

    /// <summary>How often a node is killed, or paused, while jobs complete themselves.</summary>
    public required int Rounds { get; init; }

    public required int WritesEach { get; init; }

    public override async Task RunAsync(Run run, CancellationToken cancellationToken)
    {
        await EnqueueInTransactionsAsync(run, cancellationToken);
        await CompleteInTransactionsAsync(run, cancellationToken);
    }

    async Task EnqueueInTransactionsAsync(Run run, CancellationToken cancellationToken)
    {
        run.Report.Begin("enqueue", $"{Transactions} transactions of {Writers} writers, each with a row of its own and a job, {ManySize} jobs, or a batch of {ManySize}; half are rolled back");
        var folder = Directory.CreateDirectory(Path.Combine(run.Folder, "enqueued")).FullName;
        await using var database = await TestDatabase.CreateAsync(cancellationToken);
        await using var observer = new Observer(database.ConnectionString);
        await UserTable.CreateAsync(observer, cancellationToken);
        using var client = await Run.StartClientAsync(database.ConnectionString, cancellationToken);
        var settings = new NodeSettings(database.ConnectionString, folder, Lease, Concurrency);
        await using var one = await NodeProcess.StartAsync(settings);
        await using var other = await NodeProcess.StartAsync(settings);
        await observer.WaitForNodeAsync(one.Id, cancellationToken);
        await observer.WaitForNodeAsync(other.Id, cancellationToken);

        var intents = Enumerable.Range(0, Transactions).Select(i => new Intent(
            [.. Enumerable.Range(i * ManySize, i % 3 == 0 ? 1 : ManySize).Select(number => new Mail(number, (int)EachMail.TotalMilliseconds, IsDeaf: false))],
            i % 3 == 2 ? string.Create(CultureInfo.InvariantCulture, $"batch-{i}") : null,
            run.Random.Next(2) == 0 ? Ending.Commit : run.Random.Next(2) == 0 ? Ending.Rollback : Ending.Abandon)).ToList();
        var work = new ConcurrentQueue<Intent>(intents);
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => WriteAsync(work, client.Services.GetRequiredService<JobClient>(), observer, cancellationToken)));
        await observer.WaitUntilAsync($"every job has ended", "SELECT NOT EXISTS (SELECT FROM jobs.jobs WHERE NOT jobs.is_final(state))", [], Longest, cancellationToken);
        await one.StopAsync(cancellationToken);
        await other.StopAsync(cancellationToken);

        var end = await Snapshot.TakeAsync(observer.DataSource, null, cancellationToken);
        var journal = Journal.Read(folder);
        var written = (await UserTable.ReadAsync(observer, cancellationToken)).Select(line => line.Key).ToHashSet();
        var committed = intents.Where(intent => intent.IsCommitted).ToList();
        var ghosts = intents.Where(intent => !intent.IsCommitted).ToList();
        run.Report.Say($"  {committed.Count} committed, {ghosts.Count} rolled back: {ghosts.Count(intent => intent.Ending == Ending.Rollback)} by a rollback, {ghosts.Count(intent => intent.Ending == Ending.Abandon)} by closing the connection");
        run.Report.Demand("about half of the transactions were rolled back", ghosts.Count > Transactions * 2 / 5 && committed.Count > Transactions * 2 / 5, $"{ghosts.Count} of {Transactions}");
        run.Report.DemandNone("no job of a transaction that was rolled back is there, or ran", Keys(ghosts, key => end.Jobs.Any(job => job.Key == key) || journal.Any(line => line.Key == key)));
        run.Report.DemandNone("no batch of a transaction that was rolled back is there", [.. ghosts.Where(intent => end.Batches.Any(batch => batch.Id == intent.Batch)).Select(intent => intent.Batch!)]);
        run.Report.DemandNone("no batch of a transaction that was committed is missing", [.. committed.Where(intent => intent.Batch is not null && end.Batches.All(batch => batch.Id != intent.Batch)).Select(intent => intent.Batch!)]);
        run.Report.DemandNone("the other writes of each transaction went the same way", [.. intents.Where(intent => written.Contains(intent.Mails[0].Key) != intent.IsCommitted).Select(intent => intent.Mails[0].Key)]);
        run.Report.Judge(Verdict.Of(new Evidence { Tables = end, Journal = journal, Stored = Keys(committed, static _ => true) }));
    }

    static async Task WriteAsync(ConcurrentQueue<Intent> work, JobClient client, Observer observer, CancellationToken cancellationToken)
    {
        while (work.TryDequeue(out var intent))
        {
            await using var connection = await observer.DataSource.OpenConnectionAsync(cancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await UserTable.InsertAsync(transaction, intent.Mails[0].Key, null, cancellationToken);
            await EnqueueAsync(intent, client, transaction, cancellationToken);
            if (intent.IsCommitted)
                await transaction.CommitAsync(cancellationToken);
            else if (intent.Ending == Ending.Rollback)
                await transaction.RollbackAsync(cancellationToken);
        }
    }

    static async Task EnqueueAsync(Intent intent, JobClient client, NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        var jobs = intent.Mails.Select(TortureWorker.New);
        if (intent.Batch is not null)
            await client.EnqueueBatchAsync(intent.Batch, jobs, batch => batch.Transaction = transaction, cancellationToken);
        else if (intent.Mails.Count > 1)
            await client.EnqueueManyAsync(jobs, many => many.Transaction = transaction, cancellationToken);
        else
            await client.EnqueueAsync(jobs.Single(), transaction, cancellationToken);
    }

    async Task CompleteInTransactionsAsync(Run run, CancellationToken cancellationToken)
    {
        run.Report.Begin("complete", $"{Rounds} rounds of {WritesEach} jobs that complete themselves with a row of their own in transactions of {EachWrite.TotalMilliseconds} ms; in each a node is killed, or stopped for three leases of {Lease.TotalSeconds} s");
        var folder = Directory.CreateDirectory(Path.Combine(run.Folder, "completed")).FullName;
        await using var database = await TestDatabase.CreateAsync(cancellationToken);
        await using var observer = new Observer(database.ConnectionString);
        await UserTable.CreateAsync(observer, cancellationToken);
        using var client = await Run.StartClientAsync(database.ConnectionString, cancellationToken);
        var settings = new NodeSettings(database.ConnectionString, folder, Lease, Concurrency);
        var nodes = new List<NodeProcess>();
        var faults = new List<Fault>();
        try
        {
            for (var round = 0; round < Rounds; round++)
            {
                while (nodes.Count < 2)
                {
                    nodes.Add(await NodeProcess.StartAsync(settings));
                    await observer.WaitForNodeAsync(nodes[^1].Id, cancellationToken);
                }

                faults.Add(await RunRoundAsync(round, nodes, client.Services.GetRequiredService<JobClient>(), folder, run.Random, observer, cancellationToken));
                run.Report.Say($"  round {round}: node {(faults[^1].IsPause ? "stopped" : "killed")} {(faults[^1].IsAtCommit ? "at the commits" : "in the middle")} with {faults[^1].Open} transactions open, {faults[^1].Refused} completions refused");
            }

            foreach (var node in nodes)
                await node.StopAsync(cancellationToken);
        }
        finally
        {
            foreach (var node in nodes)
                await node.DisposeAsync();
        }

        var inTheMiddle = faults.Where(fault => !fault.IsAtCommit).ToList();
        run.Report.Demand($"{inTheMiddle.Count} faults hit transactions in their middle", inTheMiddle.All(fault => fault.Open > 0), $"{inTheMiddle.Count(fault => fault.Open > 0)}");
        run.Report.Demand("each stopped node was refused a completion that came too late", inTheMiddle.All(fault => !fault.IsPause || fault.Refused > 0), $"{inTheMiddle.Count(fault => fault.IsPause && fault.Refused == 0)} were not");

        // A row stands for the end of its job, so one too many or too few is found as a job that ran twice or was lost.
        run.Report.Judge(Verdict.Of(new Evidence
        {
            Tables = await Snapshot.TakeAsync(observer.DataSource, null, cancellationToken),
            Journal = [.. await UserTable.ReadAsync(observer, cancellationToken), .. Journal.Read(folder).Where(line => line.Moment == Moment.Told)],
            Stored = [.. Enumerable.Range(0, Rounds * WritesEach).Select(number => new Write(number, 0).Key)],
        }));
    }

    async Task<Fault> RunRoundAsync(
        int round, List<NodeProcess> nodes, JobClient client, string folder, Random random, Observer observer, CancellationToken cancellationToken)
    {
        var batch = string.Create(CultureInfo.InvariantCulture, $"writes-{round}");
        var writes = Enumerable.Range(round * WritesEach, WritesEach).Select(number => new Write(number, (int)EachWrite.TotalMilliseconds)).ToList();
        var ofRound = writes.Select(write => write.Key).ToHashSet();
        await client.EnqueueBatchAsync(batch, writes.Select(TortureWorker.New), cancellationToken: cancellationToken);
        var victim = nodes[random.Next(nodes.Count)];
        var middle = random.Next(WritesEach / 10, WritesEach / 4);
        await observer.WaitUntilAsync($"{middle} writes are done", "SELECT total - pending >= $2 FROM jobs.batches WHERE id = $1", [batch, middle], Longest, cancellationToken);
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        var open = OpenOn(victim);
        while ((open.Count < MostlyOpen || open.Max(Age) > Young) && !IsTold())
        {
            await look.WaitForNextTickAsync(cancellationToken);
            open = OpenOn(victim);
        }

        // In every second pair of rounds about when they commit: the outcome and the commit may be on their way then.
        var isAtCommit = round % 4 >= 2;
        if (isAtCommit)
        {
            var toCommit = EachWrite - open.Select(Age).DefaultIfEmpty().Max() + TimeSpan.FromMilliseconds(random.Next(-20, 20));
            if (toCommit > TimeSpan.Zero)
                await Task.Delay(toCommit, cancellationToken);
        }

        if (round % 2 == 0)
        {
            await victim.KillAsync();
            nodes.Remove(victim);
            await observer.WaitForCallbackAsync(batch, Longest, cancellationToken);
            return new Fault(IsPause: false, isAtCommit, OpenOn(victim).Count, Refused: 0);
        }

        victim.Pause();
        var back = Task.Delay(3 * Lease, cancellationToken);
        var held = OpenOn(victim).Select(line => line.Key).ToList();
        await observer.WaitForCallbackAsync(batch, Longest, cancellationToken);
        await back;
        victim.Continue();
        using var longest = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        longest.CancelAfter(2 * Lease);
        try
        {
            while (held.Except(RefusedOn(victim)).Any())
                await look.WaitForNextTickAsync(longest.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The report says how many came.
        }

        await observer.WaitForNodeAsync(victim.Id, cancellationToken);
        return new Fault(IsPause: true, isAtCommit, held.Count, RefusedOn(victim).Count(held.Contains));

        List<JournalLine> OpenOn(NodeProcess node)
        {
            var lines = Journal.Read(folder).Where(line => line.Process == node.Id && ofRound.Contains(line.Key)).ToList();
            var over = lines.Where(line => line.Moment is Moment.Ended or Moment.Refused).Select(line => line.Key).ToHashSet();
            return [.. lines.Where(line => line.Moment == Moment.Holds && !over.Contains(line.Key))];
        }

        bool IsTold() => Journal.Read(folder).Any(line => line.Moment == Moment.Told && line.Key == batch);

        List<string> RefusedOn(NodeProcess node) =>
            [.. Journal.Read(folder).Where(line => line.Process == node.Id && line.Moment == Moment.Refused).Select(line => line.Key)];
    }

    static TimeSpan Age(JournalLine line) => DateTime.UtcNow - line.At;

    static List<string> Keys(List<Intent> intents, Func<string, bool> condition) =>
        [.. intents.SelectMany(intent => intent.Mails).Select(mail => mail.Key).Where(condition)];

    enum Ending
    {
        Commit,
        Rollback,
        Abandon,
    }

    /// <summary>A transaction that is going to be.</summary>
    sealed record Intent(IReadOnlyList<Mail> Mails, string? Batch, Ending Ending)
    {
        public bool IsCommitted => Ending == Ending.Commit;
    }

    /// <param name="IsPause">Whether the node was stopped, else killed.</param>
    /// <param name="IsAtCommit">Whether it was when the transactions were about to be committed, else in their middle.</param>
    /// <param name="Open">How many transactions of its jobs were open.</param>
    /// <param name="Refused">How many of them were refused when it went on.</param>
    sealed record Fault(bool IsPause, bool IsAtCommit, int Open, int Refused);
}
