using System.Text.Encodings.Web;
using System.Text.Json;
using Jobs.Bench.Measuring;

namespace Jobs.Bench.Results;

/// <summary>The runs of this process, each also a line in the file as soon as it has ended.</summary>
sealed class RunLog : IAsyncDisposable
{
    // Readable SQL: the file is no web page.
    static readonly RunJson Json = new(new JsonSerializerOptions(RunJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    readonly List<Run> _runs = [];
    readonly StreamWriter _file;
    readonly Setting _setting;

    public RunLog(string path, Setting setting)
    {
        Path = path;
        _setting = setting;
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!);
        _file = new StreamWriter(path, append: true);
    }

    public string Path { get; }

    /// <summary>The runs whose time counts: all but those that were slowed by counting statements.</summary>
    public IReadOnlyList<Run> Runs => _runs;

    public async Task AddAsync(Run run)
    {
        if (run.Statements is null)
            _runs.Add(run);
        await _file.WriteLineAsync(JsonSerializer.Serialize(run with { Setting = _setting }, Json.Run));
        await _file.FlushAsync();
    }

    public ValueTask DisposeAsync() => _file.DisposeAsync();
}
