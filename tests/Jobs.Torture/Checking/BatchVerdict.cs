namespace Jobs.Torture.Checking;

/// <summary>What a run did to its batches: to each member, and to each of the six callbacks.</summary>
sealed record BatchVerdict
{
    public required long Members { get; init; }

    public required int Batches { get; init; }

    /// <summary>Callbacks that ran, by kind.</summary>
    public required IReadOnlyDictionary<string, int> Told { get; init; }

    /// <summary>Members that are gone though nobody deleted them, have not ended, or are completed and never came to their end.</summary>
    public required IReadOnlyList<string> Lost { get; init; }

    /// <summary>What runs or is stored, and nobody asked for; or is stored twice, or in another batch.</summary>
    public required IReadOnlyList<string> Unexpected { get; init; }

    /// <summary>Run once more than they had to.</summary>
    public required IReadOnlyList<string> Doubled { get; init; }

    /// <summary>Run once more than they had to, though nothing had happened to their node.</summary>
    public required IReadOnlyList<string> DoubledWithoutCause { get; init; }

    /// <summary>Members that ended otherwise than they should by themselves, though nobody had cancelled them and no node had died of them.</summary>
    public required IReadOnlyList<string> Misled { get; init; }

    /// <summary>What happened, and was not told, or not to the end.</summary>
    public required IReadOnlyList<string> CallbacksMissed { get; init; }

    /// <summary>What was told before it was so, or never was.</summary>
    public required IReadOnlyList<string> CallbacksEarly { get; init; }

    /// <summary>What was told twice.</summary>
    public required IReadOnlyList<string> CallbacksDoubled { get; init; }

    /// <summary>Last callbacks that tell other counts than their batch ended with.</summary>
    public required IReadOnlyList<string> Miscounted { get; init; }

    public required IReadOnlyList<string> BrokenInvariants { get; init; }

    public static BatchVerdict Of(BatchEvidence evidence)
    {
        var chronicle = new Chronicle(evidence.Journal, evidence.Plan.Jobs, evidence.Slow);
        var members = new MembersVerdict(evidence, chronicle);
        var callbacks = new CallbacksVerdict(evidence, chronicle);
        return new BatchVerdict
        {
            Members = evidence.Plan.Jobs,
            Batches = evidence.Tables.Batches.Count,
            Told = callbacks.Told,
            Lost = members.Lost,
            Unexpected = members.Unexpected,
            Doubled = members.Doubled,
            DoubledWithoutCause = members.DoubledWithoutCause,
            Misled = members.Misled,
            CallbacksMissed = callbacks.Missed,
            CallbacksEarly = callbacks.Early,
            CallbacksDoubled = callbacks.Doubled,
            Miscounted = callbacks.Miscounted,
            BrokenInvariants = BatchInvariants.FindBroken(evidence.Tables),
        };
    }
}
