using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using Jobs.Generators.Diagnostics;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Jobs.Generators.Tests;

/// <summary>What a person sees who is still typing: right programs, ended before each of their tokens, and with one token missing.</summary>
public partial class UnfinishedTests
{
    // As many as a compilation takes before it costs more to bind them than to start another.
    const int ProgramsInOneCompilation = 25;

    // The other analyzers look at calls of the engine, of which the programs have none.
    static readonly ImmutableArray<DiagnosticAnalyzer> AboutWorkers = [new PerformOutsideWorkerAnalyzer()];

    public static TheoryData<string> Programs => ["BatchEmailWorker", "OptionalKeys", "Services", "Inherited", "EveryForm"];

    [Theory, MemberData(nameof(Programs))]
    public async Task A_program_that_ends_anywhere_gets_no_error_that_only_follows(string name)
    {
        var source = await ReadAsync(name);

        await CheckAsync(source, Tokens(source).Select(token => source[..token.SpanStart]));
    }

    [Theory, MemberData(nameof(Programs))]
    public async Task A_program_without_one_of_its_tokens_gets_no_error_that_only_follows(string name)
    {
        var source = await ReadAsync(name);

        await CheckAsync(source, Sample(Tokens(source)).Select(token => source.Remove(token.SpanStart, token.Span.Length)));
    }

    [Theory]
    [InlineData("[Jobs.Wor] partial class Mailer { [Jobs.Perform] public void Run(EmailArgs args) { }")]
    [InlineData("[] partial class Mailer { [Jobs.Perform] public void Run(EmailArgs args) { } }")]
    public async Task A_perform_method_of_a_class_that_cannot_be_parsed_is_not_told_to_move(string source) =>
        Assert.DoesNotContain(await UserProgram.Compile("record EmailArgs(string Email);\n" + source).DiagnoseAsync(), diagnostic => diagnostic.Id == "JOB007");

    [Theory]
    [InlineData("[Worker] public partial class { [Perform] public void Run(EmailArgs args) { } }")]
    [InlineData("namespace { [Worker] public partial class Mailer { [Perform] public void Run(EmailArgs args) { } } }")]
    [InlineData("[Worker] public partial class Mailer { [Perform] public void Run(Missing x, EmailArgs args) { } }")]
    [InlineData("[Worker] public partial class Mailer { [Perform] public void Run(EmailArgs args, ")]
    [InlineData("[Worker] public partial class Mailer { [Perform] public void Run(")]
    [InlineData("[Worker] public partial class Mailer { [Perform] public Missing Run(EmailArgs args) => throw null!; }")]
    [InlineData("[Worker] public partial class Mailer { [Perform] public RunAsync(EmailArgs args) { } }")]
    [InlineData("[Worker] public partial class Mailer { [Perfo] public void Run(EmailArgs args) { } }")]
    [InlineData("[Worker] public partial class Mailer : MailerBas { }")]
    [InlineData("[Worker] public partial class Mailer")]
    [InlineData("[Worker] public partial class Mailer { [Perform] public System.Threading.Tasks.Task<> RunAsync(EmailArgs args) => null!; }")]
    [InlineData("[Worker] public partial class Mailer { [Perform] public void Run(EmailArgs args, MailOptions? options) { } }")]
    [InlineData("[Worker] public partial class Mailer { [Perform] public void Run(EmailArgs args) { } [Perform] public void Run(EmailArgs args) { } }")]
    [InlineData("[Worker] public partial class Mailer(IStore<> store) { [Perform] public void Run(EmailArgs args) { } }")]
    [InlineData("[Worker] public partial class Mailer(MailOptions? options) { [Perform] public void Run(EmailArgs args) { } }")]
    [InlineData("[Worker] public partial class Mailer(int retries = 3, IStore<string>? ) { [Perform] public void Run(EmailArgs args) { } }")]
    [InlineData("[Worker] public partial class Mailer(int retries { [Perform] public void Run(EmailArgs args) { } }")]
    [InlineData("[Worker] public partial class Mailer { public required IStore<> Store { get; init; } [Perform] public void Run(EmailArgs args) { } }")]
    [InlineData("[Worker] public partial class Mailer { public required IStore<int> Store { get; } [Perform] public void Run(EmailArgs args) { } }")]
    [InlineData("[Worker] public partial class Mailer { required IStore<int> Store { get; init; } [Perform] public void Run(EmailArgs args) { } }")]
    [InlineData("public class Clock { public int Now => 0; } [Worker] public partial class Mailer { [Perform] public void Run(Missing args, Clock clock) { } }")]
    [InlineData("public sealed record ListArgs(System.Collections.Generic.List<> All); [Worker] public partial class Mailer { [Perform] public void Run(ListArgs args) { } }")]
    [InlineData("public sealed record LongArgs(string Email string Name); [Worker] public partial class Mailer { [Perform] public void Run(EmailArgs args) { } [Perform] public void Run(LongArgs args) { } }")]
    [InlineData("[Worker] public partial class Mailer { [Perform] public void Run(BatchComplete<> batch) { } }")]
    [InlineData("[Worker] public partial class Mailer { [Perform] public void Run(BatchComplete<Missing> batch) { } }")]
    [InlineData("[Worker] public partial class Mailer { [Perform] public void Run(BatchComplete<EmailArgs batch) { } }")]
    public async Task What_is_not_typed_yet_is_left_to_the_compiler(string source)
    {
        var program = UserProgram.Compile("using Jobs;\npublic sealed record EmailArgs(string Email); public interface IStore<T> { }\n" + source);

        Assert.Empty(await program.DiagnoseJobsAsync(AboutWorkers));
        Assert.Empty(program.GeneratedErrors());
    }

    [Fact]
    public void A_perform_method_that_cannot_be_called_yet_has_its_New()
    {
        var program = UserProgram.Compile("using Jobs;\npublic sealed record EmailArgs(string Email);\n[Worker] public partial class Mailer { [Perform] public void Run(Missing x, EmailArgs args, ");

        Assert.Single(program.Compilation.GetTypeByMetadataName("Mailer")!.GetMembers("New"));
    }

    [Fact]
    public async Task A_documentation_comment_that_is_no_XML_hides_no_error()
    {
        var program = UserProgram.Compile("using Jobs;\n/// <summary>Sends <b>.\n[Worker] public partial class Mailer { }\n/// <summary>\npublic class Other { [Perform] public void Run() { } }");

        Assert.Equal(["JOB004", "JOB007"], (await program.DiagnoseAsync()).Select(diagnostic => diagnostic.Id));
    }

    static Task<string> ReadAsync(string name) =>
        File.ReadAllTextAsync(Path.Combine(TestFiles.Snapshots, name + ".input.cs"), TestContext.Current.CancellationToken);

    static IEnumerable<SyntaxToken> Tokens(string source) =>
        UserProgram.Parse(source).GetRoot(TestContext.Current.CancellationToken).DescendantTokens().SkipWhile(token => token.Parent!.FirstAncestorOrSelf<UsingDirectiveSyntax>() is not null);

    /// <summary>A third of the tokens, the same in each run.</summary>
    static IEnumerable<SyntaxToken> Sample(IEnumerable<SyntaxToken> tokens)
    {
        var random = new Random(1);
        return tokens.Where(_ => random.Next(3) == 0);
    }

    static async Task CheckAsync(string source, IEnumerable<string> unfinished)
    {
        var program = UserProgram.Compile(source);
        Assert.Empty(await program.DiagnoseAsync());

        var faults = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(Together(unfinished), TestContext.Current.CancellationToken, async (trees, _) =>
        {
            var edited = program.Edit(compilation => compilation.RemoveAllSyntaxTrees().AddSyntaxTrees(trees));
            foreach (var (fault, tree) in await FaultsAsync(edited, trees))
                faults.Add($"{fault}\nin\n{tree}");
        });

        Assert.True(faults.IsEmpty, string.Join("\n\n", faults));
    }

    /// <summary>Many to a compilation, each in a namespace of its own; alone where something is outside of it.</summary>
    static IEnumerable<SyntaxTree[]> Together(IEnumerable<string> unfinished)
    {
        var trees = unfinished
            .Select((text, number) => UserProgram.Parse(Namespace().Replace(text, "namespace ${1}" + number.ToString(CultureInfo.InvariantCulture))))
            .ToLookup(HasNamespace);
        return trees[true].Chunk(ProgramsInOneCompilation).Concat(trees[false].Select(tree => new[] { tree }));
    }

    static bool HasNamespace(SyntaxTree tree) =>
        tree.GetCompilationUnitRoot(TestContext.Current.CancellationToken).Members is [BaseNamespaceDeclarationSyntax { Name.IsMissing: false }];

    [GeneratedRegex(@"^namespace (\w+)", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    /// <summary>
    /// Errors in generated code; of Jobs, every error of a program that cannot be parsed, which was right until then, and a further one of the same
    /// declaration.
    /// </summary>
    static async Task<IEnumerable<(Diagnostic Fault, SyntaxTree Program)>> FaultsAsync(UserProgram program, SyntaxTree[] trees)
    {
        var generated = program.GeneratedErrors().Select(error => (error, trees.FirstOrDefault(tree => IsOf(error, tree)) ?? error.Location.SourceTree!));
        var told = (await program.DiagnoseJobsAsync(AboutWorkers)).ToLookup(diagnostic => diagnostic.Location.SourceTree!);
        return generated.Concat(trees.SelectMany(tree => (CanBeParsed(tree) ? told[tree].GroupBy(Declaration).SelectMany(same => same.Skip(1)) : told[tree]).Select(error => (error, tree))));
    }

    static bool IsOf(Diagnostic error, SyntaxTree tree) =>
        Namespace().Match(tree.ToString()) is { Success: true } match && error.Location.SourceTree!.FilePath.Contains(match.Value["namespace ".Length..] + ".", StringComparison.Ordinal);

    static bool CanBeParsed(SyntaxTree tree) => tree.GetDiagnostics(TestContext.Current.CancellationToken).All(diagnostic => diagnostic.Severity is not DiagnosticSeverity.Error);

    static SyntaxNode Declaration(Diagnostic diagnostic) =>
        diagnostic.Location.SourceTree!.GetRoot(TestContext.Current.CancellationToken).FindNode(diagnostic.Location.SourceSpan)
            .AncestorsAndSelf().First(node => node is MemberDeclarationSyntax or ParameterSyntax or AttributeSyntax or CompilationUnitSyntax);
}
