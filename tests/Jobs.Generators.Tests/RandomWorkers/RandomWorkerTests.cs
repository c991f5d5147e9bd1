using System.Globalization;
using CsCheck;

namespace Jobs.Generators.Tests.RandomWorkers;

/// <summary>Whatever can be stored can be run: random workers, their jobs, and an oracle that shares no code with the generator.</summary>
public class RandomWorkerTests(ITestOutputHelper output)
{
    const int WorkersPerProgram = 50;
    const int MostShrinking = 100;
    const int MostShown = 10;

    /// <summary>Other values make other workers: the seed's are the same in each run.</summary>
    static readonly uint Seed = Setting("JOBS_RANDOM_SEED", 1);

    static readonly int Workers = (int)Setting("JOBS_RANDOM_WORKERS", 2000);

    [Fact]
    public async Task Random_workers_perform_whatever_they_store_by_the_right_method_with_the_same_value_or_are_rejected_for_a_real_clash()
    {
        var samples = Make().Take(Workers).ToArray();
        var verdicts = new Trial.Verdict[samples.Length];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, samples.Length).Chunk(WorkersPerProgram),
            TestContext.Current.CancellationToken,
            async (places, _) =>
            {
                var judged = await Trial.OfAsync([.. places.Select(place => samples[place].Worker)]);
                for (var i = 0; i < places.Length; i++)
                    verdicts[places[i]] = judged[i];
            });

        Report(samples, verdicts);
        var failed = Array.FindIndex(verdicts, verdict => verdict.Failure is not null);
        if (failed >= 0)
            await ShrinkAsync(samples[failed].Seed, verdicts[failed].Failure!);
        Assert.InRange(verdicts.Count(verdict => verdict.Rejections.Count > 0), Workers / 4, Workers * 3 / 4);
    }

    static IEnumerable<(string Seed, RandomWorker Worker)> Make()
    {
        var random = new PCG(Seed, 0);
        while (true)
        {
            var seed = random.ToString(random.State);
            yield return (seed, RandomWorkerGen.Worker.Generate(random, null, out _));
        }
    }

    void Report((string Seed, RandomWorker Worker)[] samples, Trial.Verdict[] verdicts)
    {
        var rejected = verdicts.Where(verdict => verdict.Rejections.Count > 0).ToList();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{verdicts.Length} workers, {verdicts.Count(verdict => verdict.Failure is not null)} failures: {verdicts.Length - rejected.Count} compiled and ran {verdicts.Sum(verdict => verdict.Jobs)} jobs, {rejected.Count} were rejected."));
        foreach (var same in rejected.SelectMany(verdict => verdict.Rejections.Select(rejection => rejection.Id).Distinct(StringComparer.Ordinal)).GroupBy(id => id, StringComparer.Ordinal).OrderBy(same => same.Key, StringComparer.Ordinal))
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{same.Key}: {same.Count()} workers"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Of the rejected, {rejected.Count(verdict => verdict.Unreachable > 0)} have a record that nothing would reach."));
        foreach (var (sample, verdict) in samples.Zip(verdicts).Where(pair => pair.Second.Failure is not null).Take(MostShown))
            output.WriteLine($"{sample.Seed}: {verdict.Failure}\n{WorkerSource.Shown(sample.Worker)}");
    }

    /// <summary>Finds a simpler worker that fails too, and fails with it.</summary>
    static async Task ShrinkAsync(string seed, string failure)
    {
        await RandomWorkerGen.Worker.SampleAsync(
            static async worker =>
            {
                if ((await Trial.OfAsync([worker])).Single().Failure is { } failure)
                    Assert.Fail(failure);
            },
            seed: seed,
            iter: MostShrinking,
            threads: 1,
            print: WorkerSource.Shown);
        Assert.Fail($"A worker fails only beside others, from the seed {seed}: {failure}");
    }

    static uint Setting(string name, uint usual) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? uint.Parse(text, CultureInfo.InvariantCulture) : usual;
}
