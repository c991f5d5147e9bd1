using System.Globalization;
using Jobs.Testing.Database;
using Jobs.Torture.Checking;
using Jobs.Torture.Work;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Jobs.Torture.Scenarios;

/// <summary>Do many who enqueue a unique job at the same instant make one of it, at both ends of its period?</summary>
/// <remarks>
/// The database's clock stands where it is put, so that a race takes place exactly when a period ends, and another a microsecond before. All
/// race for one prize; those who enqueue many race for others besides, each in an order of his own.
/// </remarks>
sealed record Races : Scenario
{
    const int Racers = 20;
    const int EarlyRacers = 4;
    const string Prize = "prize";

    // Held by a job that is there, and not by one that is gone: whoever waited for it has to see the job that has it now.
    const string UnfinishedPrize = "unfinished";

    static readonly string[] Others = [UnfinishedPrize, "a", "b", "c", "d"];
    static readonly TimeSpan Period = TimeSpan.FromSeconds(RaceWorker.PeriodSeconds);

    public override string Name => "races";

    /// <summary>How many races, each a period after the one before.</summary>
    public required int Rounds { get; init; }

    public override async Task RunAsync(Run run, CancellationToken cancellationToken)
    {
        run.Report.Say($"{Rounds} races of {Racers} for a unique job, just when the period of the one before ends, and of {EarlyRacers} a microsecond before the next: one by one, many, in batches, and in transactions, of which half are rolled back");
        await using var database = await TestDatabase.CreateAsync(cancellationToken);
        await using var observer = new Observer(database.ConnectionString);
        using var host = await Run.StartClientAsync(database.ConnectionString, cancellationToken);
        var client = host.Services.GetRequiredService<JobClient>();
        await ExecuteAsync(observer, StandStillSql, cancellationToken);

        var (wrong, early, rolledBack, met) = (new List<string>(), new List<string>(), 0, 0);
        var now = new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        for (var round = 0; round < Rounds; round++, now += Period)
        {
            await SetClockAsync(observer, now, cancellationToken);
            var racers = Enumerable.Range(0, Racers).Select(racer => Racer.Choose(run.Random, $"{round}-{racer}")).ToList();
            var results = await Task.WhenAll(racers.Select(racer => Task.Run(() => RaceAsync(racer, client, observer, cancellationToken), cancellationToken)));
            var stored = await ReadAsync(observer, now, cancellationToken);
            wrong.AddRange(Wrong(round, racers, results, stored));
            rolledBack += racers.Count(racer => racer.End is End.Rollback);
            met += results.Sum(answers => answers.Values.Count(answer => !answer.IsNew));

            await SetClockAsync(observer, now + Period - TimeSpan.FromMicroseconds(1), cancellationToken);
            var late = Enumerable.Range(0, EarlyRacers).Select(racer => Racer.Choose(run.Random, $"{round}-early-{racer}") with { Prizes = [Prize] }).ToList();
            var refused = await Task.WhenAll(late.Select(racer => Task.Run(() => RaceAsync(racer, client, observer, cancellationToken), cancellationToken)));
            if (refused.Any(answers => answers.GetValueOrDefault(Prize) is { IsNew: true }))
                early.Add($"round {round}");

            if (round % 1_000 == 999)
                run.Report.Say($"  {round + 1} races, {wrong.Count} without one winner, {early.Count} won too early");

            // Every second round the jobs are gone, and their period runs on.
            await ExecuteAsync(observer, $"DELETE FROM jobs.jobs WHERE inserted_at < $1 OR {(round % 2 == 0 ? "true" : "false")}", cancellationToken, now);
        }

        var deadlocks = (long)(await ScalarAsync(observer, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()", cancellationToken))!;
        run.Report.Say($"  {rolledBack} racers were rolled back, and {met} enqueues were told of the job that is there");
        run.Report.Demand("some were rolled back in each tenth race at least", rolledBack >= Rounds / 10, $"{rolledBack}");
        run.Report.DemandNone("each race has one winner, whom all others name", wrong);
        run.Report.DemandNone("nobody wins before the period is over", early);
        run.Report.Demand("nobody waits in a circle", deadlocks == 0, $"{deadlocks} deadlocks");
    }

    static IEnumerable<string> Wrong(int round, List<Racer> racers, Dictionary<string, EnqueuedJob>[] results, ILookup<string, long> stored)
    {
        foreach (var prize in Others.Prepend(Prize))
        {
            var answers = racers.Zip(results).Where(pair => pair.First.End is not End.Rollback && pair.Second.ContainsKey(prize)).Select(pair => pair.Second[prize]).ToList();
            var hasMember = racers.Any(racer => racer is { Kind: Kind.Batch } && racer.Prizes.Contains(prize));
            if (answers.Count == 0 && !hasMember)
                continue;
            var jobs = stored[prize].ToList();
            if (jobs.Count != 1)
                yield return $"round {round}: {jobs.Count} jobs {prize}";
            else if (answers.Any(answer => answer.Id != jobs[0]))
                yield return $"round {round}: an answer names another job {prize} than the one that is there";
            else if (answers.Count(answer => answer.IsNew) > 1 || (!hasMember && answers.All(answer => !answer.IsNew)))
                yield return $"round {round}: {answers.Count(answer => answer.IsNew)} have won the job {prize}";
        }
    }

    static async Task<Dictionary<string, EnqueuedJob>> RaceAsync(Racer racer, JobClient client, Observer observer, CancellationToken cancellationToken)
    {
        var jobs = racer.Prizes.Select(Job).ToList();
        switch (racer.Kind)
        {
            case Kind.One:
                return new() { [racer.Prizes[0]] = await client.EnqueueAsync(jobs[0], cancellationToken) };
            case Kind.Many:
                return Answers(await client.EnqueueManyAsync(jobs, cancellationToken));
            case Kind.Batch:
                await client.EnqueueBatchAsync(racer.Id, jobs, cancellationToken: cancellationToken);
                return [];
            default:
                await using (var connection = await observer.DataSource.OpenConnectionAsync(cancellationToken))
                await using (var transaction = await connection.BeginTransactionAsync(cancellationToken))
                {
                    var answers = racer.Kind is Kind.OneInTransaction
                        ? new() { [racer.Prizes[0]] = await client.EnqueueAsync(jobs[0], transaction, cancellationToken) }
                        : Answers(await client.EnqueueManyAsync(jobs, options => options.Transaction = transaction, cancellationToken));
                    await Task.Yield();
                    if (racer.End is End.Rollback)
                        await transaction.RollbackAsync(cancellationToken);
                    else
                        await transaction.CommitAsync(cancellationToken);
                    return answers;
                }
        }

        Dictionary<string, EnqueuedJob> Answers(IReadOnlyList<EnqueuedJob> enqueued) =>
            racer.Prizes.Zip(enqueued).ToDictionary(static pair => pair.First, static pair => pair.Second);
    }

    static NewJob Job(string prize)
    {
        var job = RaceWorker.New(new Prize(prize));
        return prize is UnfinishedPrize ? job with { Unique = job.Unique! with { States = UniqueStates.Unfinished } } : job;
    }

    // The clock

    const string StandStillSql = """
        CREATE TABLE public.race_clock (at timestamptz NOT NULL);
        INSERT INTO public.race_clock VALUES (now());
        CREATE OR REPLACE FUNCTION jobs.clock() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS 'SELECT at FROM public.race_clock';
        """;

    static Task SetClockAsync(Observer observer, DateTime now, CancellationToken cancellationToken) =>
        ExecuteAsync(observer, "UPDATE public.race_clock SET at = $1", cancellationToken, now);

    static async Task<ILookup<string, long>> ReadAsync(Observer observer, DateTime now, CancellationToken cancellationToken)
    {
        await using var command = observer.DataSource.CreateCommand("SELECT args ->> 'name', id FROM jobs.jobs WHERE inserted_at = $1");
        command.Parameters.AddWithValue(now);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var jobs = new List<(string Prize, long Id)>();
        while (await reader.ReadAsync(cancellationToken))
            jobs.Add((reader.GetString(0), reader.GetInt64(1)));
        return jobs.ToLookup(static job => job.Prize, static job => job.Id);
    }

    static async Task ExecuteAsync(Observer observer, string sql, CancellationToken cancellationToken, DateTime? parameter = null)
    {
        await using var command = observer.DataSource.CreateCommand(sql);
        if (parameter is { } value)
            command.Parameters.AddWithValue(value);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    static async Task<object?> ScalarAsync(Observer observer, string sql, CancellationToken cancellationToken)
    {
        await using var command = observer.DataSource.CreateCommand(sql);
        return await command.ExecuteScalarAsync(cancellationToken);
    }

    enum Kind
    {
        One,
        Many,
        Batch,
        OneInTransaction,
        ManyInTransaction,
    }

    enum End
    {
        Commit,
        Rollback,
    }

    /// <summary>One who enqueues.</summary>
    /// <param name="Id">His name, and that of his batch.</param>
    /// <param name="Kind">How he does it.</param>
    /// <param name="Prizes">What he enqueues, in this order.</param>
    /// <param name="End">What becomes of his transaction.</param>
    sealed record Racer(string Id, Kind Kind, IReadOnlyList<string> Prizes, End End)
    {
        public static Racer Choose(Random random, string id)
        {
            var kind = (Kind)random.Next(5);
            var prizes = Others.Append(Prize).ToArray();
            random.Shuffle(prizes);
            return new Racer(
                string.Create(CultureInfo.InvariantCulture, $"race-{id}"),
                kind,
                kind is Kind.One or Kind.OneInTransaction ? [random.Next(2) == 0 ? Prize : UnfinishedPrize] : prizes,
                kind is Kind.OneInTransaction or Kind.ManyInTransaction && random.Next(2) == 0 ? End.Rollback : End.Commit);
        }
    }
}
