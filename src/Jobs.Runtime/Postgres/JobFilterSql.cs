using Npgsql;
using NpgsqlTypes;

namespace Jobs.Postgres;

/// <summary>A filter as a condition on the jobs "j".</summary>
/// <remarks>
/// Written out for each filter, and not one text with "$1 IS NULL OR …": the planner uses a partial index only where it sees the states, and
/// none at all for a condition that it may have to leave out.
/// </remarks>
static class JobFilterSql
{
    // The members of a batch that wait and those that have ended have an index each, by batch and id; those that execute are few, and are in that of all
    // jobs that do.
    static readonly IReadOnlyList<IReadOnlyList<JobState>> Stages =
    [
        [JobState.Scheduled, JobState.Available, JobState.Retryable],
        [JobState.Completed, JobState.Cancelled, JobState.Discarded],
        [JobState.Executing],
    ];

    /// <summary><paramref name="filter"/> as one condition for each index that holds what it means.</summary>
    /// <param name="filter">The filter.</param>
    /// <param name="condition">Its condition: <see cref="Where"/>.</param>
    public static IReadOnlyList<string> OfEachIndex(JobFilter filter, string condition) =>
        StagesOf(filter) is { Count: > 1 } stages ? [.. stages.Select(states => $"{condition} AND {In(states)}")] : [condition];

    static List<IReadOnlyList<JobState>> StagesOf(JobFilter filter) =>
        filter is not { Batch: not null, Ids: null } ? []
        : filter.States is not { } wanted ? [.. Stages]
        : [.. Stages.Select(stage => stage.Where(wanted.Contains).ToList()).Where(static stage => stage.Count > 0)];

    /// <summary>The condition of <paramref name="filter"/>, its values bound behind the parameters that are there.</summary>
    public static string Where(JobFilter filter, NpgsqlParameterCollection parameters)
    {
        var conditions = new List<string>();
        if (filter.States is { } states)
            conditions.Add(In(states));
        if (filter.Ids is { } ids)
            conditions.Add($"j.id = ANY ({Array([.. ids], NpgsqlDbType.Bigint)})");
        if (filter.Queues is { } queues)
            conditions.Add($"j.queue = ANY ({Texts(queues)})");
        if (filter.Workers is { } workers)
            conditions.Add($"j.worker = ANY ({Texts(workers)})");
        if (filter.Batch is { } batch)
            conditions.Add($"j.batch = (SELECT b.key FROM :schema.batches AS b WHERE b.id = {Value(batch, NpgsqlDbType.Text)})");
        if (filter.AllTags is { } all)
            conditions.Add($"j.tags @> {Texts(all)}");
        if (filter.AnyTags is { } any)
            conditions.Add($"j.tags && {Texts(any)}");
        if (filter.Args is { } args)
            conditions.Add($"j.args @> {Value(args, NpgsqlDbType.Text)}::jsonb");
        if (filter.InsertedFrom is { } insertedFrom)
            conditions.Add($"j.inserted_at >= {Instant(insertedFrom)}");
        if (filter.InsertedBefore is { } insertedBefore)
            conditions.Add($"j.inserted_at < {Instant(insertedBefore)}");
        if (filter.FinishedFrom is { } finishedFrom)
            conditions.Add($"j.finished_at >= {Instant(finishedFrom)}");
        if (filter.FinishedBefore is { } finishedBefore)
            conditions.Add($"j.finished_at < {Instant(finishedBefore)}");
        return conditions.Count == 0 ? "true" : string.Join(" AND ", conditions);

        string Value<T>(T value, NpgsqlDbType type)
        {
            parameters.Bind(value, type);
            return $"${parameters.Count}";
        }

        string Array<T>(T[] values, NpgsqlDbType elementType)
        {
            parameters.BindArray(values, elementType);
            return $"${parameters.Count}";
        }

        string Texts(IReadOnlyCollection<string> texts) => Array([.. texts], NpgsqlDbType.Text);

        string Instant(DateTimeOffset instant) => Value(instant.UtcDateTime, NpgsqlDbType.TimestampTz);
    }

    // That what has ended has an end is nothing new to the table, but to the planner: the index of it has only such rows.
    static string In(IReadOnlyCollection<JobState> states) => states.Count == 0
        ? "false"
        : $"j.state IN ({string.Join(", ", states.Select(state => $"'{JobStates.ToSql(state)}'"))})" +
            (states.All(state => state is JobState.Completed or JobState.Cancelled or JobState.Discarded) ? " AND j.finished_at IS NOT NULL" : "");
}
