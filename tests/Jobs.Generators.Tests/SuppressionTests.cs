using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Jobs.Generators.Tests;

/// <summary>
/// Whoever silences a diagnostic gets a program that the compiler accepts as far as the generated code goes. What the diagnostic warned of
/// happens at run time then.
/// </summary>
public class SuppressionTests
{
    public static TheoryData<string> Wrong => SnapshotTests.Wrong;

    public static TheoryData<string> Ids => DiagnosticPageTests.Ids;

    static Task<string> ReadAsync(string name) =>
        File.ReadAllTextAsync(Path.Combine(TestFiles.Snapshots, name + ".input.cs"), TestContext.Current.CancellationToken);

    static async Task<string> OneOfAsync(string id) => await ReadAsync(Wrong.Select(row => row.Data).First(name => name.StartsWith(id, StringComparison.Ordinal)));

    [Theory, MemberData(nameof(Ids))]
    public async Task A_pragma_silences_it_at_its_location(string id)
    {
        var program = Compile($"#pragma warning disable {id}\n" + await OneOfAsync(id));

        Assert.DoesNotContain(await program.DiagnoseAsync(), diagnostic => diagnostic.Id == id);
    }

    [Theory, MemberData(nameof(Ids))]
    public async Task An_editorconfig_sets_its_severity_for_a_file(string id)
    {
        var source = await OneOfAsync(id);

        Assert.DoesNotContain(await Compile(source, new Severity(id, ReportDiagnostic.Suppress)).DiagnoseAsync(), diagnostic => diagnostic.Id == id);
        Assert.All(
            (await Compile(source, new Severity(id, ReportDiagnostic.Warn)).DiagnoseAsync()).Where(diagnostic => diagnostic.Id == id),
            diagnostic => Assert.Equal(DiagnosticSeverity.Warning, diagnostic.Severity));
        Assert.Contains(await Compile(source, new Severity(id, ReportDiagnostic.Warn)).DiagnoseAsync(), diagnostic => diagnostic.Id == id);
    }

    [Theory, MemberData(nameof(Ids))]
    public async Task NoWarn_silences_it_in_the_project(string id)
    {
        var compilation = UserProgram.Create(await OneOfAsync(id), more: UserProgram.Runtime);
        var options = compilation.Options.WithSpecificDiagnosticOptions(ImmutableDictionary<string, ReportDiagnostic>.Empty.Add(id, ReportDiagnostic.Suppress));

        var program = UserProgram.From(compilation.WithOptions(options));

        Assert.DoesNotContain(await program.DiagnoseAsync(), diagnostic => diagnostic.Id == id);
    }

    [Theory, MemberData(nameof(Wrong))]
    public async Task What_is_generated_for_a_program_whose_errors_are_silenced_compiles_without_a_warning(string name)
    {
        var ids = string.Join(", ", Ids.Select(row => row.Data));

        var program = Compile($"#pragma warning disable {ids}\n" + await ReadAsync(name));

        Assert.DoesNotContain(await program.DiagnoseAsync(), diagnostic => program.GeneratedTrees.Contains(diagnostic.Location.SourceTree!));
    }

    static UserProgram Compile(string source, SyntaxTreeOptionsProvider? severities = null)
    {
        var compilation = UserProgram.Create(source, more: UserProgram.Runtime);
        return UserProgram.From(compilation.WithOptions(compilation.Options.WithSyntaxTreeOptionsProvider(severities)));
    }

    sealed class Severity(string id, ReportDiagnostic severity) : SyntaxTreeOptionsProvider
    {
        public override GeneratedKind IsGenerated(SyntaxTree tree, CancellationToken cancellationToken) => GeneratedKind.Unknown;

        public override bool TryGetDiagnosticValue(SyntaxTree tree, string diagnosticId, CancellationToken cancellationToken, out ReportDiagnostic value)
        {
            value = severity;
            return diagnosticId == id;
        }

        public override bool TryGetGlobalDiagnosticValue(string diagnosticId, CancellationToken cancellationToken, out ReportDiagnostic value)
        {
            value = default;
            return false;
        }
    }
}
