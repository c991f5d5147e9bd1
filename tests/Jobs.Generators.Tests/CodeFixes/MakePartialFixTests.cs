namespace Jobs.Generators.Tests.CodeFixes;

public class MakePartialFixTests
{
    [Fact]
    public async Task A_worker_becomes_partial_and_nothing_else_of_the_file_moves()
    {
        var program = FixableProgram.Of("""
            using Jobs;
            public sealed record EmailArgs(string Email);

            /// <summary>Mails.</summary>
            [Worker]   // one a person
            public   sealed /* final */ class Mailer { [Perform] public void Deliver(EmailArgs args) { } }
            """);

        var mended = await program.FixAsync("JOB001", "Make Mailer partial");

        Assert.Equal((await program.TextAsync()).Replace("class", "partial class", StringComparison.Ordinal), await mended.TextAsync());
        Assert.Empty(await mended.ErrorsAsync());
    }

    [Theory, InlineData("JOB001"), InlineData("JOB002")]
    public async Task A_nested_worker_and_all_types_around_it_become_partial_at_once(string id)
    {
        var program = FixableProgram.Of("""
            using Jobs;
            public sealed record EmailArgs(string Email);
            public record struct Company
            {
                public interface IOffice
                {
                    [Worker]
                    public class Mailer
                    {
                        [Perform]
                        public void Deliver(EmailArgs args) { }
                    }
                }
            }
            """);

        var mended = await program.FixAsync(id, "Make Mailer and the types around it partial");

        Assert.Empty(await mended.ErrorsAsync());
        var text = await mended.TextAsync();
        Assert.All((string[])["public partial record struct Company", "public partial interface IOffice", "public partial class Mailer"],
            declaration => Assert.Contains(declaration, text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task No_fix_is_offered_in_a_generic_type_where_partial_does_not_help()
    {
        var program = FixableProgram.Of("""
            using Jobs;
            public sealed record EmailArgs(string Email);
            public class Mailings<T>
            {
                [Worker]
                public class Mailer
                {
                    [Perform]
                    public void Deliver(EmailArgs args) { }
                }
            }
            """);

        Assert.Empty(await program.OffersAsync("JOB001"));
        Assert.Empty(await program.OffersAsync("JOB002"));
    }

    [Fact]
    public async Task Fix_all_makes_the_workers_of_all_files_partial()
    {
        var program = FixableProgram.Of(
            """
            using Jobs;
            public sealed record EmailArgs(string Email);
            [Worker] public class A { [Perform] public void Deliver(EmailArgs args) { } }
            [Worker] public class B { [Perform] public void Deliver(EmailArgs args) { } }
            """,
            """
            using Jobs;
            [Worker] class C { [Perform] public void Deliver(EmailArgs args) { } }
            """);

        var mended = await program.FixAllAsync("JOB001", "Make A partial");

        Assert.Equal(["JOB001", "JOB001", "JOB001"], await program.ErrorsAsync());
        Assert.Empty(await mended.ErrorsAsync());
    }

    [Fact]
    public async Task Fix_all_makes_a_type_partial_once_that_has_several_workers()
    {
        var program = FixableProgram.Of("""
            using Jobs;
            public sealed record EmailArgs(string Email);
            public class Mailings
            {
                [Worker]
                public class A { [Perform] public void Deliver(EmailArgs args) { } }

                [Worker]
                public class B { [Perform] public void Deliver(EmailArgs args) { } }
            }
            """);

        var mended = await program.FixAllAsync("JOB002", "Make A and the types around it partial");

        Assert.Empty(await mended.ErrorsAsync());
        Assert.Equal((await program.TextAsync()).Replace("class", "partial class", StringComparison.Ordinal), await mended.TextAsync());
    }
}
