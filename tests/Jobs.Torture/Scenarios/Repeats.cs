using System.Collections.Concurrent;
using Jobs.Testing.Database;
using Jobs.Torture.Checking;
using Jobs.Torture.Proxy;
using Jobs.Torture.Work;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Jobs.Torture.Scenarios;

/// <summary>Is an enqueue with a key stored once, however often its answer is lost and it is repeated?</summary>
sealed record Repeats : Scenario
{
    const int Writers = 8;

    static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    public override string Name => "repeats";

    /// <summary>How many answers are lost.</summary>
    public required int Losses { get; init; }

    public override async Task RunAsync(Run run, CancellationToken cancellationToken)
    {
        run.Report.Say($"{Losses} answers to enqueues of jobs with keys are lost after the commit; {Writers} writers repeat each, of one job and of 3 and of 60, until they have an answer");
        var plan = new CutPlan(run.Random, Losses, StatementKind.Enqueue);
        await using var database = await TestDatabase.CreateAsync(cancellationToken);
        await using var observer = new Observer(database.ConnectionString);
        await using var proxy = new PostgresProxy(database.ConnectionString, plan);
        using var host = await Run.StartClientAsync(proxy.ConnectionString, cancellationToken);
        var client = host.Services.GetRequiredService<JobClient>();

        var calls = new ConcurrentBag<Call>();
        var numbers = 0;
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        enough.CancelAfter(Longest);
        var writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => Task.Run(
            async () =>
            {
                for (var number = 0; !enough.IsCancellationRequested; number++)
                    calls.Add(await RepeatAsync(client, Mails(ref numbers, SizeOf(number))));
            },
            cancellationToken)));
        await foreach (var _ in plan.Cuts.ReadAllAsync(enough.Token))
        {
        }

        await enough.CancelAsync();
        await writing;
        Judge(run, plan.Made, calls, await Snapshot.TakeAsync(observer.DataSource, null, cancellationToken));
    }

    // Few of the many: they take longest, and their answer is that of a commit.
    static int SizeOf(int call) => (call % 10) switch
    {
        0 => 60,
        < 4 => 3,
        _ => 1,
    };

    static Mail[] Mails(ref int numbers, int count)
    {
        var end = Interlocked.Add(ref numbers, count);
        return [.. Enumerable.Range(end - count, count).Select(static number => new Mail(number, 1, IsDeaf: false))];
    }

    static async Task<Call> RepeatAsync(JobClient client, Mail[] mails)
    {
        var jobs = mails.Select(static mail => TortureWorker.New(mail) with { Key = mail.Key }).ToList();
        var losses = new List<Exception>();
        while (true)
        {
            try
            {
                IReadOnlyList<EnqueuedJob> answers = jobs.Count == 1
                    ? [await client.EnqueueAsync(jobs[0], CancellationToken.None)]
                    : await client.EnqueueManyAsync(jobs, CancellationToken.None);
                return new Call(mails, answers, losses);
            }
            catch (NpgsqlException exception)
            {
                losses.Add(exception);
            }
        }
    }

    void Judge(Run run, IReadOnlyList<Cut> cuts, IReadOnlyCollection<Call> calls, Snapshot end)
    {
        var rows = end.Jobs.ToLookup(static job => job.Key);
        var (lost, repeated) = (calls.Sum(static call => call.Losses.Count), calls.Where(static call => call.Losses.Count > 0).ToList());
        run.Report.Say($"  {cuts.Count} cut, {cuts.Count(static cut => cut.Style.IsPartial)} of them in the middle of the answer, {cuts.Count(static cut => cut.Style.IsReset)} by a reset; {calls.Count} calls, {repeated.Count} of them repeated, {repeated.Count(static call => call.Losses.Count > 1)} more than once");
        run.Report.Say($"  repeated: {string.Join(", ", repeated.GroupBy(static call => call.Mails.Length).OrderBy(static size => size.Key).Select(static size => $"{size.Count()} of {size.Key}"))} jobs");
        run.Report.Demand($"{Losses} answers were lost", cuts.Count == Losses, $"{cuts.Count}");
        run.Report.Demand("each lost answer threw, and nothing else did", lost == cuts.Count, $"{lost}");
        run.Report.DemandNone("what was thrown says that the connection failed", [.. calls.SelectMany(static call => call.Losses).Where(static loss => loss is PostgresException).Select(static loss => loss.Message)]);
        run.Report.DemandNone("each job is stored once", [.. calls.SelectMany(static call => call.Mails).Select(static mail => mail.Key).Where(key => rows[key].Count() != 1)]);
        run.Report.Demand("nothing else is stored", end.Jobs.Count == calls.Sum(static call => call.Mails.Length), $"{end.Jobs.Count}");
        run.Report.DemandNone(
            "an enqueue that was repeated found its jobs, and one that was not made them",
            [.. calls.Where(static call => call.Answers.Any(answer => answer.IsNew == call.Losses.Count > 0)).Select(static call => call.Mails[0].Key)]);
    }

    sealed record Call(Mail[] Mails, IReadOnlyList<EnqueuedJob> Answers, IReadOnlyList<Exception> Losses);
}
