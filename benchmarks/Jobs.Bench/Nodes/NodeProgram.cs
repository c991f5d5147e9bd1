using System.Diagnostics;

namespace Jobs.Bench.Nodes;

/// <summary>A program that works jobs as benchmarks/README.md has it: it says on its output what happens, and ends with its input.</summary>
/// <param name="Runtime">What it runs on, for people and the file.</param>
/// <param name="FindPath">Where it is.</param>
sealed record NodeProgram(string Runtime, Func<string> FindPath)
{
    const string NativeVariable = "JOBS_BENCH_NATIVE_NODE";

    /// <summary>The node of Jobs under the JIT compiler, which is built along with this program.</summary>
    public static NodeProgram Jit { get; } = new("JIT", static () => System.IO.Path.Combine(AppContext.BaseDirectory, "Jobs.Bench.Node"));

    /// <summary>The same, published with NativeAOT.</summary>
    public static NodeProgram Native { get; } = new("NativeAOT", static () =>
        Environment.GetEnvironmentVariable(NativeVariable) is { Length: > 0 } path
            ? path
            : throw new BenchException($"Where the native node is has to stand in the variable {NativeVariable}. ./bench in the root publishes it."));

    /// <exception cref="BenchException">Nobody has said where it is.</exception>
    public string Path => FindPath();

    /// <summary>How its process is started, for a connection string of the database, where it takes more than that in the variable of Jobs' own node.</summary>
    public Func<string, ProcessStartInfo>? Start { get; init; }

    public ProcessStartInfo Describe(string database)
    {
        if (Start is not null)
            return Start(database);
        var start = new ProcessStartInfo(Path);
        start.Environment["ConnectionStrings__Jobs"] = database;
        return start;
    }

    /// <summary>How large it is, where one file is all that it needs besides the system.</summary>
    public long? Bytes => this == Native ? new FileInfo(Path).Length : null;
}
