namespace Jobs.Generators.Tests.CodeFixes;

public class PerformOutsideWorkerFixTests
{
    const string Program = """
        using System.Diagnostics;
        using Jobs;
        public sealed record EmailArgs(string Email);
        public sealed record LetterArgs(string Address);

        /// <summary>Mails.</summary>
        public sealed class Mailer
        {
            [Perform]
            public void Deliver(EmailArgs args) { }

            [DebuggerHidden, Perform]
            public void Post(LetterArgs args) { }
        }
        """;

    [Fact]
    public async Task The_class_becomes_a_worker_and_partial()
    {
        var mended = await FixableProgram.Of(Program).FixAsync("JOB007", "Mark Mailer with [Worker]");

        Assert.Contains("""
            /// <summary>Mails.</summary>
            [Worker]
            public sealed partial class Mailer
            """, await mended.TextAsync(), StringComparison.Ordinal);
        Assert.Empty(await mended.ErrorsAsync());
    }

    [Fact]
    public async Task Fix_all_makes_the_class_a_worker_once_however_many_perform_methods_it_has()
    {
        var program = FixableProgram.Of(Program);

        var mended = await program.FixAllAsync("JOB007", "Mark Mailer with [Worker]");

        Assert.Equal(["JOB007", "JOB007"], await program.ErrorsAsync());
        Assert.Equal(await (await program.FixAsync("JOB007", "Mark Mailer with [Worker]")).TextAsync(), await mended.TextAsync());
    }

    [Fact]
    public async Task Fix_all_takes_the_attributes_away_and_leaves_the_others()
    {
        var mended = await FixableProgram.Of(Program).FixAllAsync("JOB007", "Remove [Perform] from Deliver");

        Assert.Contains("""
            {
                public void Deliver(EmailArgs args) { }

                [DebuggerHidden]
                public void Post(LetterArgs args) { }
            }
            """, await mended.TextAsync(), StringComparison.Ordinal);
        Assert.Empty(await mended.ErrorsAsync());
    }

    [Fact]
    public async Task The_first_of_several_attributes_is_taken_away_alone_and_a_comment_stays()
    {
        var program = FixableProgram.Of("""
            using System.Diagnostics;
            using Jobs;
            public sealed record EmailArgs(string Email);
            public sealed class Mailer
            {
                [Perform, DebuggerHidden]
                public void Deliver(EmailArgs args) { }

                [Perform] // at night
                public void Post(EmailArgs args) { }
            }
            """);

        var mended = await program.FixAllAsync("JOB007", "Remove [Perform] from Deliver");

        var text = await mended.TextAsync();
        Assert.Contains("    [DebuggerHidden]\n    public void Deliver", text, StringComparison.Ordinal);
        Assert.Contains("// at night\n    public void Post", text, StringComparison.Ordinal);
        Assert.Empty(await mended.ErrorsAsync());
    }

    [Theory, InlineData("static class Mailer"), InlineData("class Mailer<T>"), InlineData("record Mailer")]
    public async Task What_cannot_be_a_worker_is_not_made_one(string type)
    {
        var program = FixableProgram.Of($$"""
            using Jobs;
            public sealed record EmailArgs(string Email);
            public {{type}}
            {
                [Perform]
                public static void Deliver(EmailArgs args) { }
            }
            """);

        Assert.Equal(["Remove [Perform] from Deliver"], await program.OffersAsync("JOB007"));
    }
}
