using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jobs.Generators.Tests;

/// <summary>What a person sees who is still typing: right programs, ended before each of their tokens, and with each token missing.</summary>
public class UnfinishedTests
{
    public static TheoryData<string> Programs => ["BatchEmailWorker", "OptionalKeys", "Services"];

    [Theory, MemberData(nameof(Programs))]
    public async Task A_program_that_ends_anywhere_is_not_told_more_than_one_thing_of_a_declaration(string name)
    {
        var source = await ReadAsync(name);

        await CheckAsync(source, Tokens(source).Select(token => source[..token.SpanStart]));
    }

    [Theory, MemberData(nameof(Programs))]
    public async Task A_program_without_any_one_token_is_not_told_more_than_one_thing_of_a_declaration(string name)
    {
        var source = await ReadAsync(name);

        await CheckAsync(source, Tokens(source).Select(token => source.Remove(token.SpanStart, token.Span.Length)));
    }

    [Theory]
    [InlineData("[Jobs.Wor] partial class Mailer { [Jobs.Perform] public void Run(EmailArgs args) { }")]
    [InlineData("[] partial class Mailer { [Jobs.Perform] public void Run(EmailArgs args) { } }")]
    public async Task A_perform_method_of_a_class_that_cannot_be_parsed_is_not_told_to_move(string source) =>
        Assert.DoesNotContain(await UserProgram.Compile("record EmailArgs(string Email);\n" + source).DiagnoseAsync(), diagnostic => diagnostic.Id == "JOB007");

    static Task<string> ReadAsync(string name) =>
        File.ReadAllTextAsync(Path.Combine(TestFiles.Snapshots, name + ".input.cs"), TestContext.Current.CancellationToken);

    static IEnumerable<SyntaxToken> Tokens(string source) =>
        UserProgram.Parse(source).GetRoot(TestContext.Current.CancellationToken).DescendantTokens().SkipWhile(token => token.Parent!.FirstAncestorOrSelf<UsingDirectiveSyntax>() is not null);

    static async Task CheckAsync(string source, IEnumerable<string> unfinished)
    {
        var program = UserProgram.Compile(source);
        foreach (var text in unfinished)
        {
            var tree = UserProgram.Parse(text);
            program = program.Edit(compilation => compilation.RemoveAllSyntaxTrees().AddSyntaxTrees(tree));

            var told = (await program.DiagnoseAsync()).Where(diagnostic => diagnostic.Descriptor.Category == "Jobs").Select(diagnostic => Declaration(tree, diagnostic)).ToList();

            Assert.True(told.Count == told.Distinct().Count(), text);
        }
    }

    static SyntaxNode Declaration(SyntaxTree tree, Diagnostic diagnostic) =>
        tree.GetRoot(TestContext.Current.CancellationToken).FindNode(diagnostic.Location.SourceSpan)
            .AncestorsAndSelf().First(node => node is MemberDeclarationSyntax or ParameterSyntax or AttributeSyntax or CompilationUnitSyntax);
}
