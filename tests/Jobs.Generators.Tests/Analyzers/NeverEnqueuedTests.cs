namespace Jobs.Generators.Tests.Analyzers;

/// <summary>The wrong programs are snapshots. These are neighbours of them that are right, and forms that are wrong all the same.</summary>
public class NeverEnqueuedTests
{
    [Theory]
    [InlineData("static async Task It(JobClient c, EmailArgs a) => await c.EnqueueAsync(Mailer.New(a));")]
    [InlineData("static NewJob It(EmailArgs a) => Mailer.New(a);")]
    [InlineData("static NewJob It(EmailArgs a) { var job = Mailer.New(a); return job with { Priority = 1 }; }")]
    [InlineData("static Task It(JobClient c, EmailArgs a) { var job = Mailer.New(a); Func<Task> later = () => c.EnqueueAsync(job); return later(); }")]
    [InlineData("static Task It(JobClient c, EmailArgs a) { var job = Mailer.New(a); return Local(); Task Local() => c.EnqueueAsync(job); }")]
    [InlineData("static async Task It(JobClient c, EmailArgs a, bool now) { var job = Mailer.New(a); if (!now) job = job with { Priority = 1 }; await c.EnqueueAsync(job); }")]
    [InlineData("static Task It(JobClient c, List<EmailArgs> all) => c.EnqueueManyAsync(all.Select(Mailer.New));")]
    [InlineData("static void It(List<NewJob> jobs, EmailArgs a) { jobs.Add(Mailer.New(a)); }")]
    [InlineData("static NewJob? Kept; static void It(EmailArgs a) { Kept = Mailer.New(a); }")]
    [InlineData("static void It(out NewJob job, EmailArgs a) => job = Mailer.New(a);")]
    public async Task A_job_that_goes_somewhere_is_right(string member) => Assert.Empty(await AdvisedProgram.DiagnoseAsync(member));

    [Fact]
    public async Task A_lambda_without_parameters_may_be_there_to_throw() =>
        Assert.Empty(await AdvisedProgram.DiagnoseAsync("static void Throws(Action action) { } static void It(EmailArgs a) => Throws(() => Mailer.New(a));"));

    [Fact]
    public async Task New_of_a_class_that_is_no_worker_is_none_of_our_business() =>
        Assert.Empty(await AdvisedProgram.DiagnoseAsync("static NewJob New(EmailArgs a) => Mailer.New(a); static void It(EmailArgs a) { Caller.New(a); }"));

    [Theory]
    [InlineData("static void It(EmailArgs a) => Mailer.New(a);")]
    [InlineData("static void It(EmailArgs a) { object job = Mailer.New(a); }")]
    [InlineData("static void It(EmailArgs a) { _ = (object)Mailer.New(a); }")]
    [InlineData("static void It(EmailArgs a) { void Local() => Mailer.New(a); Local(); }")]
    [InlineData("static void It(EmailArgs a) { var job = Mailer.New(a); job = job with { Priority = 1 } with { Queue = \"mail\" }; }")]
    [InlineData("static void It(List<EmailArgs> all) { foreach (var a in all) { var job = Mailer.New(a); } }")]
    [InlineData("static Action<EmailArgs> It { get; } = a => { var job = Mailer.New(a); };")]
    public async Task A_job_that_goes_nowhere_is_warned_of(string member) =>
        Assert.Equal(["JOB020"], await AdvisedProgram.DiagnoseAsync(member));

    [Fact]
    public async Task A_local_of_a_method_that_cannot_be_parsed_is_left_alone() =>
        Assert.DoesNotContain("JOB020", await AdvisedProgram.DiagnoseAsync("static Task It(JobClient c, EmailArgs a) { var job = Mailer.New(a); return c.EnqueueAsync(; }"));
}
