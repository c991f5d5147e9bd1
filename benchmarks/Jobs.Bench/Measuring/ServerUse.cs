namespace Jobs.Bench.Measuring;

/// <summary>What a server has used up to a moment, or between two.</summary>
/// <param name="WalBytes">How much WAL it has written.</param>
/// <param name="Cpu">The CPU time of all its processes; unknown if the server is not on this machine, or the machine is no Linux.</param>
readonly record struct ServerUse(long WalBytes, TimeSpan? Cpu)
{
    public static ServerUse operator -(ServerUse later, ServerUse earlier) => new(later.WalBytes - earlier.WalBytes, later.Cpu - earlier.Cpu);
}
