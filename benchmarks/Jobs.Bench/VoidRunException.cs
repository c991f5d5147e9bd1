namespace Jobs.Bench;

/// <summary>A run that did not go as its workload has it, which the next one may: a disk that stalls has nodes give back what they have claimed ahead.</summary>
sealed class VoidRunException(string message) : BenchException(message);
