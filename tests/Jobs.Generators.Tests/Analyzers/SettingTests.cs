using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Jobs.Generators.Tests.Analyzers;

/// <summary>The analyzer refuses what the run time refuses, and nothing else: each program is also run.</summary>
public class SettingTests
{
    static readonly string TooLong = new('q', 201);

    public static TheoryData<string> Options =>
    [
        .. Each("Priority", "-1", "0", "9", "10"),
        .. Each("MaxAttempts", "0", "1", "1000", "1001"),
        .. Each("Queue", "\"\"", "\" \"", "\"mail\"", $"\"{TooLong[1..]}\"", $"\"{TooLong}\"", "null!"),
        .. Each("ScheduleIn", "TimeSpan.FromSeconds(-1)", "TimeSpan.Zero", "null", "default", "TimeSpan.FromDays(36_500)", "TimeSpan.FromDays(36_501)", "-TimeSpan.FromHours(1)"),
        .. Each("ScheduleIn", "TimeSpan.FromMinutes(-0.5)", "new TimeSpan(1, 0, -1)", "new TimeSpan(0, 0, -1)", "new TimeSpan(-1)", "TimeSpan.MaxValue", "TimeSpan.MinValue", "Timeout.InfiniteTimeSpan"),
        .. Each("ScheduleIn", "default(TimeSpan)", "TimeSpan.FromDays(1, hours: -25)", "TimeSpan.FromDays(1, hours: -23)", "TimeSpan.FromMicroseconds(-1)", "TimeSpan.FromTicks(-1)"),
    ];

    static IEnumerable<string> Each(string option, params string[] values) => values.Select(value => $"{option} = {value}");

    [Theory, MemberData(nameof(Options))]
    public async Task An_option_of_a_job_is_refused_exactly_where_making_the_job_throws(string option)
    {
        var program = AdvisedProgram.Compile($$"""public static void It() => It(Mailer.New(new EmailArgs("a")) with { {{option}} }); static void It(NewJob job) { }""");

        await AssertRefusedIfItThrowsAsync(program, It(program, "It"));
    }

    [Theory, InlineData("TimeSpan.FromSeconds(-1)"), InlineData("TimeSpan.Zero"), InlineData("TimeSpan.MaxValue"), InlineData("TimeSpan.FromTicks(-1)")]
    public async Task The_delay_of_an_outcome_is_refused_exactly_where_the_call_throws(string delay)
    {
        var snooze = AdvisedProgram.Compile($"public static void It() => JobOutcome.Snooze({delay});");
        var retry = AdvisedProgram.Compile($"public static void It() => JobOutcome.RetryAfter(reason: \"busy\", delay: {delay});");

        await AssertRefusedIfItThrowsAsync(snooze, It(snooze, "It"));
        await AssertRefusedIfItThrowsAsync(retry, It(retry, "It"));
    }

    [Theory]
    [InlineData("AddQueue(\"mail\", 0)"), InlineData("AddQueue(\"mail\", 1)"), InlineData("AddQueue(\"mail\", 10_000)"), InlineData("AddQueue(concurrency: 10_001, name: \"mail\")")]
    [InlineData("AddQueue(\"\", 1)"), InlineData("AddQueue(\" \", 1)"), InlineData("AddQueue(\"a\\0\", 1)")]
    [InlineData("Configure(o => o.NodeName = \"\")"), InlineData("Configure(o => o.NodeName = \"mailer-1\")"), InlineData("Configure(o => o.NodeName = \"a\\0\")")]
    [InlineData("Configure(o => o.PollInterval = TimeSpan.FromMilliseconds(9))"), InlineData("Configure(o => o.PollInterval = TimeSpan.FromMilliseconds(10))")]
    [InlineData("Configure(o => o.PollInterval = TimeSpan.FromMinutes(1))"), InlineData("Configure(o => o.PollInterval = TimeSpan.FromSeconds(61))")]
    [InlineData("Configure(o => o.NodeLease = TimeSpan.FromSeconds(2.9))"), InlineData("Configure(o => o.NodeLease = TimeSpan.FromSeconds(3))")]
    [InlineData("Configure(o => o.NodeLease = TimeSpan.FromHours(1))"), InlineData("Configure(o => o.NodeLease = TimeSpan.FromMinutes(61))")]
    [InlineData("Configure(o => o.ShutdownGrace = Timeout.InfiniteTimeSpan)"), InlineData("Configure(o => o.ShutdownGrace = TimeSpan.Zero)")]
    [InlineData("Configure(o => o.ShutdownGrace = TimeSpan.FromDays(1))"), InlineData("Configure(o => { o.ShutdownGrace = TimeSpan.FromHours(25); })")]
    [InlineData("Configure(o => o.TimeoutGrace = TimeSpan.Zero)"), InlineData("Configure(o => o.TimeoutGrace = TimeSpan.FromMinutes(61))")]
    [InlineData("Configure(o => o.Retention.Completed = TimeSpan.FromDays(-1))"), InlineData("Configure(o => o.Retention.Completed = null)")]
    [InlineData("Configure(o => o.Retention.Cancelled = Timeout.InfiniteTimeSpan)"), InlineData("Configure(o => o.Retention.Discarded = TimeSpan.FromDays(36_501))")]
    [InlineData("Configure(o => o.Retention.Batches = TimeSpan.Zero)"), InlineData("Configure(o => o.Retention.Batches = TimeSpan.MaxValue)")]
    [InlineData("Configure(o => o.Retention.Queues[\"mail\"] = new() { Completed = TimeSpan.FromHours(-1) })")]
    [InlineData("Configure(o => o.Retention.Workers[\"App.Mailer\"] = new() { Cancelled = TimeSpan.FromHours(1), Discarded = Timeout.InfiniteTimeSpan })")]
    public async Task A_setting_of_a_host_is_refused_exactly_where_the_host_does_not_start(string setting)
    {
        var program = AdvisedProgram.Compile($"public static void Configure(JobsBuilder jobs) => jobs.{setting};");
        var configure = (Action<JobsBuilder>)Delegate.CreateDelegate(typeof(Action<JobsBuilder>), Caller(program).GetMethod("Configure")!);

        await AssertRefusedIfItThrowsAsync(program, () => Validate(configure));
    }

    static void Validate(Action<JobsBuilder> configure)
    {
        using var services = new ServiceCollection().AddJobs(jobs => configure(jobs.UsePostgres("Host=nowhere"))).BuildServiceProvider();
        _ = services.GetRequiredService<IOptions<JobsOptions>>().Value;
    }

    [Theory]
    [InlineData("c.EnqueueBatchAsync(\"\", j)", true), InlineData("c.GetBatchAsync(\" \")", true), InlineData("c.GetBatchAsync(\"a\\uD800\")", true)]
    [InlineData("c.EnqueueBatchAsync(\"weekly\", j)", false), InlineData("c.EnqueueBatchAsync(j)", false)]
    public async Task The_id_of_a_batch_has_to_be_a_name(string call, bool isRefused) =>
        Assert.Equal(isRefused ? ["JOB021"] : [], await AdvisedProgram.DiagnoseAsync($"static Task It(JobClient c, NewJob[] j) => {call};"));

    [Theory]
    [InlineData("j with { ScheduleIn = TimeSpan.Zero, ScheduleAt = now }", true)]
    [InlineData("j with { ScheduleAt = DateTime.UtcNow, ScheduleIn = delay.Value }", true)]
    [InlineData("j with { ScheduleIn = TimeSpan.Zero } with { ScheduleAt = now }", true)]
    [InlineData("(j with { ScheduleIn = TimeSpan.Zero, ScheduleAt = now }) with { Priority = 1 }", true)]
    [InlineData("j with { ScheduleIn = TimeSpan.Zero } with { ScheduleAt = now, ScheduleIn = null }", false)]
    [InlineData("j with { ScheduleIn = delay, ScheduleAt = now }", false)]
    [InlineData("j with { ScheduleIn = null, ScheduleAt = now }", false)]
    [InlineData("j with { ScheduleIn = delay is null ? TimeSpan.Zero : null, ScheduleAt = now }", false)]
    public async Task A_job_that_is_sure_to_have_two_schedules_is_refused_once(string job, bool isRefused) => Assert.Equal(
        isRefused ? ["JOB021"] : [],
        await AdvisedProgram.DiagnoseAsync($"static NewJob It(NewJob j, TimeSpan? delay, DateTimeOffset now) => {job};"));

    static Type Caller(UserProgram program) => Assembly.Load(program.Emit()).GetType("App.Caller")!;

    static Action It(UserProgram program, string method) => Caller(program).GetMethod(method)!.CreateDelegate<Action>();

    static async Task AssertRefusedIfItThrowsAsync(UserProgram program, Action run)
    {
        var thrown = Record.Exception(run);

        Assert.Equal(thrown is null ? [] : ["JOB021"], (await program.DiagnoseAsync()).Select(diagnostic => diagnostic.Id));
    }
}
