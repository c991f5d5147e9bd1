using System.Collections.Concurrent;
using Jobs.Testing.Database;
using Jobs.Torture.Checking;
using Jobs.Torture.Journals;
using Jobs.Torture.Nodes;
using Jobs.Torture.Proxy;
using Jobs.Torture.Work;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Jobs.Torture.Scenarios;

/// <summary>What comes of a statement that the server has committed, and whose answer never arrives?</summary>
sealed record Cuts : Scenario
{
    const int Writers = 4;
    const int BatchWriters = 2;
    const int BatchSize = 5;
    const int ManySize = 3;
    const int ClaimFailed = 20;
    const int AcknowledgeFailed = 21;
    const int LostClaimGivenBack = 25;

    static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);
    static readonly TimeSpan Each = TimeSpan.FromMilliseconds(1);
    static readonly TimeSpan WriterRests = TimeSpan.FromMilliseconds(20);
    static readonly TimeSpan Longest = TimeSpan.FromMinutes(8);

    public override string Name => "cuts";

    /// <summary>How many cuts of each kind.</summary>
    public required int OfEachKind { get; init; }

    public override async Task RunAsync(Run run, CancellationToken cancellationToken)
    {
        run.Report.Say($"{OfEachKind} cuts each of {string.Join(", ", StatementKinds.Cut)}: the server has committed, and its answer does not arrive; two nodes, {Writers + BatchWriters} writers");
        var plan = new CutPlan(run.Random, OfEachKind);
        await using var database = await TestDatabase.CreateAsync(cancellationToken);
        await using var observer = new Observer(database.ConnectionString);
        await using var proxy = new PostgresProxy(database.ConnectionString, plan);
        using var client = await Run.StartClientAsync(proxy.ConnectionString, cancellationToken);
        var settings = new NodeSettings(proxy.ConnectionString, run.Folder, Lease, Concurrency: 10);
        await using var one = await NodeProcess.StartAsync(settings);
        await using var other = await NodeProcess.StartAsync(settings);
        await observer.WaitForNodeAsync(one.Id, cancellationToken);
        await observer.WaitForNodeAsync(other.Id, cancellationToken);

        var ledger = new Ledger();
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var writing = Task.WhenAll(
        [
            .. Enumerable.Range(0, Writers - 1).Select(i => WriteJobsAsync(client, ledger, i % 2 == 0, enough.Token)),
            WriteKeyedJobsAsync(client, ledger, enough.Token),
            .. Enumerable.Range(0, BatchWriters).Select(_ => WriteBatchesAsync(client, ledger, enough.Token)),
        ]);
        var checks = await CheckAfterEachAsync(plan, observer, ledger, cancellationToken);
        await enough.CancelAsync();
        await writing;
        await observer.WaitUntilAsync($"every job has ended", "SELECT NOT EXISTS (SELECT FROM jobs.jobs WHERE NOT jobs.is_final(state))", [], Longest, cancellationToken);
        await one.StopAsync(cancellationToken);
        await other.StopAsync(cancellationToken);

        run.Report.Say($"  the counters were compared with the rows {checks} times in between");
        Judge(run, plan.Made, ledger, [one, other], await Snapshot.TakeAsync(observer.DataSource, null, cancellationToken));
    }

    /// <summary>Compares counters and rows after each cut (after several that came together), until there have been all.</summary>
    static async Task<int> CheckAfterEachAsync(CutPlan plan, Observer observer, Ledger ledger, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(Longest);
        var checks = 0;
        try
        {
            while (await plan.Cuts.WaitToReadAsync(timeout.Token))
            {
                while (plan.Cuts.TryRead(out _))
                {
                }

                foreach (var broken in Invariants.FindBroken(await Snapshot.TakeAsync(observer.DataSource, null, timeout.Token)))
                    ledger.Broken.Enqueue(broken);
                checks++;
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Too long: the report will miss the cuts that did not come.
            plan.Stop();
        }

        return checks;
    }

    // An enqueue without a key is not repeated: whoever calls does not know whether it was stored.
    static async Task WriteJobsAsync(IHost host, Ledger ledger, bool many, CancellationToken enough)
    {
        var client = host.Services.GetRequiredService<JobClient>();
        using var rest = new PeriodicTimer(WriterRests);
        while (await TicksAsync(rest, enough))
        {
            var mails = ledger.Take(many ? ManySize : 1);
            try
            {
                if (many)
                    await client.EnqueueManyAsync(mails.Select(TortureWorker.New), CancellationToken.None);
                else
                    await client.EnqueueAsync(TortureWorker.New(mails[0]), CancellationToken.None);
                Ledger.Add(ledger.Stored, mails);
            }
            catch (Exception exception)
            {
                ledger.Lost(StatementKind.Enqueue, exception);
                Ledger.Add(ledger.Unknown, mails);
            }
        }
    }

    // A job with a key may be repeated: if it was stored, it is not new.
    static async Task WriteKeyedJobsAsync(IHost host, Ledger ledger, CancellationToken enough)
    {
        var client = host.Services.GetRequiredService<JobClient>();
        using var rest = new PeriodicTimer(WriterRests);
        while (await TicksAsync(rest, enough))
        {
            var mails = ledger.Take(1);
            for (var losses = 0; ; losses++)
            {
                try
                {
                    var job = await client.EnqueueAsync(TortureWorker.New(mails[0]) with { Key = mails[0].Key }, CancellationToken.None);
                    ledger.KeyedAfterLosses(losses, job.IsNew);
                    break;
                }
                catch (Exception exception)
                {
                    ledger.Lost(StatementKind.Enqueue, exception);
                }
            }

            Ledger.Add(ledger.Stored, mails);
        }
    }

    // A batch has an id, so it may be repeated: one that exists was stored.
    static async Task WriteBatchesAsync(IHost host, Ledger ledger, CancellationToken enough)
    {
        var client = host.Services.GetRequiredService<JobClient>();
        using var rest = new PeriodicTimer(BatchWriters * WriterRests);
        while (await TicksAsync(rest, enough))
        {
            var mails = ledger.Take(BatchSize);
            for (var isRepeated = false; ; isRepeated = true)
            {
                try
                {
                    await client.EnqueueBatchAsync($"batch-{mails[0].Key}", mails.Select(TortureWorker.New), cancellationToken: CancellationToken.None);
                    break;
                }
                catch (BatchExistsException) when (isRepeated)
                {
                    ledger.FoundToExist();
                    break;
                }
                catch (Exception exception)
                {
                    ledger.Lost(StatementKind.Batch, exception);
                }
            }

            Ledger.Add(ledger.Stored, mails);
        }
    }

    static async Task<bool> TicksAsync(PeriodicTimer timer, CancellationToken enough)
    {
        try
        {
            return await timer.WaitForNextTickAsync(enough);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    void Judge(Run run, IReadOnlyList<Cut> cuts, Ledger ledger, NodeProcess[] nodes, Snapshot end)
    {
        foreach (var kind in StatementKinds.Cut)
        {
            var ofKind = cuts.Where(cut => cut.Kind == kind).ToList();
            run.Report.Say($"  {kind,-12} {ofKind.Count} cut, {ofKind.Count(cut => cut.Style.IsPartial)} of them in the middle of the answer, {ofKind.Count(cut => cut.Style.IsReset)} by a reset; answers lost: {string.Join(", ", ofKind.GroupBy(cut => cut.Tag.Split(' ')[0]).Select(tags => $"{tags.Count()} × {tags.Key}"))}");
            run.Report.Demand($"{OfEachKind} answers to {kind} were lost", ofKind.Count == OfEachKind, $"{ofKind.Count}");
        }

        var rows = end.Jobs.ToLookup(job => job.Key);
        var (enqueues, batches) = (ledger.CountLost(StatementKind.Enqueue), ledger.CountLost(StatementKind.Batch));
        run.Report.Say($"  the client threw {enqueues} times in an enqueue and {batches} times in a batch, of which {ledger.Existing} were found to exist when they were repeated; {ledger.KeyedFound} enqueues with a key were repeated");
        run.Report.Say($"  the nodes saw {Logged(ClaimFailed)} claims fail, gave back {end.Jobs.Count(job => job.Run > 1)} jobs of lost claims, saw {Logged(AcknowledgeFailed)} acknowledgements fail, and {nodes.Sum(node => node.StaleOutcomes().Count)} outcomes come again and change nothing");
        run.Report.Demand("each lost answer to an enqueue threw, and nothing else did", enqueues == CountOf(StatementKind.Enqueue), $"{enqueues}");
        run.Report.Demand("each enqueue with a key that was repeated found its job", ledger.KeyedWrong == 0, $"{ledger.KeyedWrong} did not");
        run.Report.Demand("each lost answer to a batch threw, and the batch existed when it was repeated", batches == CountOf(StatementKind.Batch) && ledger.Existing == batches, $"{batches}, {ledger.Existing} existed");
        run.Report.DemandNone("what was thrown says that the connection failed", [.. ledger.WrongExceptions]);
        run.Report.DemandNone("each enqueue whose answer was lost is stored, and once", [.. ledger.Unknown.Where(key => rows[key].Count() != 1)]);
        run.Report.Demand("the nodes noticed each lost answer to a claim", Logged(ClaimFailed) >= CountOf(StatementKind.Claim), $"{Logged(ClaimFailed)}");
        run.Report.Demand("the nodes gave back what lost claims had taken", Logged(LostClaimGivenBack) > 0 && end.Jobs.Count(job => job.Run > 1) >= CountOf(StatementKind.Claim), $"{end.Jobs.Count(job => job.Run > 1)} jobs");
        run.Report.Demand("the nodes noticed each lost answer to an acknowledgement", Logged(AcknowledgeFailed) >= CountOf(StatementKind.Acknowledge), $"{Logged(AcknowledgeFailed)}");
        run.Report.DemandNone("no job has lost an attempt", [.. end.Jobs.Where(job => job.Attempt != 1).Select(job => job.Key)]);
        run.Report.DemandNone("the counters agreed with the rows after each cut", ledger.Broken);
        run.Report.Judge(Verdict.Of(new Evidence
        {
            Tables = end,
            Journal = Journal.Read(run.Folder),
            Stored = ledger.Stored,
            Unknown = ledger.Unknown,
        }));

        int CountOf(StatementKind kind) => cuts.Count(cut => cut.Kind == kind);
        int Logged(int eventId) => nodes.Sum(node => node.CountLogged(eventId));
    }

    /// <summary>What the writers asked for, and what they heard.</summary>
    sealed class Ledger
    {
        readonly ConcurrentBag<StatementKind> _lost = [];
        int _next;
        int _existing;
        int _keyedFound;
        int _keyedWrong;

        public ConcurrentQueue<string> Stored { get; } = new();

        public ConcurrentQueue<string> Unknown { get; } = new();

        public ConcurrentQueue<string> Broken { get; } = new();

        public ConcurrentQueue<string> WrongExceptions { get; } = new();

        public int Existing => _existing;

        /// <summary>The jobs with a key that were found when their enqueue was repeated.</summary>
        public int KeyedFound => _keyedFound;

        /// <summary>Those that were new though their answer had been lost, or were not though none was.</summary>
        public int KeyedWrong => _keyedWrong;

        public Mail[] Take(int count)
        {
            var end = Interlocked.Add(ref _next, count);
            return [.. Enumerable.Range(end - count, count).Select(i => new Mail(i, (int)Each.TotalMilliseconds, IsDeaf: false))];
        }

        public static void Add(ConcurrentQueue<string> keys, Mail[] mails)
        {
            foreach (var mail in mails)
                keys.Enqueue(mail.Key);
        }

        public void Lost(StatementKind kind, Exception exception)
        {
            _lost.Add(kind);

            // One that the server sent, or one that says that nothing was stored, is not what happened.
            if (exception is not NpgsqlException or PostgresException)
                WrongExceptions.Enqueue($"{exception.GetType().Name}: {exception.Message}");
        }

        public void KeyedAfterLosses(int losses, bool isNew)
        {
            if (losses > 0)
                Interlocked.Increment(ref _keyedFound);
            if (isNew == losses > 0)
                Interlocked.Increment(ref _keyedWrong);
        }

        public void FoundToExist() => Interlocked.Increment(ref _existing);

        public int CountLost(StatementKind kind) => _lost.Count(lost => lost == kind);
    }
}
