namespace Jobs.Bench;

/// <summary>A run that cannot be made, or whose figures would mean nothing. The message is for the person who asked for it.</summary>
class BenchException(string message) : Exception(message);

/// <summary>A run that did not go as its workload has it, which the next one may: a disk that stalls has nodes give back what they have claimed ahead.</summary>
sealed class VoidRunException(string message) : BenchException(message);

