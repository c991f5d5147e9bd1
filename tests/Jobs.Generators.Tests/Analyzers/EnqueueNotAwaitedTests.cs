namespace Jobs.Generators.Tests.Analyzers;

public class EnqueueNotAwaitedTests
{
    [Theory]
    [InlineData("static async Task It(JobClient c, NewJob j) { await c.EnqueueAsync(j); }")]
    [InlineData("static Task It(JobClient c, NewJob j) => c.EnqueueAsync(j);")]
    [InlineData("static Task It(JobClient c, NewJob j) { var task = c.EnqueueAsync(j); return task; }")]
    [InlineData("static void It(JobClient c, NewJob j) { _ = c.EnqueueAsync(j); }")]
    [InlineData("static void It(JobClient c, NewJob j) { c.EnqueueAsync(j).Wait(); }")]
    [InlineData("static void It(JobClient c) { c.GetBatchAsync(\"b\"); }")]
    public async Task A_task_that_is_awaited_returned_kept_or_discarded_in_so_many_words_is_right(string member) =>
        Assert.Empty(await AdvisedProgram.DiagnoseAsync(member));

    [Theory]
    [InlineData("static void It(JobClient c, NewJob j) => c.EnqueueAsync(j);")]
    [InlineData("static void It(JobClient? c, NewJob j) { c?.EnqueueAsync(j); }")]
    [InlineData("static void It(JobClient c, NewJob j) { c.EnqueueAsync(j).ConfigureAwait(false); }")]
    [InlineData("static void It(JobClient c, NewJob[] j) { c.EnqueueManyAsync(j); }")]
    [InlineData("static void It(JobClient c, NewJob[] j) { c.EnqueueBatchAsync(\"b\", j); }")]
    [InlineData("static async Task It(JobClient c, List<NewJob> j) { j.ForEach(one => c.EnqueueAsync(one)); await Task.Yield(); }")]
    [InlineData("static async Task It(JobClient c, NewJob j) { await Task.Yield(); void Local() { c.EnqueueAsync(j); } Local(); }")]
    public async Task A_dropped_task_is_warned_of(string member) => Assert.Equal(["JOB023"], await AdvisedProgram.DiagnoseAsync(member));

    [Fact]
    public async Task In_an_async_method_the_compiler_says_it_itself()
    {
        var program = AdvisedProgram.Compile("static async Task It(JobClient c, NewJob j) { c.EnqueueAsync(j); await Task.Yield(); }");

        Assert.Empty(await program.DiagnoseAsync());
        Assert.Contains(program.Compilation.GetDiagnostics(TestContext.Current.CancellationToken), diagnostic => diagnostic.Id == "CS4014");
    }
}
