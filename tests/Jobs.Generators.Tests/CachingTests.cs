using Jobs.Generators.Caching;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace Jobs.Generators.Tests;

public class CachingTests
{
    const string Source = """
        using Jobs;
        namespace App;
        public sealed record EmailArgs(string Email);
        public sealed record InvoiceArgs(int Number);
        [Worker] public partial class Mailer
        {
            [Perform] public void Deliver(EmailArgs args) { }
        }
        """;

    const string ArgsFile = """
        namespace App;
        public enum Channel { Mail, Sms }
        public static class Limits { public const int Attempts = 3; }
        public abstract record Message(string Sender);
        public sealed record LetterArgs(string Text, Channel Channel, string Sender) : Message(Sender);
        """;

    const string WorkerFile = """
        using Jobs;
        namespace App;
        public abstract class Base
        {
            protected int Sent() { return 1; }
        }
        [Worker(MaxAttempts = Limits.Attempts)] public partial class Poster : Base
        {
            [Perform] public void Post(LetterArgs args) { var sent = 1; }
        }
        """;

    const string OtherFile = """
        namespace App;
        class Other
        {
            int Count() => 1;
        }
        """;

    [Theory]
    [InlineData("Other.cs", "=> 1", "=> 2")]
    [InlineData("Other.cs", "int Count", "int More; int Count")]
    [InlineData("Other.cs", "class Other", "enum Further { One } class Other")]
    [InlineData("Other.cs", "class Other", "// a comment\n\nclass Other")]
    [InlineData("Worker.cs", "var sent = 1", "var sent = 1 + 1")]
    [InlineData("Worker.cs", "return 1", "return 2")]
    [InlineData("Worker.cs", "using Jobs;", "using Jobs;\n\n// a comment")]
    [InlineData("Worker.cs", "[Perform]", "/* a comment */\n[Perform]")]
    [InlineData("Worker.cs", "protected int Sent", "int Unsent() => 0; protected int Sent")]
    [InlineData("Args.cs", "public enum", "\n\n// moved\npublic enum")]
    [InlineData("Args.cs", "namespace App;", "namespace App; class New { }")]
    public void An_edit_that_changes_no_worker_runs_no_step_from_the_model_on(string file, string before, string after)
    {
        var program = Program();

        var edited = program.Edit(Edit(file, before, after));

        AssertNothingRunsFromTheModelOn(edited);
        Assert.Equal(3, program.Sources.Count());
        Assert.All(program.Sources, source => Assert.Same(source.SourceText, Emitted(edited, source.HintName)));
    }

    [Fact]
    public void A_further_file_that_no_worker_names_runs_no_step_from_the_model_on()
    {
        var program = Program();

        var edited = program.Edit(compilation => compilation.AddSyntaxTrees(UserProgram.Parse("class Unrelated { }", "Unrelated.cs")));

        AssertNothingRunsFromTheModelOn(edited);
    }

    [Theory]
    [InlineData("Worker.cs", "LetterArgs args)", "LetterArgs args, System.Threading.CancellationToken cancellationToken)")]
    [InlineData("Worker.cs", "[Perform] public void Post", "[Perform] public void Mark(MarkArgs args) { } [Perform] public void Post")]
    [InlineData("Worker.cs", "MaxAttempts = Limits.Attempts", "MaxAttempts = 9")]
    [InlineData("Worker.cs", "protected int Sent", "public class Shape { } protected int Sent")]
    [InlineData("Worker.cs", "Poster : Base", "Poster : Base, System.IDisposable { public void Dispose() { } public Poster(IPrinter printer) { } } public partial class Poster")]
    [InlineData("Worker.cs", "protected int Sent", "[Backoff] protected static System.TimeSpan Wait(FailedAttempt failed) => default; protected int Sent")]
    [InlineData("Worker.cs", "MaxAttempts = Limits.Attempts", "MaxAttempts = Limits.Attempts, TimeoutSeconds = 9")]
    [InlineData("Args.cs", "string Text", "string Words")]
    [InlineData("Args.cs", "string Text", "string? Text")]
    [InlineData("Args.cs", "namespace App;", "#nullable disable\nnamespace App;")]
    [InlineData("Args.cs", "Mail, Sms", "Mail, Sms, Push")]
    [InlineData("Args.cs", "Attempts = 3", "Attempts = 4")]
    [InlineData("Args.cs", "string Sender) : Message(Sender)", "string Sender) : Message(Sender) { public string? Note { get; init; } }")]
    [InlineData("Args.cs", "Message(string Sender)", "Message(string Sender) { public int Weight { get; init; } }")]
    [InlineData("Other.cs", "namespace App;", "[assembly: System.CLSCompliant(false)] namespace App; public partial class Poster { [Jobs.Perform] public void Mark(MarkArgs args) { } }")]
    public void An_edit_that_changes_a_worker_emits_it_again_and_leaves_its_neighbour(string file, string before, string after)
    {
        var program = Program();

        var edited = program.Edit(Edit(file, before, after));

        Assert.Equal(
            [IncrementalStepRunReason.Cached, IncrementalStepRunReason.Modified],
            Reasons(edited, WorkerGenerator.Steps.Model).Select(reason => reason is IncrementalStepRunReason.Unchanged ? IncrementalStepRunReason.Cached : reason).Order().Reverse());
        Assert.NotSame(Emitted(program, "App.Poster.g.cs"), Emitted(edited, "App.Poster.g.cs"));
        Assert.Same(Emitted(program, "App.Mailer.g.cs"), Emitted(edited, "App.Mailer.g.cs"));
        Assert.Equal(UserProgram.From(WithoutGenerated(edited)).Sources.Select(source => source.SourceText.ToString()), edited.Sources.Select(source => source.SourceText.ToString()));
    }

    [Theory]
    [InlineData("Other.cs", "int Count", "int More; int Count", 0)]
    [InlineData("Args.cs", "public enum", "// moved\npublic enum", 0)]
    [InlineData("Worker.cs", "var sent = 1", "var sent = 2", 1)]
    [InlineData("Args.cs", "string Text", "string Words", 1)]
    [InlineData("Other.cs", "namespace App;", "[assembly: System.CLSCompliant(false)] namespace App;", 2)]
    [InlineData("Other.cs", "namespace App;", "namespace App.Further;", 2)]
    public void An_edit_binds_only_the_workers_that_could_depend_on_it(string file, string before, string after, int bound)
    {
        var program = Create();
        GeneratorDriver driver = CSharpGeneratorDriver.Create(
            [new ParsingAlone().AsSourceGenerator()],
            driverOptions: new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true));
        driver = driver.RunGenerators(program, TestContext.Current.CancellationToken);

        driver = driver.RunGenerators(Edit(file, before, after)(program), TestContext.Current.CancellationToken);

        var outputs = driver.GetRunResult().Results.Single().TrackedSteps[nameof(ParsingAlone)].SelectMany(run => run.Outputs).ToList();
        Assert.Equal(2, outputs.Count);
        Assert.Equal(bound, outputs.Count(output => output.Reason is IncrementalStepRunReason.Modified));
    }

    [Fact]
    public void A_type_that_comes_nearer_than_the_one_that_was_meant_emits_again()
    {
        var far = UserProgram.Parse("public sealed record FarArgs(string Text);", "Far.cs");
        var source = Source.Replace("EmailArgs args", "FarArgs args", StringComparison.Ordinal);
        var program = UserProgram.From(UserProgram.Create(source).AddSyntaxTrees(far));

        var edited = program.Edit(compilation => compilation.AddSyntaxTrees(UserProgram.Parse("namespace App; public sealed record FarArgs(int Number);", "Near.cs")));

        Assert.Contains("global::App.FarArgs", Emitted(edited, "App.Mailer.g.cs").ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_global_alias_that_means_another_record_emits_again()
    {
        var alias = UserProgram.Parse("global using Letter = App.EmailArgs;", "Usings.cs");
        var source = Source.Replace("EmailArgs args", "Letter args", StringComparison.Ordinal);
        var program = UserProgram.From(UserProgram.Create(source).AddSyntaxTrees(alias));

        var edited = program.Edit(compilation => compilation.ReplaceSyntaxTree(alias, UserProgram.Parse("global using Letter = App.InvoiceArgs;", "Usings.cs")));

        Assert.Contains("global::App.InvoiceArgs", Emitted(edited, "App.Mailer.g.cs").ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("System.Text.Json.Serialization.JsonSerializerContext")]
    [InlineData("Context")]
    public void A_serializer_context_that_covers_a_member_from_now_on_emits_again(string context)
    {
        var alias = UserProgram.Parse("global using Context = System.Text.Json.Serialization.JsonSerializerContext;", "Usings.cs");
        var program = Program(ArgsFile.Replace("string Text", "System.Version Text", StringComparison.Ordinal), alias);
        Assert.NotEmpty(program.Result.Diagnostics);

        var edited = program.Edit(compilation => compilation.AddSyntaxTrees(UserProgram.Parse(
            $"[System.Text.Json.Serialization.JsonSerializable(typeof(System.Version))] partial class Covering : {context};", "Context.cs")));

        Assert.Empty(edited.Result.Diagnostics);
        Assert.Contains("Covering", Emitted(edited, "App.Poster.g.cs").ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_worker_is_found_by_an_alias_of_its_attribute()
    {
        var alias = UserProgram.Parse("global using Task = Jobs.WorkerAttribute;", "Usings.cs");

        var program = UserProgram.From(UserProgram.Create(Source.Replace("[Worker]", "[Task]", StringComparison.Ordinal)).AddSyntaxTrees(alias));

        Assert.NotNull(Emitted(program, "App.Mailer.g.cs"));
    }

    [Fact]
    public void A_removed_worker_leaves_the_registration_and_not_its_neighbour()
    {
        var program = Program();

        var edited = program.Edit(Edit("Worker.cs", "[Worker(MaxAttempts = Limits.Attempts)]", ""));

        Assert.DoesNotContain(edited.Sources, source => source.HintName == "App.Poster.g.cs");
        Assert.DoesNotContain("Poster", Emitted(edited, "App_Workers.g.cs").ToString(), StringComparison.Ordinal);
        Assert.Same(Emitted(program, "App.Mailer.g.cs"), Emitted(edited, "App.Mailer.g.cs"));
    }

    [Fact]
    public void A_comment_in_the_file_of_the_args_moves_the_errors_of_the_worker()
    {
        var program = Program(ArgsFile.Replace("string Text", "object Text", StringComparison.Ordinal));

        var edited = program.Edit(Edit("Args.cs", "namespace App;", "\n\nnamespace App;"));

        Assert.Equal(Line(program) + 2, Line(edited));
        static int Line(UserProgram program) => Assert.Single(program.Result.Diagnostics).Location.GetLineSpan().StartLinePosition.Line;
    }

    [Fact]
    public void A_moved_line_moves_the_errors()
    {
        var wrong = Source.Replace("(EmailArgs args)", "()", StringComparison.Ordinal);
        var before = UserProgram.Compile(wrong);

        var after = before.Edit(Replace(wrong, "\n\n" + wrong));

        Assert.Equal(Line(before) + 2, Line(after));
        static int Line(UserProgram program) => Assert.Single(program.Result.Diagnostics).Location.GetLineSpan().StartLinePosition.Line;
    }

    [Fact]
    public void A_new_perform_method_emits_again()
    {
        var before = UserProgram.Compile(Source);

        var after = before.Edit(Replace(Source, Source.Replace("{ }\n}", "{ }\n    [Perform] public void Bill(InvoiceArgs args) { }\n}", StringComparison.Ordinal)));

        Assert.Equal([IncrementalStepRunReason.Modified], Reasons(after, WorkerGenerator.Steps.Model));
        Assert.Contains("InvoiceArgs", Emitted(after, "App.Mailer.g.cs").ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_member_added_to_an_args_record_in_another_file_emits_again()
    {
        var args = UserProgram.Parse("namespace App; public sealed record OtherArgs(int Number);", "Other.cs");
        var source = Source.Replace("EmailArgs args", "OtherArgs args", StringComparison.Ordinal);
        var before = UserProgram.From(UserProgram.Create(source).AddSyntaxTrees(args));

        var after = before.Edit(compilation => compilation.ReplaceSyntaxTree(args, UserProgram.Parse("namespace App; public sealed record OtherArgs(int Number, int More);", "Other.cs")));

        Assert.Equal([IncrementalStepRunReason.Modified], Reasons(after, WorkerGenerator.Steps.Model));
    }

    [Fact]
    public void A_further_worker_changes_the_registration_and_not_its_neighbour()
    {
        var before = UserProgram.Compile(Source);

        var after = before.Edit(compilation => compilation.AddSyntaxTrees(UserProgram.Parse(
            "namespace App; [Jobs.Worker] public partial class Biller { [Jobs.Perform] public void Bill(InvoiceArgs args) { } }", "Biller.cs")));

        Assert.Same(Emitted(before, "App.Mailer.g.cs"), Emitted(after, "App.Mailer.g.cs"));
        Assert.Equal([IncrementalStepRunReason.Modified], Reasons(after, WorkerGenerator.Steps.Registration));
    }

    static UserProgram Program(string args = ArgsFile, params SyntaxTree[] more) => UserProgram.From(Create(args).AddSyntaxTrees(more));

    static Compilation Create(string args = ArgsFile) => UserProgram
        .Create(Source + "public sealed record MarkArgs(int Mark); public interface IPrinter;")
        .AddSyntaxTrees(UserProgram.Parse(args, "Args.cs"), UserProgram.Parse(WorkerFile, "Worker.cs"), UserProgram.Parse(OtherFile, "Other.cs"));

    static Func<Compilation, Compilation> Edit(string file, string before, string after) => compilation =>
    {
        var tree = compilation.SyntaxTrees.Single(tree => tree.FilePath == file);
        Assert.Contains(before, tree.ToString(), StringComparison.Ordinal);
        return compilation.ReplaceSyntaxTree(tree, UserProgram.Parse(tree.ToString().Replace(before, after, StringComparison.Ordinal), file));
    };

    static Compilation WithoutGenerated(UserProgram program) =>
        program.Compilation.RemoveSyntaxTrees(program.Compilation.SyntaxTrees.Where(tree => program.GeneratedTrees.Contains(tree)).ToArray());

    /// <summary>Every step that hangs on the model or the registration, down to the outputs; those without a name too.</summary>
    static void AssertNothingRunsFromTheModelOn(UserProgram program)
    {
        var isReached = new HashSet<IncrementalGeneratorRunStep>();
        var all = program.Result.TrackedSteps.Values.Concat(program.Result.TrackedOutputSteps.Values).SelectMany(runs => runs).Distinct().ToList();
        bool grows;
        do
        {
            grows = false;
            foreach (var step in all)
            {
                if (!isReached.Contains(step) && (IsStart(step) || step.Inputs.Any(input => isReached.Contains(input.Source))))
                    grows |= isReached.Add(step);
            }
        }
        while (grows);

        Assert.Contains(isReached, step => program.Result.TrackedOutputSteps.Values.Any(runs => runs.Contains(step)));
        Assert.All(isReached.SelectMany(step => step.Outputs), output => AssertUnchanged(output.Reason));
        static bool IsStart(IncrementalGeneratorRunStep step) => step.Name is WorkerGenerator.Steps.Model or WorkerGenerator.Steps.Registration;
    }

    static void AssertUnchanged(IncrementalStepRunReason reason) =>
        Assert.True(reason is IncrementalStepRunReason.Cached or IncrementalStepRunReason.Unchanged, reason.ToString());

    static IncrementalStepRunReason[] Reasons(UserProgram program, string step) =>
        [.. program.Result.TrackedSteps[step].SelectMany(run => run.Outputs).Select(output => output.Reason)];

    static SourceText Emitted(UserProgram program, string hintName) => program.Sources.Single(source => source.HintName == hintName).SourceText;

    static Func<Compilation, Compilation> Replace(string before, string after) => compilation =>
        compilation.ReplaceSyntaxTree(compilation.SyntaxTrees.Single(tree => tree.ToString() == before), UserProgram.Parse(after));

    /// <summary>The first step, which counts a worker that was parsed again as modified though it came to the same.</summary>
    sealed class ParsingAlone : IIncrementalGenerator, IEqualityComparer<ParsedWorker?>
    {
        public void Initialize(IncrementalGeneratorInitializationContext context) => context.RegisterSourceOutput(
            context.SyntaxProvider
                .CreateSyntaxProvider(static (node, _) => node is ClassDeclarationSyntax { AttributeLists.Count: > 0 }, static (ctx, ct) => ParsedWorkers.Get(ctx, ct))
                .WithComparer(this)
                .WithTrackingName(nameof(ParsingAlone)),
            static (_, _) => { });

        public bool Equals(ParsedWorker? x, ParsedWorker? y) => ReferenceEquals(x, y);

        public int GetHashCode(ParsedWorker? obj) => 0;
    }
}
