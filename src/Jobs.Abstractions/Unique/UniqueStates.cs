namespace Jobs;

/// <summary>The states in which a unique job stands in the way of an equal one.</summary>
public enum UniqueStates
{
    /// <summary>Until it is cancelled or discarded: while it waits and runs, and when it is completed.</summary>
    Successful,

    /// <summary>While it waits and runs.</summary>
    Unfinished,

    /// <summary>Whatever became of it.</summary>
    All,
}
