using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Jobs.Runtime.Tests.Behaviour;

public sealed class EnqueueMiddlewareTests
{
    static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task The_first_registered_is_the_outermost_and_sees_what_was_stored()
    {
        var seen = new List<string>();
        await using var host = await StartAsync(
            async (context, next) =>
            {
                seen.Add("outer before");
                await next(None);
                seen.Add($"outer after {context.Enqueued.Count}");
            },
            async (_, next) =>
            {
                seen.Add("inner before");
                await next(None);
                seen.Add("inner after");
            });

        var job = await host.Client.EnqueueAsync(Greeter.New(new Greeting("hello")), None);
        var jobs = await host.Client.EnqueueManyAsync([Greeter.New(new Greeting("a")), Greeter.New(new Greeting("b"))], None);

        Assert.True(job.IsNew);
        Assert.Equal(2, jobs.Count);
        Assert.Equal(
            ["outer before", "inner before", "inner after", "outer after 1", "outer before", "inner before", "inner after", "outer after 2"], seen);
    }

    [Theory]
    [InlineData("one")]
    [InlineData("many")]
    [InlineData("batch")]
    public async Task It_changes_the_jobs_of_every_way_to_enqueue(string way)
    {
        await using var host = await StartAsync((context, next) =>
        {
            context.Jobs = context.Jobs.Select(job => job with { Tags = ["seen", context.BatchId ?? "none", $"{context.IsSingle}"] });
            return next(None);
        });
        NewJob[] jobs = [Greeter.New(new Greeting("hello"))];

        if (way == "one")
            await host.Client.EnqueueAsync(jobs[0], None);
        else if (way == "many")
            await host.Client.EnqueueManyAsync(jobs, None);
        else
            await host.Client.EnqueueBatchAsync("b", jobs, cancellationToken: None);

        Assert.Equal(["seen", way == "batch" ? "b" : "none", $"{way == "one"}"], await host.ScalarAsync<string[]>("SELECT tags FROM jobs.jobs WHERE callback IS NULL"));
    }

    [Fact]
    public async Task It_sees_the_callers_transaction()
    {
        var seen = new List<DbTransaction?>();
        await using var host = await StartAsync((context, next) =>
        {
            seen.Add(context.Transaction);
            return next(None);
        });
        await using var connection = new NpgsqlConnection(host.ConnectionString);
        await connection.OpenAsync(None);
        await using var transaction = await connection.BeginTransactionAsync(None);

        await host.Client.EnqueueAsync(Greeter.New(new Greeting("hello")), transaction, None);
        await host.Client.EnqueueManyAsync([Greeter.New(new Greeting("hello"))], options => options.Transaction = transaction, None);
        await host.Client.EnqueueAsync(Greeter.New(new Greeting("hello")), None);
        await transaction.RollbackAsync(None);

        Assert.Equal([transaction, transaction, null], seen);
        Assert.Equal(1, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs"));
    }

    [Fact]
    public async Task What_it_throws_stores_nothing_and_reaches_the_caller()
    {
        await using var host = await StartAsync((_, _) => throw new FormatException("No jobs today."));
        var job = Greeter.New(new Greeting("hello"));

        await Assert.ThrowsAsync<FormatException>(() => host.Client.EnqueueAsync(job, None));
        await Assert.ThrowsAsync<FormatException>(() => host.Client.EnqueueManyAsync([job], None));
        await Assert.ThrowsAsync<FormatException>(() => host.Client.EnqueueBatchAsync([job], cancellationToken: None));

        Assert.Equal(0, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs"));
    }

    [Fact]
    public async Task One_that_does_not_call_next_or_calls_it_twice_is_told_so()
    {
        await using var silent = await StartAsync((_, _) => Task.CompletedTask);
        await using var eager = await StartAsync(async (_, next) =>
        {
            await next(None);
            await next(None);
        });

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => silent.Client.EnqueueAsync(Greeter.New(new Greeting("hello")), None));
        var twice = await Assert.ThrowsAsync<InvalidOperationException>(() => eager.Client.EnqueueManyAsync([Greeter.New(new Greeting("hello"))], None));

        Assert.Contains("did not call next", refused.Message, StringComparison.Ordinal);
        Assert.Contains("called next twice", twice.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "no job")]
    [InlineData(2, "several jobs")]
    public async Task One_job_stays_one(int count, string said)
    {
        await using var host = await StartAsync((context, next) =>
        {
            context.Jobs = AsyncEnumerable.Repeat(Greeter.New(new Greeting("hello")), count);
            return next(None);
        });

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => host.Client.EnqueueAsync(Greeter.New(new Greeting("hello")), None));

        Assert.Contains(said, refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs"));
    }

    [Fact]
    public async Task What_it_makes_of_a_job_is_checked_as_if_the_caller_had_made_it()
    {
        await using var host = await StartAsync((context, next) =>
        {
            context.Jobs = context.Jobs.Select(job => job with { ScheduleAt = DateTimeOffset.UtcNow }).Select(job => job with { ScheduleIn = TimeSpan.FromSeconds(1) });
            return next(None);
        });

        await Assert.ThrowsAsync<ArgumentException>(() => host.Client.EnqueueAsync(Greeter.New(new Greeting("hello")), None));
    }

    static Task<TestHost> StartAsync(params Func<EnqueueContext, Func<CancellationToken, Task>, Task>[] middlewares) =>
        TestHost.StartAsync(jobs =>
        {
            foreach (var middleware in middlewares)
                jobs.Services.AddSingleton<IEnqueueMiddleware>(new Middleware(middleware));
        });

    sealed class Middleware(Func<EnqueueContext, Func<CancellationToken, Task>, Task> enqueue) : IEnqueueMiddleware
    {
        public Task EnqueueAsync(EnqueueContext context, Func<CancellationToken, Task> next, CancellationToken cancellationToken) => enqueue(context, next);
    }
}
