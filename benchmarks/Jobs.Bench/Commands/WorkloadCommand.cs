using System.CommandLine;

namespace Jobs.Bench.Commands;

/// <summary>A workload on the command line: what it is called, its options, and what is measured beside what.</summary>
abstract class WorkloadCommand(string name, string description) : Command(name, description)
{
    /// <summary>Runs the workload, and prints what came of it.</summary>
    public abstract Task RunAsync(ParseResult parsed, Session session, CancellationToken cancellationToken);
}
