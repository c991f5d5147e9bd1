using System.Text;
using System.Text.RegularExpressions;

namespace Jobs.Generators.Tests;

/// <summary>The programs in docs/args.md and docs/dispatch.md compile, and do what the pages say.</summary>
public partial class ArgsPageTests
{
    public static TheoryData<string, string> Programs => [.. new[] { "args.md", "dispatch.md" }.SelectMany(page => Blocks(page, "csharp").Select(code => (page, code)))];

    [Theory, MemberData(nameof(Programs))]
    public async Task Every_program_compiles(string page, string code)
    {
        Assert.EndsWith(".md", page, StringComparison.Ordinal);
        Assert.Empty(await UserProgram.Compile(code).DiagnoseAsync());
    }

    [Fact]
    public async Task The_first_args_are_stored_as_the_page_shows()
    {
        var page = Read("args.md");
        var made = Made().Match(page).Groups["args"].Value;
        var host = await WorkerHost.StartAsync(Blocks("args.md", "csharp")[0] + $"\npublic static class Make {{ public static OrderArgs Some() => {made}; }}\n");

        var stored = Encoding.UTF8.GetString(host.New("OrderWorker", ArgsProgram.Call(host, "Make", "Some")).Args.Span);

        Assert.Equal(Blocks("args.md", "json")[0].Replace(" ", "", StringComparison.Ordinal).Trim(), stored.Replace(" ", "", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Missing_keys_and_nulls_are_read_as_the_page_says()
    {
        var code = Blocks("args.md", "csharp")[1].Replace("{ }", "=> App.Log.Lines.Add(args);", StringComparison.Ordinal);
        var host = await WorkerHost.StartAsync(code);
        var whole = new Dictionary<string, string> { ["Email"] = "\"a\"", ["Name"] = "\"n\"", ["Copies"] = "2", ["Subject"] = "\"s\"", ["Language"] = "\"de\"", ["Campaign"] = "\"c\"" };
        var rows = Missing().Matches(Read("args.md"));

        Assert.Equal(whole.Keys, rows.Select(row => row.Groups["member"].Value));
        foreach (var row in rows.AsEnumerable())
        {
            var member = row.Groups["member"].Value;
            Assert.Equal(row.Groups["missing"].Value, await Says(whole.Where(one => one.Key != member)));
            Assert.Equal(row.Groups["null"].Value, await Says(whole.Select(one => one.Key == member ? KeyValuePair.Create(member, "null") : one)));
        }

        async Task<string> Says(IEnumerable<KeyValuePair<string, string>> members)
        {
            var failure = await Record.ExceptionAsync(() => host.PerformAsync("Letters", $"{{{string.Join(", ", members.Select(one => $"\"{one.Key.ToLowerInvariant()}\": {one.Value}"))}}}"));
            return failure is UnmatchedArgsException or InvalidArgsException ? "no" : failure is null ? "yes" : failure.ToString();
        }
    }

    [Fact]
    public async Task The_jobs_of_the_table_run_the_methods_beside_them()
    {
        var code = Empty().Replace(Blocks("dispatch.md", "csharp")[0], "public void ${name}(${args} args) => App.Log.Lines.Add(\"${name}\");");
        var host = await WorkerHost.StartAsync(code);
        var rows = Rows().Matches(Read("dispatch.md"));

        Assert.Equal(5, rows.Count);
        foreach (var row in rows.AsEnumerable())
        {
            var (json, method) = (row.Groups["json"].Value, row.Groups["method"].Value);
            if (method.Length > 0)
                Assert.Equal([method], (await host.PerformAsync("Mailer", json)).Lines);
            else
                Assert.Contains(Blocks("dispatch.md", "")[0].Trim().Replace("App.Mailer", "Mailer", StringComparison.Ordinal), await host.FailAsync<UnmatchedArgsException>("Mailer", json), StringComparison.Ordinal);
        }
    }

    static string Read(string page) => File.ReadAllText(Path.Combine(TestFiles.Repository, "docs", page));

    static List<string> Blocks(string page, string language) =>
        [.. Fences().Matches(Read(page)).Where(match => match.Groups["language"].Value == language).Select(match => match.Groups["code"].Value)];

    [GeneratedRegex(@"^```(?<language>\w*)\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fences();

    [GeneratedRegex(@"OrderWorker\.New\((?<args>.*)\)` is stored")]
    private static partial Regex Made();

    [GeneratedRegex(@"^\| `(?<member>\w+)`: [^|]*\| (?<missing>yes|no)[^|]*\| (?<null>yes|no) \|$", RegexOptions.Multiline)]
    private static partial Regex Missing();

    [GeneratedRegex(@"public void (?<name>\w+)\((?<args>\w+) args\) \{ \}")]
    private static partial Regex Empty();

    [GeneratedRegex(@"^\| `(?<json>\{[^|]*\})` \| (`(?<method>\w+)`|none[^|]*) \|", RegexOptions.Multiline)]
    private static partial Regex Rows();
}
