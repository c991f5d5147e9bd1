using System.CommandLine;
using Jobs.Bench.Nodes;
using Jobs.Bench.Workloads;

namespace Jobs.Bench.Commands;

sealed class StartupCommand : WorkloadCommand
{
    readonly Option<int> _starts = Numbers.One("--starts", 10_000, 20, "How often a node is started in a run.");
    readonly RuntimeOptions _runtimes = new();

    public StartupCommand()
        : base("startup", "From the start of a node's process to the first line of its first job, under the JIT compiler and with NativeAOT.")
    {
        Add(_starts);
        _runtimes.AddTo(this);
    }

    public override async Task RunAsync(ParseResult parsed, Session session, CancellationToken cancellationToken)
    {
        await session.FillEmptyAsync(cancellationToken);
        await session.RunInTurnsAsync(
            [.. _runtimes.Read(parsed, byDefault: [NodeProgram.Jit, NodeProgram.Native]).Select(program => new Startup(session.Server, program, parsed.GetValue(_starts)))],
            cancellationToken);
    }
}
