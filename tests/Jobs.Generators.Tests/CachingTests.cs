using Microsoft.CodeAnalysis;
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

    [Fact]
    public void An_unrelated_edit_emits_nothing_again()
    {
        var before = UserProgram.Compile(Source);

        var after = before.Edit(compilation => compilation.AddSyntaxTrees(UserProgram.Parse("class Unrelated { }", "Other.cs")));

        AssertNothingIsEmittedAgain(before, after);
    }

    [Fact]
    public void A_moved_line_emits_nothing_again()
    {
        var before = UserProgram.Compile(Source);

        var after = before.Edit(Replace(Source, "\n\n// moved\n" + Source));

        AssertNothingIsEmittedAgain(before, after);
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

    static void AssertNothingIsEmittedAgain(UserProgram before, UserProgram after)
    {
        Assert.All(Reasons(after, WorkerGenerator.Steps.Model), AssertUnchanged);
        Assert.All(Reasons(after, WorkerGenerator.Steps.Registration), AssertUnchanged);
        Assert.Equal(2, before.Sources.Count());
        Assert.All(before.Sources, source => Assert.Same(source.SourceText, Emitted(after, source.HintName)));
    }

    static void AssertUnchanged(IncrementalStepRunReason reason) =>
        Assert.True(reason is IncrementalStepRunReason.Cached or IncrementalStepRunReason.Unchanged, reason.ToString());

    static IncrementalStepRunReason[] Reasons(UserProgram program, string step) =>
        [.. program.Result.TrackedSteps[step].SelectMany(run => run.Outputs).Select(output => output.Reason)];

    static SourceText Emitted(UserProgram program, string hintName) => program.Sources.Single(source => source.HintName == hintName).SourceText;

    static Func<Compilation, Compilation> Replace(string before, string after) => compilation =>
        compilation.ReplaceSyntaxTree(compilation.SyntaxTrees.Single(tree => tree.ToString() == before), UserProgram.Parse(after));
}
