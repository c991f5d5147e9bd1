namespace Jobs.Bench;

/// <summary>A run that cannot be made, or whose figures would mean nothing. The message is for the person who asked for it.</summary>
class BenchException(string message) : Exception(message);
