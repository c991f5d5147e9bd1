using System.CommandLine;
using Jobs.Bench.Nodes;

namespace Jobs.Bench.Commands;

/// <summary>Which of the two programs is meant, or both.</summary>
sealed class RuntimeOptions
{
    readonly Option<bool> _jit = new("--jit") { Description = "Nodes under the JIT compiler." };
    readonly Option<bool> _native = new("--native") { Description = "Nodes published with NativeAOT. With --jit, both are measured in turns." };

    public void AddTo(Command command)
    {
        command.Add(_jit);
        command.Add(_native);
    }

    public IReadOnlyList<NodeProgram> Read(ParseResult parsed, IReadOnlyList<NodeProgram> byDefault) => (parsed.GetValue(_jit), parsed.GetValue(_native)) switch
    {
        (false, false) => byDefault,
        (true, false) => [NodeProgram.Jit],
        (false, true) => [NodeProgram.Native],
        (true, true) => [NodeProgram.Jit, NodeProgram.Native],
    };
}
