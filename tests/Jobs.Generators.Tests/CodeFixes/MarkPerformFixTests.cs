namespace Jobs.Generators.Tests.CodeFixes;

public class MarkPerformFixTests
{
    [Fact]
    public async Task The_method_that_looks_like_one_is_marked_on_a_line_of_its_own()
    {
        var program = FixableProgram.Of("""
            using System.Threading.Tasks;
            using Jobs;
            public sealed record EmailArgs(string Email);
            [Worker]
            public partial class Mailer
            {
                /// <summary>Mails.</summary>
                public Task DeliverAsync(EmailArgs args, JobContext job, BatchRef? batch) => Task.CompletedTask;
            }
            """);

        var mended = await program.FixAsync("JOB004", "Mark DeliverAsync with [Perform]");

        Assert.Contains("""
                /// <summary>Mails.</summary>
                [Perform]
                public Task DeliverAsync(
            """, await mended.TextAsync(), StringComparison.Ordinal);
        Assert.Empty(await mended.ErrorsAsync());
    }

    [Fact]
    public async Task Each_method_that_could_be_one_is_offered_and_no_other()
    {
        var program = FixableProgram.Of("""
            using System.Threading.Tasks;
            using Jobs;
            public sealed record EmailArgs(string Email);
            [Worker]
            public partial class Mailer
            {
                public void One(EmailArgs args) { }
                public Task<JobOutcome> Two(BatchComplete batch) => Task.FromResult(JobOutcome.Complete);
                public ValueTask Three(EmailArgs args, BatchRef batch) => default;
                public bool ReturnsSomethingElse(EmailArgs args) => true;
                public Task<int> ReturnsATaskOfSomethingElse(EmailArgs args) => Task.FromResult(1);
                public async void CannotBeWaitedFor(EmailArgs args) => await Task.Yield();
                public void TakesNoArgs(JobContext job, BatchRef batch) { }
                public void TakesTwo(EmailArgs args, BatchComplete batch) { }
                public void TakesByReference(in EmailArgs args) { }
                public void IsGeneric<T>(EmailArgs args) { }
            }
            """);

        Assert.Equal(
            ["Mark One with [Perform]", "Mark Two with [Perform]", "Mark Three with [Perform]"],
            await program.OffersAsync("JOB004"));
    }

    [Fact]
    public async Task The_attribute_is_written_in_full_where_its_namespace_is_not_imported()
    {
        var program = FixableProgram.Of("""
            public sealed record EmailArgs(string Email);
            [Jobs.Worker]
            public partial class Mailer
            {
                public void Deliver(EmailArgs args) { }
            }
            """);

        var mended = await program.FixAsync("JOB004", "Mark Deliver with [Perform]");

        Assert.Contains("    [global::Jobs.Perform]\n    public void Deliver", await mended.TextAsync(), StringComparison.Ordinal);
        Assert.Empty(await mended.ErrorsAsync());
    }

    [Fact]
    public async Task A_method_in_another_part_of_the_worker_is_marked_there()
    {
        var program = FixableProgram.Of(
            """
            using Jobs;
            public sealed record EmailArgs(string Email);
            [Worker] public partial class Mailer;
            """,
            """
            using Jobs;
            public partial class Mailer { public void Deliver(EmailArgs args) { } }
            """);

        var mended = await program.FixAsync("JOB004", "Mark Deliver with [Perform]");

        Assert.Contains("{ [Perform] public void Deliver", (await mended.TextsAsync())[1], StringComparison.Ordinal);
        Assert.Empty(await mended.ErrorsAsync());
    }

    [Fact]
    public async Task Fix_all_marks_the_methods_of_that_name_in_all_workers()
    {
        const string worker = """
            using Jobs;
            public sealed record Args(string Email);
            [Worker]
            public partial class Mailer
            {
                public void Run(Args args) { }
                public void Walk(Args args) { }
            }
            """;
        var program = FixableProgram.Of($"namespace A;\n{worker}", $"namespace B;\n{worker}");

        var mended = await program.FixAllAsync("JOB004", "Mark Run with [Perform]");

        Assert.Equal(["JOB004", "JOB004"], await program.ErrorsAsync());
        Assert.Empty(await mended.ErrorsAsync());
        Assert.All(await mended.TextsAsync(), text => Assert.Contains("[Perform]\n    public void Run", text, StringComparison.Ordinal));
    }
}
