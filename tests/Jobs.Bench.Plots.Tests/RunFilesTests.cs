using System.Text.Json;
using Jobs.Bench.Results;

namespace Jobs.Bench.Plots.Tests;

public sealed class RunFilesTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("jobs-plots").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task What_a_workload_wrote_is_read_back()
    {
        var path = await WriteAsync(Line(Runs.Drain(100)), "", Line(Runs.Limit(200, 100, 2)));

        var runs = await ReadAsync(path);

        Assert.Equal(["drain, concurrency 100, JIT", "limit, 100 a statement, 2 clients"], runs.Select(static run => run.Kind));
        Assert.Equal(Runs.Drain(100).JobsPerSecond, runs[0].JobsPerSecond);
    }

    [Fact]
    public async Task A_line_without_a_commit_is_read()
    {
        var run = Runs.Drain(100);

        Assert.Null(Assert.Single(await ReadAsync(await WriteAsync(Line(run with { Setting = run.Setting! with { Commit = null } })))).Setting!.Commit);
    }

    [Fact]
    public async Task Only_runs_of_the_named_commits_are_taken()
    {
        var run = Runs.Drain(100);
        var path = await WriteAsync(Line(run), Line(run with { Setting = run.Setting! with { Commit = "89abcde" } }));

        Assert.Equal("89abcde", Assert.Single(await ReadAsync(path, "89abcde")).Setting!.Commit);
        Assert.Contains("its commits are 1234567, 89abcde", await ErrorAsync(path, "fedcba9"));
    }

    [Fact]
    public async Task A_file_that_is_missing_empty_or_no_file_of_runs_is_named_in_the_error()
    {
        var missing = Path.Combine(_folder, "missing.jsonl");

        Assert.Contains(missing, await ErrorAsync(missing));
        Assert.Contains("There is no run in", await ErrorAsync(await WriteAsync()));
        Assert.Contains("Line 2 of", await ErrorAsync(await WriteAsync(Line(Runs.Drain(100)), """{"workload": "drain"}""")));
        Assert.Contains("Line 1 of", await ErrorAsync(await WriteAsync("no JSON")));
        Assert.Contains("Line 1 of", await ErrorAsync(await WriteAsync(Line(Runs.Drain(100) with { Setting = null }))));
    }

    [Fact]
    public async Task Runs_of_two_machines_are_not_put_side_by_side()
    {
        var run = Runs.Drain(100);

        Assert.Contains("2 settings", await ErrorAsync(await WriteAsync(Line(run), Line(run with { Setting = run.Setting! with { Cores = 64 } }))));
    }

    static string Line(Run run) => JsonSerializer.Serialize(run, RunJson.Default.Run);

    async Task<string> WriteAsync(params string[] lines)
    {
        var path = Path.Combine(_folder, Guid.NewGuid() + ".jsonl");
        await File.WriteAllLinesAsync(path, lines, TestContext.Current.CancellationToken);
        return path;
    }

    static Task<IReadOnlyList<Run>> ReadAsync(string path, params string[] commits) => RunFiles.ReadAsync([path], commits, TestContext.Current.CancellationToken);

    static async Task<string> ErrorAsync(string path, params string[] commits) => (await Assert.ThrowsAsync<BenchException>(() => ReadAsync(path, commits))).Message;
}
