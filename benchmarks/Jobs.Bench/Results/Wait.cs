namespace Jobs.Bench.Results;

/// <summary>How long the jobs of one kind waited among others, from when they were due to the first line of their perform method.</summary>
sealed record Wait(string Kind, int Jobs, Percentiles Milliseconds);
