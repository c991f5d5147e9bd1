namespace Jobs.Generators.Tests.CodeFixes;

public class ReturnTaskFixTests
{
    [Theory, InlineData("using System.Threading.Tasks;", "Task"), InlineData("", "global::System.Threading.Tasks.Task")]
    public async Task An_async_void_method_returns_a_task(string imports, string task)
    {
        var program = FixableProgram.Of($$"""
            {{imports}}
            using Jobs;
            public sealed record EmailArgs(string Email);
            [Worker]
            public partial class Mailer
            {
                [Perform]
                public async void Deliver(EmailArgs args) => await System.Threading.Tasks.Task.Yield();
            }
            """);

        var mended = await program.FixAsync("JOB005", "Return a Task from Deliver");

        Assert.Contains($"public async {task} Deliver(", await mended.TextAsync(), StringComparison.Ordinal);
        Assert.Empty(await mended.ErrorsAsync());
    }

    [Fact]
    public async Task Fix_all_does_so_for_all_of_them()
    {
        var program = FixableProgram.Of("""
            using System.Threading.Tasks;
            using Jobs;
            public sealed record EmailArgs(string Email);
            public sealed record LetterArgs(string Address);
            [Worker]
            public partial class Mailer
            {
                [Perform] public async void Deliver(EmailArgs args) => await Task.Yield();
                [Perform] public async void Post(LetterArgs args) => await Task.Yield();
            }
            """);

        var mended = await program.FixAllAsync("JOB005", "Return a Task from Deliver");

        Assert.Equal(["JOB005", "JOB005"], await program.ErrorsAsync());
        Assert.Empty(await mended.ErrorsAsync());
    }

    [Fact]
    public async Task Nothing_is_offered_for_another_result_which_somebody_has_to_think_about()
    {
        var program = FixableProgram.Of("""
            using Jobs;
            public sealed record EmailArgs(string Email);
            [Worker]
            public partial class Mailer
            {
                [Perform]
                public bool Deliver(EmailArgs args) => true;
            }
            """);

        Assert.Empty(await program.OffersAsync("JOB005"));
    }
}
