using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Jobs.Bench.Workloads;

/// <summary>Whether jobs are unique, and what they meet.</summary>
enum Equality
{
    /// <summary>Their worker is not unique.</summary>
    Ignored,

    /// <summary>They are unique, and no equal one is stored.</summary>
    Fresh,

    /// <summary>They are unique, and for each an equal one is stored, so that nothing comes of them.</summary>
    Stored,
}

/// <summary>Jobs that are enqueued while the clock runs, after some for the warm-up.</summary>
sealed record JobsToEnqueue(int Count, Equality Equality = Equality.Ignored)
{
    /// <summary>The numbers of those before the clock starts.</summary>
    public static Range WarmUp => 0..2_000;

    /// <summary>The numbers of those that are measured.</summary>
    public Range Measured => WarmUp.End.Value..(WarmUp.End.Value + Count);

    /// <summary>What is in the database before.</summary>
    public string Content => Equality == Equality.Stored ? string.Create(CultureInfo.InvariantCulture, $"_unique_{Count}") : EmptyTables.Content;

    public NewJob Make(int number) => Equality == Equality.Ignored ? NoOpWorker.New(new NoOp(number)) : UniqueWorker.New(new NoOp(number));

    public IEnumerable<NewJob> Make(Range numbers) => Enumerable.Range(numbers.Start.Value, numbers.End.Value - numbers.Start.Value).Select(Make);

    /// <summary>Stores all of them, for runs that meet them.</summary>
    public async Task StoreAsync(string connectionString, CancellationToken cancellationToken)
    {
        using var host = BenchHost.BuildClient(connectionString);
        await host.StartAsync(cancellationToken);
        await host.Services.GetRequiredService<JobClient>().EnqueueManyAsync(Make(WarmUp.Start..Measured.End), cancellationToken);
        await host.StopAsync(cancellationToken);
    }

    /// <summary>Throws unless each is stored, once, and each call was told the truth.</summary>
    public async Task ThrowUnlessStoredAsync(string database, int saidToBeNew, CancellationToken cancellationToken)
    {
        var rows = await Look.ForJobsAsync(database, cancellationToken);
        if (rows != Measured.End.Value)
            throw new BenchException($"There are {rows} rows of {Measured.End.Value} jobs, so the time means nothing.");
        if (saidToBeNew != (Equality == Equality.Stored ? 0 : Count))
            throw new BenchException($"Of {Count} jobs {saidToBeNew} were said to be new, so the time means nothing.");
    }
}
