using System.Globalization;
using System.Text;
using Microsoft.CodeAnalysis;

namespace Jobs.Generators.Tests;

/// <summary>
/// <c>X.input.cs</c> is a program; beside it <c>X.output.cs</c> holds what is generated for it, or <c>X.diagnostics.txt</c> what a
/// person sees when it is wrong. <c>JOBS_UPDATE_SNAPSHOTS=1</c> rewrites both, and the diff is the review.
/// </summary>
public class SnapshotTests
{
    /// <summary>What the compiler says of a call that does not fit, and to which a diagnostic of Jobs adds a sentence.</summary>
    static readonly string[] SaidByTheCompilerToo = ["CS0201", "CS0311", "CS1503"];

    static readonly bool IsUpdating = Environment.GetEnvironmentVariable("JOBS_UPDATE_SNAPSHOTS") == "1";

    public static TheoryData<string> Right => Inputs(name => !name.StartsWith("JOB", StringComparison.Ordinal));

    public static TheoryData<string> Wrong => Inputs(name => name.StartsWith("JOB", StringComparison.Ordinal));

    static TheoryData<string> Inputs(Func<string, bool> isWanted) => [.. Directory.GetFiles(TestFiles.Snapshots, "*.input.cs")
        .Select(path => Path.GetFileName(path)[..^".input.cs".Length])
        .Where(isWanted)
        .Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Right))]
    public async Task A_right_program_gets_this_code_and_compiles_without_a_warning(string name)
    {
        var program = UserProgram.Compile(await ReadAsync(name, "input.cs"));

        Assert.Empty(await program.DiagnoseAsync());
        Assert.NotEmpty(program.Sources);
        await CompareAsync(name, "output.cs", Output(program));
    }

    [Theory, MemberData(nameof(Wrong))]
    public async Task A_wrong_program_gets_this_error(string name)
    {
        var program = UserProgram.Compile(await ReadAsync(name, "input.cs"), more: UserProgram.Runtime);

        var diagnostics = await program.DiagnoseAsync();

        Assert.Contains(diagnostics, diagnostic => diagnostic.Id == name[..6]);
        Assert.DoesNotContain(diagnostics, diagnostic => program.GeneratedTrees.Contains(diagnostic.Location.SourceTree!));
        await CompareAsync(name, "diagnostics.txt", string.Concat(diagnostics.Select(Line)));
    }

    [Fact]
    public async Task Sixty_wrong_programs_get_one_error_each_and_each_a_text_of_its_own()
    {
        var texts = new List<string>();
        foreach (var name in Wrong.Select(row => row.Data))
        {
            var lines = (await ReadAsync(name, "diagnostics.txt")).TrimEnd().Split('\n').Select(line => line.TrimEnd().Split(": ", 2)[1]).ToList();
            lines.RemoveAll(line => SaidByTheCompilerToo.Any(id => line.StartsWith(id, StringComparison.Ordinal)));
            if (lines is [var text])
                texts.Add(text);
        }

        Assert.All(texts, text => Assert.StartsWith("JOB", text, StringComparison.Ordinal));
        Assert.True(texts.Distinct().Count() >= 60, $"{texts.Distinct().Count()} texts");
    }

    [Fact]
    public void Every_diagnostic_has_a_snapshot()
    {
        var names = Wrong.Select(row => row.Data[..6]).ToHashSet();

        Assert.Equal(DiagnosticPageTests.Ids.Select(row => row.Data).Order(), names.Order());
    }

    static string Output(UserProgram program)
    {
        var output = new StringBuilder();
        foreach (var source in program.Sources)
            output.Append(CultureInfo.InvariantCulture, $"// {source.HintName}\n{source.SourceText}\n");
        return output.ToString();
    }

    static string Line(Diagnostic diagnostic)
    {
        var start = diagnostic.Location.GetLineSpan().StartLinePosition;
        return string.Create(CultureInfo.InvariantCulture,
            $"({start.Line + 1},{start.Character + 1}): {diagnostic.Id}: {diagnostic.GetMessage(CultureInfo.InvariantCulture)}\n");
    }

    static Task<string> ReadAsync(string name, string kind) =>
        File.ReadAllTextAsync(Path.Combine(TestFiles.Snapshots, $"{name}.{kind}"), TestContext.Current.CancellationToken);

    static async Task CompareAsync(string name, string kind, string actual)
    {
        if (IsUpdating)
            await File.WriteAllTextAsync(Path.Combine(TestFiles.Snapshots, $"{name}.{kind}"), actual, TestContext.Current.CancellationToken);
        Assert.Equal(await ReadAsync(name, kind), actual, ignoreLineEndingDifferences: true);
    }
}
