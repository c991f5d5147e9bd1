namespace Jobs.Generators.Tests.CodeFixes;

public class RemoveModifierFixTests
{
    static FixableProgram Program(string modifiers, string member = "public void Deliver(EmailArgs args) { }") => FixableProgram.Of($$"""
        using Jobs;
        public sealed record EmailArgs(string Email);

        /// <summary>Mails.</summary>
        [Worker]
        {{modifiers}} class Mailer
        {
            [Perform]
            {{member}}
        }
        """);

    [Fact]
    public async Task A_static_worker_can_be_made_an_ordinary_one()
    {
        var program = Program("public static partial", "public static void Deliver(EmailArgs args) { }");

        var mended = await program.FixAsync("JOB003", "Remove static from Mailer");

        Assert.Contains("\npublic partial class Mailer\n", await mended.TextAsync(), StringComparison.Ordinal);
        Assert.Empty(await mended.ErrorsAsync());
    }

    [Fact]
    public async Task One_that_is_local_to_its_file_becomes_internal()
    {
        var mended = await Program("file partial").FixAllAsync("JOB003", "Remove file from Mailer");

        Assert.Contains("\npartial class Mailer\n", await mended.TextAsync(), StringComparison.Ordinal);
        Assert.Empty(await mended.ErrorsAsync());
    }

    [Fact]
    public async Task An_abstract_one_is_left_to_its_author() => Assert.Empty(await Program("public abstract partial").OffersAsync("JOB003"));
}
