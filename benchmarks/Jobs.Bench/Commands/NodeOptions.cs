using System.CommandLine;
using Jobs.Bench.Nodes;

namespace Jobs.Bench.Commands;

/// <summary>On what the jobs run.</summary>
sealed class NodeOptions
{
    readonly Option<int[]> _nodes = Numbers.Several("--nodes", 64, [1], "How many nodes work the jobs, each a process of its own. Several numbers are measured in turns.");
    readonly Option<int[]> _concurrency = Numbers.Several("--concurrency", 10_000, [100], "How many jobs each node runs at once. Several numbers are measured in turns.");
    readonly RuntimeOptions _runtimes = new();

    public void AddTo(Command command)
    {
        command.Add(_nodes);
        command.Add(_concurrency);
        _runtimes.AddTo(command);
    }

    /// <summary>Every combination that is asked for.</summary>
    public IReadOnlyList<NodeSettings> Read(ParseResult parsed) =>
    [
        .. from program in _runtimes.Read(parsed, byDefault: [NodeProgram.Jit])
           from concurrency in parsed.GetRequiredValue(_concurrency)
           from nodes in parsed.GetRequiredValue(_nodes)
           select new NodeSettings(program, nodes, concurrency),
    ];
}
