using System.CommandLine;
using Jobs.Bench.Nodes;
using Jobs.Bench.Workloads;

namespace Jobs.Bench.Commands;

sealed class IdleCommand : WorkloadCommand
{
    readonly Option<int> _seconds = Numbers.One("--seconds", 3_600, 30, "How long the node has nothing to do.");
    readonly RuntimeOptions _runtimes = new();

    public IdleCommand()
        : base("idle", "The memory, the CPU time and the statements of a node that has nothing to do, under the JIT compiler and with NativeAOT.")
    {
        Add(_seconds);
        _runtimes.AddTo(this);
    }

    public override async Task RunAsync(ParseResult parsed, Session session, CancellationToken cancellationToken)
    {
        await session.FillAsync(Idle.Before, cancellationToken);
        await session.RunInTurnsAsync(
            [
                .. _runtimes.Read(parsed, byDefault: [NodeProgram.Jit, NodeProgram.Native])
                    .Select(program => new Idle(session.Server, program, TimeSpan.FromSeconds(parsed.GetValue(_seconds)))),
            ],
            cancellationToken);
    }
}
