using System.Reflection;
using System.Text.RegularExpressions;
using Jobs.Generators.Diagnostics;
using Microsoft.CodeAnalysis;

namespace Jobs.Generators.Tests;

/// <summary>Each diagnostic has a page, whose examples are compiled, and a line in the release file.</summary>
public partial class DiagnosticPageTests
{
    const string Usings = "using System; using System.Collections.Generic; using System.Threading; using System.Threading.Tasks; using Jobs;\n";

    static readonly DiagnosticDescriptor[] Descriptors =
    [
        .. typeof(JobDiagnostics).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => field.GetValue(null)).OfType<DiagnosticDescriptor>(),
    ];

    // As Directory.Build.props has it, for the packages.
    static string RepositoryUrl { get; } = typeof(JobDiagnostics).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "RepositoryUrl").Value!;

    public static TheoryData<string> Ids => [.. Descriptors.Select(descriptor => descriptor.Id)];

    [Fact]
    public void Ids_are_unique_and_every_descriptor_has_a_link_to_its_page()
    {
        Assert.Equal(Descriptors.Length, Descriptors.Select(descriptor => descriptor.Id).Distinct().Count());
        Assert.All(Descriptors, descriptor => Assert.Equal($"{RepositoryUrl}/blob/main/docs/diagnostics/{descriptor.Id}.md", descriptor.HelpLinkUri));
    }

    [Fact]
    public void The_release_files_list_exactly_the_descriptors_with_their_titles()
    {
        var lines = new[] { "Shipped", "Unshipped" }
            .SelectMany(kind => File.ReadLines(Path.Combine(TestFiles.Repository, "src", "Jobs.Generators", $"AnalyzerReleases.{kind}.md")))
            .Where(line => line.StartsWith("JOB", StringComparison.Ordinal));

        Assert.Equal(Descriptors.Select(descriptor => $"{descriptor.Id} | Jobs | {descriptor.DefaultSeverity} | {descriptor.Title}").Order(), lines.Order());
    }

    [Fact]
    public async Task The_index_of_the_pages_lists_exactly_the_descriptors_with_their_severities_and_titles_and_says_what_to_do()
    {
        var index = await File.ReadAllLinesAsync(Path.Combine(TestFiles.Repository, "docs", "diagnostics", "README.md"), TestContext.Current.CancellationToken);
        var rows = index.Where(line => line.StartsWith("| [JOB", StringComparison.Ordinal)).Select(line => line.Split(" | ")).ToList();

        Assert.Equal(
            Descriptors.OrderBy(descriptor => descriptor.Id, StringComparer.Ordinal).Select(
                descriptor => $"| [{descriptor.Id}]({descriptor.Id}.md) | {(descriptor.DefaultSeverity is DiagnosticSeverity.Error ? "error" : "warning")} | {descriptor.Title}"),
            rows.Select(cells => string.Join(" | ", cells[..3])));
        Assert.All(rows, cells => Assert.EndsWith(". |", cells[3], StringComparison.Ordinal));
    }

    [Theory, MemberData(nameof(Ids))]
    public async Task The_wrong_example_of_its_page_gives_the_diagnostic_and_the_right_one_none(string id)
    {
        var page = await File.ReadAllTextAsync(Path.Combine(TestFiles.Repository, "docs", "diagnostics", $"{id}.md"), TestContext.Current.CancellationToken);
        var title = Descriptors.Single(descriptor => descriptor.Id == id).Title.ToString();

        var wrong = await DiagnoseAsync(Example(page, "Wrong"));
        var right = await DiagnoseAsync(Example(page, "Right"));

        Assert.StartsWith($"# {id}: {title}", page, StringComparison.Ordinal);
        Assert.Contains(wrong, diagnostic => diagnostic.Id == id);
        Assert.Empty(right);
    }

    static Task<IReadOnlyList<Diagnostic>> DiagnoseAsync(string example) =>
        UserProgram.From(UserProgram.Create(Usings + example, more: UserProgram.Runtime)).DiagnoseAsync();

    static string Example(string page, string heading) =>
        Examples().Matches(page).Single(match => match.Groups["heading"].Value == heading).Groups["code"].Value;

    [GeneratedRegex(@"^## (?<heading>\w+)\n+```csharp\n(?<code>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Examples();
}
