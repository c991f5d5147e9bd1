using System.ComponentModel;
using System.Text.Json;
using Jobs.Generated;

namespace Jobs;

/// <summary>Which jobs are meant. A job must meet every condition that is set; one that is <see langword="null"/> asks for nothing.</summary>
/// <remarks>
/// <para>
/// Immutable: <c>BatchEmailWorker.Where(email: "ada@example.com") with { States = [JobState.Scheduled] }</c> is another filter. An empty list is a
/// condition that no job meets, so that a list which turns out empty never means all jobs.
/// </para>
/// <para>
/// The table has indexes for jobs that wait or run, for those that have ended, by the time of their end, for the members of a batch, and by id.
/// Other conditions are looked for along these; an index of your own (<c>USING gin (args jsonb_path_ops)</c>, <c>USING gin (tags)</c>) serves <c>Where</c> and tags.
/// </para>
/// </remarks>
public sealed record JobFilter
{
    /// <summary>Every job. Changes refuse a filter without any condition unless it is this one.</summary>
    public static JobFilter All { get; } = new() { MeansAll = true };

    /// <summary>Every job of a worker, also those stored under its former names.</summary>
    /// <typeparam name="TWorker">A class marked <see cref="WorkerAttribute"/>.</typeparam>
    public static JobFilter Of<TWorker>()
        where TWorker : IGeneratedWorker => new() { Workers = NamesOf(TWorker.Definition) };

    /// <summary>The jobs of a worker whose args contain what <paramref name="write"/> writes. Called by the generated <c>Where</c>.</summary>
    /// <param name="worker">The worker.</param>
    /// <param name="write">Writes properties into an object; none, if any args will do.</param>
    /// <exception cref="InvalidArgsException">A value is one that no args can hold.</exception>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public static JobFilter Create(WorkerDefinition worker, Action<Utf8JsonWriter> write)
    {
        ArgumentNullException.ThrowIfNull(worker);
        ArgumentNullException.ThrowIfNull(write);
        var args = ArgsBuffer.Write(write, static (json, write) =>
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        });
        return new JobFilter { Workers = NamesOf(worker), Args = args is [(byte)'{', (byte)'}'] ? default(ReadOnlyMemory<byte>?) : args };
    }

    /// <summary>The states, any of which a job is in.</summary>
    public IReadOnlyCollection<JobState>? States { get; init => field = Copied(value); }

    /// <summary>The queues, any of which a job is in.</summary>
    /// <exception cref="ArgumentException">PostgreSQL can store no such name: it holds a NUL or half of a surrogate pair. So with all texts here.</exception>
    public IReadOnlyCollection<string>? Queues { get; init => field = Storable(value); }

    /// <summary>The names of the workers, any of which a job has, as they are stored.</summary>
    public IReadOnlyCollection<string>? Workers { get; init => field = Storable(value); }

    /// <summary>The id of the batch whose member a job is. A batch's callback is no member of it.</summary>
    public string? Batch { get; init => field = value is null ? null : Storable([value])!.First(); }

    /// <summary>Tags, all of which a job has.</summary>
    public IReadOnlyCollection<string>? AllTags { get; init => field = Storable(value); }

    /// <summary>Tags, any of which a job has.</summary>
    public IReadOnlyCollection<string>? AnyTags { get; init => field = Storable(value); }

    /// <summary>The ids, any of which a job has.</summary>
    public IReadOnlyCollection<long>? Ids { get; init => field = Copied(value); }

    /// <summary>The earliest instant at which a job was enqueued.</summary>
    public DateTimeOffset? InsertedFrom { get; init; }

    /// <summary>The instant before which a job was enqueued.</summary>
    public DateTimeOffset? InsertedBefore { get; init; }

    /// <summary>The earliest instant at which a job ended. One that has not ended does not meet it.</summary>
    public DateTimeOffset? FinishedFrom { get; init; }

    /// <summary>The instant before which a job ended. One that has not ended does not meet it.</summary>
    public DateTimeOffset? FinishedBefore { get; init; }

    /// <summary>A JSON object that the args contain, in the sense of PostgreSQL's <c>@&gt;</c>.</summary>
    internal ReadOnlyMemory<byte>? Args { get; init; }

    bool MeansAll { get; init; }

    internal static IReadOnlyCollection<string> NamesOf(WorkerDefinition worker) => [worker.Name, .. worker.Aliases];

    /// <exception cref="ArgumentException">The filter has no condition, and is not <see cref="All"/>.</exception>
    internal void RefuseToMeanAllByAccident()
    {
        if (!MeansAll && this == new JobFilter())
            throw new ArgumentException("The filter has no condition, so it would change every job. If that is meant, say JobFilter.All.");
    }

    static T[]? Copied<T>(IReadOnlyCollection<T>? values) => values is null ? null : [.. values];

    static string[]? Storable(IReadOnlyCollection<string>? texts)
    {
        foreach (var text in texts ?? [])
        {
            ArgumentNullException.ThrowIfNull(text);
            if (!StorableText.IsStorable(text))
                throw new ArgumentException("A text in the filter holds a NUL character or half of a surrogate pair, which PostgreSQL cannot store.", nameof(texts));
        }

        return Copied(texts);
    }
}
