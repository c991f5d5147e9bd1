namespace Jobs.Torture.Checking;

/// <summary>What a run told of its batches, against what happened in them.</summary>
sealed class CallbacksVerdict
{
    static readonly string[] Kinds = ["complete", "succeeded", "attempted", "discarded", "cancelled", "retryable"];

    readonly BatchEvidence _evidence;
    readonly Chronicle _chronicle;
    readonly ILookup<long, MemberRow> _members;
    readonly ILookup<long, MemberEvent> _events;
    readonly ILookup<long, CountedBatch> _children;
    readonly ILookup<(long Batch, string Kind), CallbackRow> _callbacks;
    readonly Dictionary<long, DateTime> _firstEvents;

    public CallbacksVerdict(BatchEvidence evidence, Chronicle chronicle)
    {
        _evidence = evidence;
        _chronicle = chronicle;
        _members = evidence.Tables.Members.ToLookup(static member => member.Batch);
        _events = evidence.Tables.Events.ToLookup(static happened => happened.Batch);
        _children = evidence.Tables.Batches.Where(static batch => batch.Parent is not null).ToLookup(static batch => batch.Parent!.Value);
        _callbacks = evidence.Tables.Callbacks.ToLookup(static callback => (callback.Batch, callback.Kind));
        _firstEvents = evidence.Tables.Events.GroupBy(static happened => happened.Job).ToDictionary(static job => job.Key, static job => job.Min(happened => happened.At));
        foreach (var batch in evidence.Tables.Batches)
            foreach (var kind in Kinds)
                Judge(batch, kind);
        foreach (var batch in evidence.Plan.Batches.Keys.Except(evidence.Tables.Batches.Select(static batch => batch.Id)))
            Missed.Add($"{batch}, which is not there");
    }

    /// <summary>How many ran, by kind.</summary>
    public Dictionary<string, int> Told { get; } = Kinds.ToDictionary(static kind => kind, static _ => 0);

    public List<string> Missed { get; } = [];

    public List<string> Early { get; } = [];

    public List<string> Doubled { get; } = [];

    public List<string> Miscounted { get; } = [];

    void Judge(CountedBatch batch, string kind)
    {
        var name = $"{kind} of {batch.Id}";
        var rows = _callbacks[(batch.Key, kind)].ToList();
        var (times, first) = _chronicle.Told(kind, batch.Id);
        var since = Since(batch, kind);
        if (times > 0)
            Told[kind]++;
        if (since is null ? kind is "complete" : times == 0 || rows.Any(static row => row.State != "completed"))
            Missed.Add(name);
        if ((rows.Count > 0 || times > 0) && (since is null || first < since))
            Early.Add(name);
        if (rows.Count > 1 || (times > 1 && rows.All(row => !HasCause(row.Id))))
            Doubled.Add(name);
        if (kind == "complete" && rows.Any(row => (row.Total, row.Completed, row.Cancelled, row.Discarded) != (batch.Total, batch.Completed, batch.Cancelled, batch.Discarded)))
            Miscounted.Add(name);
    }

    bool HasCause(long job) => _evidence.InFlight.Contains(job) || _chronicle.OnSlowNodes.Contains(job);

    /// <summary>When at the earliest that came about of which a callback tells; <see langword="null"/> if it never did.</summary>
    DateTime? Since(CountedBatch batch, string kind) => kind switch
    {
        "complete" => batch.IsClosed ? EndOf(batch) : null,
        "succeeded" => batch.IsClosed && HasSucceeded(batch) ? EndOf(batch) : null,
        "attempted" => batch.IsClosed ? AttemptsOf(batch) : null,
        _ => FirstOf(batch, kind),
    };

    // Not by the counters: they are what decided to tell.
    bool HasSucceeded(CountedBatch batch) =>
        _members[batch.Key].All(static member => member.State == "completed")
        && _events[batch.Key].Where(static happened => happened.IsGone).All(static gone => gone.CountedAs == "completed")
        && _children[batch.Key].All(static child => child.End == "completed");

    /// <summary>When the last member had ended, by its row, by the journals, and by what was noted of it.</summary>
    DateTime EndOf(CountedBatch batch)
    {
        var end = DateTime.MinValue;
        foreach (var member in _members[batch.Key])
        {
            var lines = _chronicle.Of(member.Number);
            var isDone = member.State == "completed" ? lines.FirstEnd : member.FinishedAt ?? DateTime.MaxValue;
            end = Latest(end, isDone, member.FinishedAt ?? DateTime.MaxValue, HasCause(member.Id) ? DateTime.MinValue : lines.LastStart);
        }

        foreach (var gone in _events[batch.Key])
            if (gone.What == "deleted" && gone.State is not ("completed" or "cancelled" or "discarded"))
                end = Latest(end, gone.At);
        foreach (var child in _children[batch.Key])
            end = Latest(end, child.ClosedAt ?? DateTime.MaxValue);
        return end;
    }

    /// <summary>When the last member had come to the end of an attempt, or to its own.</summary>
    DateTime AttemptsOf(CountedBatch batch)
    {
        var end = DateTime.MinValue;
        foreach (var member in _members[batch.Key])
        {
            var noted = _firstEvents.TryGetValue(member.Id, out var at) ? at : DateTime.MaxValue;
            var ended = _chronicle.Of(member.Number).FirstEnd;
            end = Latest(end, noted < ended ? noted : ended);
        }

        foreach (var child in _children[batch.Key])
            end = Latest(end, child.ClosedAt ?? DateTime.MaxValue);
        return end;
    }

    /// <summary>When the first member failed, was cancelled or was discarded, or a batch ended so that is in this one.</summary>
    DateTime? FirstOf(CountedBatch batch, string kind)
    {
        DateTime? first = null;
        foreach (var happened in _events[batch.Key])
            if (happened.What == kind || (kind == "cancelled" && happened is { What: "deleted", State: not ("completed" or "cancelled" or "discarded") }))
                first = first < happened.At ? first : happened.At;
        foreach (var child in _children[batch.Key])
            if (child.End == kind && child.ClosedAt is { } closed)
                first = first < closed ? first : closed;
        return first;
    }

    static DateTime Latest(params ReadOnlySpan<DateTime> times)
    {
        var latest = times[0];
        foreach (var time in times)
            latest = time > latest ? time : latest;
        return latest;
    }
}
