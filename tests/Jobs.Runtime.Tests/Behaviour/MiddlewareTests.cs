using Jobs.Queues;
using Microsoft.Extensions.DependencyInjection;

namespace Jobs.Runtime.Tests.Behaviour;

public sealed class MiddlewareTests
{
    [Fact]
    public async Task Middleware_stands_around_the_perform_in_the_order_of_its_registration_and_in_the_scope_of_the_job()
    {
        await using var host = await TestHost.StartAsync(jobs => jobs.Services
            .AddSingleton<IPerformMiddleware, Outer>()
            .AddScoped<IPerformMiddleware, Inner>());

        var job = await host.Client.EnqueueAsync(Greeter.New(new Greeting("hello")), TestContext.Current.CancellationToken);

        await host.StateAsync(job.Id, "completed");
        Assert.Equal(
            ["outer before greeter", "inner before", "hello, attempt 1", "worker disposed", "inner after Complete", "outer after Complete", "scope disposed"],
            host.Script.Events);
    }

    [Fact]
    public async Task Middleware_can_change_the_outcome_keep_the_worker_from_running_and_fail_the_attempt()
    {
        await using var host = await TestHost.StartAsync(jobs => jobs.Services.AddScoped<IPerformMiddleware, Gate>());

        var changed = await host.Client.EnqueueAsync(Greeter.New(new Greeting("changed")) with { Priority = 1 }, TestContext.Current.CancellationToken);
        var kept = await host.Client.EnqueueAsync(Greeter.New(new Greeting("kept")) with { Priority = 2 }, TestContext.Current.CancellationToken);
        var failed = await host.Client.EnqueueAsync(Greeter.New(new Greeting("failed")) with { Priority = 3 }, TestContext.Current.CancellationToken);

        await host.StateAsync(changed.Id, "discarded");
        await host.StateAsync(kept.Id, "cancelled");
        await host.StateAsync(failed.Id, "retryable");
        Assert.Contains("changed, attempt 1", host.Script.Events);
        Assert.DoesNotContain("kept, attempt 1", host.Script.Events);
        Assert.Contains("System.FormatException: gate", await host.ScalarAsync<string>($"SELECT errors->0->>'error' FROM jobs.jobs WHERE id = {failed.Id}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_without_middleware_asks_for_none()
    {
        await using var host = await TestHost.StartAsync();

        Assert.False(host.Services.GetRequiredService<PerformMiddleware>().IsUsed);
    }

    sealed class Outer(Script script) : IPerformMiddleware
    {
        public async ValueTask<JobOutcome> PerformAsync(JobContext job, Func<CancellationToken, ValueTask<JobOutcome>> next, CancellationToken cancellationToken)
        {
            script.Say($"outer before {job.Worker}");
            var outcome = await next(cancellationToken);
            script.Say($"outer after {outcome.Kind}");
            return outcome;
        }
    }

    sealed class Inner(Script script, ScopedThing thing) : IPerformMiddleware
    {
        public async ValueTask<JobOutcome> PerformAsync(JobContext job, Func<CancellationToken, ValueTask<JobOutcome>> next, CancellationToken cancellationToken)
        {
            Assert.Same(thing, job.Services.GetRequiredService<ScopedThing>());
            script.Say("inner before");
            var outcome = await next(cancellationToken);
            script.Say($"inner after {outcome.Kind}");
            return outcome;
        }
    }

    sealed class Gate : IPerformMiddleware
    {
        public async ValueTask<JobOutcome> PerformAsync(JobContext job, Func<CancellationToken, ValueTask<JobOutcome>> next, CancellationToken cancellationToken)
        {
            var text = System.Text.Encoding.UTF8.GetString(job.Args.Span);
            if (text.Contains("kept", StringComparison.Ordinal))
                return JobOutcome.Cancel("kept by the gate");
            if (text.Contains("failed", StringComparison.Ordinal))
                throw new FormatException("gate");
            await next(cancellationToken);
            return JobOutcome.Discard("changed by the gate");
        }
    }
}
