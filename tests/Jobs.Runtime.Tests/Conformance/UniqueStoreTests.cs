using System.Text.Json;
using Jobs.Generated;
using Jobs.Store;

namespace Jobs.Runtime.Tests.Conformance;

/// <summary>What every store must do with jobs that are one with others.</summary>
public abstract class UniqueStoreTests
{
    static readonly WorkerDefinition Unique = Worker(new Uniqueness());

    private protected abstract Task<StoreHarness> StartAsync();

    /// <summary>The ways to enqueue, each of which must keep to the same.</summary>
    public static TheoryData<Way> Ways => [.. Enum.GetValues<Way>()];

    public enum Way
    {
        One,
        Many,
        Thousands,
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task An_equal_job_is_not_stored_and_the_answer_is_the_one_that_is(Way way)
    {
        await using var harness = await StartAsync();

        var first = await EnqueueAsync(harness, way, Job("a"));
        var again = await EnqueueAsync(harness, way, Job("a"));
        var other = await EnqueueAsync(harness, way, Job("b"));

        Assert.True(first.IsNew);
        Assert.Equal(new EnqueuedJob(first.Id, IsNew: false), again);
        Assert.True(other.IsNew);
        Assert.Equal(2, await CountAsync(harness, way, calls: 3));
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task A_period_ends_exactly_when_it_is_over(Way way)
    {
        await using var harness = await StartAsync();
        var job = Job("a", Worker(new Uniqueness { Period = TimeSpan.FromHours(1) }));
        await harness.MoveClockAsync(TimeSpan.Zero);
        var first = await EnqueueAsync(harness, way, job);

        await harness.MoveClockAsync(TimeSpan.FromMinutes(50));
        Assert.Equal(new EnqueuedJob(first.Id, IsNew: false), await EnqueueAsync(harness, way, job));
        await harness.MoveClockAsync(TimeSpan.FromMinutes(60));
        var second = await EnqueueAsync(harness, way, job);
        await harness.MoveClockAsync(TimeSpan.FromMinutes(110));
        Assert.Equal(new EnqueuedJob(second.Id, IsNew: false), await EnqueueAsync(harness, way, job));

        Assert.True(second.IsNew);
        Assert.NotEqual(first.Id, second.Id);
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task A_period_since_a_job_is_due_begins_then(Way way)
    {
        await using var harness = await StartAsync();
        var worker = Worker(new Uniqueness { Period = TimeSpan.FromHours(1), Since = UniqueSince.Due });
        var job = Job("a", worker) with { ScheduleIn = TimeSpan.FromHours(1) };
        var past = Job("b", worker) with { ScheduleAt = DateTimeOffset.UtcNow.AddHours(-1) };
        var first = await EnqueueAsync(harness, way, job);
        var early = await EnqueueAsync(harness, way, past);

        Assert.False((await EnqueueAsync(harness, way, past)).IsNew);
        await harness.MoveClockAsync(TimeSpan.FromMinutes(110));
        Assert.Equal(first.Id, (await EnqueueAsync(harness, way, job)).Id);
        Assert.NotEqual(early.Id, (await EnqueueAsync(harness, way, past)).Id);
        await harness.MoveClockAsync(TimeSpan.FromMinutes(121));
        Assert.NotEqual(first.Id, (await EnqueueAsync(harness, way, job)).Id);
    }

    [Theory]
    [InlineData(UniqueStates.Unfinished, JobState.Retryable, true)]
    [InlineData(UniqueStates.Unfinished, JobState.Scheduled, true)]
    [InlineData(UniqueStates.Unfinished, JobState.Completed, false)]
    [InlineData(UniqueStates.Unfinished, JobState.Cancelled, false)]
    [InlineData(UniqueStates.Unfinished, JobState.Discarded, false)]
    [InlineData(UniqueStates.Successful, JobState.Completed, true)]
    [InlineData(UniqueStates.Successful, JobState.Cancelled, false)]
    [InlineData(UniqueStates.Successful, JobState.Discarded, false)]
    [InlineData(UniqueStates.All, JobState.Completed, true)]
    [InlineData(UniqueStates.All, JobState.Cancelled, true)]
    [InlineData(UniqueStates.All, JobState.Discarded, true)]
    public async Task A_job_stands_in_the_way_in_the_states_that_were_chosen(UniqueStates states, JobState state, bool isHeld)
    {
        await using var harness = await StartAsync();
        var job = Job("a", Worker(new Uniqueness { States = states, Period = TimeSpan.FromHours(1) }));
        var first = await EnqueueAsync(harness, Way.One, job);
        var claimed = await harness.ClaimOneAsync(await harness.RegisterNodeAsync());
        Assert.Equal(first.Id, (await EnqueueAsync(harness, Way.One, job)).Id);
        await harness.AcknowledgeAsync(claimed, state, TimeSpan.FromHours(1));

        Assert.Equal(isHeld, first.Id == (await EnqueueAsync(harness, Way.One, job)).Id);
        Assert.Equal(isHeld, first.Id == (await EnqueueAsync(harness, Way.Many, job)).Id);
    }

    [Theory]
    [InlineData(UniqueStates.Unfinished, 3_600, false)]
    [InlineData(UniqueStates.Successful, 3_600, true)]
    [InlineData(UniqueStates.Successful, 0, false)]
    [InlineData(UniqueStates.All, 3_600, true)]
    [InlineData(UniqueStates.All, 0, false)]
    public async Task The_period_of_a_job_that_is_gone_runs_on_unless_it_is_as_long_as_the_job_is_retained(UniqueStates states, int seconds, bool isHeld)
    {
        await using var harness = await StartAsync();
        var job = Job("a", Worker(new Uniqueness { States = states, Period = seconds == 0 ? null : TimeSpan.FromSeconds(seconds) }));
        var first = await EnqueueAsync(harness, Way.One, job);
        await harness.DeleteJobAsync(first.Id);

        var again = await EnqueueAsync(harness, Way.Many, job);

        Assert.Equal(!isHeld, again.IsNew);
        if (isHeld)
            await harness.MoveClockAsync(TimeSpan.FromHours(1));
        Assert.Equal(isHeld, (await EnqueueAsync(harness, Way.One, job)).IsNew);
    }

    [Fact]
    public async Task Queue_and_batch_make_jobs_differ_unless_they_are_not_to()
    {
        await using var harness = await StartAsync();
        var anywhere = Job("a", Worker(new Uniqueness { PerQueue = false, PerBatch = false }));

        Assert.True((await EnqueueAsync(harness, Way.One, Job("a"))).IsNew);
        Assert.True((await EnqueueAsync(harness, Way.One, Job("a") with { Queue = "other" })).IsNew);
        Assert.Equal(1, (await EnqueueBatchAsync(harness, "b1", Job("a"))).Total);
        Assert.Equal(1, (await EnqueueBatchAsync(harness, "b2", Job("a"))).Total);

        Assert.True((await EnqueueAsync(harness, Way.One, anywhere)).IsNew);
        Assert.False((await EnqueueAsync(harness, Way.One, anywhere with { Queue = "other" })).IsNew);
        Assert.Equal(0, (await EnqueueBatchAsync(harness, "b3", anywhere)).Total);
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task Where_a_worker_wants_it_so_an_equal_job_fails_the_enqueue_and_stores_nothing(Way way)
    {
        await using var harness = await StartAsync();
        var job = Job("a", Worker(new Uniqueness { OnConflict = UniqueConflict.Fail }));
        var first = await EnqueueAsync(harness, Way.One, job);

        var refused = await Assert.ThrowsAsync<JobExistsException>(() => EnqueueAsync(harness, way, job));

        Assert.Equal((first.Id, "Mailer"), (refused.JobId, refused.Worker));
        Assert.Equal(1, await harness.CountJobsAsync());
    }

    [Theory]
    [InlineData(Way.One, JobState.Available)]
    [InlineData(Way.Thousands, JobState.Available)]
    [InlineData(Way.One, JobState.Scheduled)]
    [InlineData(Way.Many, JobState.Retryable)]
    public async Task A_job_that_waits_gets_all_fields_of_the_equal_one(Way way, JobState state)
    {
        await using var harness = await StartAsync();
        var job = Job("a", Worker(new Uniqueness { OnConflict = UniqueConflict.Replace }));
        var first = await EnqueueAsync(harness, Way.One, state is JobState.Scheduled ? job with { ScheduleIn = TimeSpan.FromHours(1) } : job);
        if (state is JobState.Retryable)
            await harness.AcknowledgeAsync(await harness.ClaimOneAsync(await harness.RegisterNodeAsync()), state, TimeSpan.FromHours(1), "why");

        var again = await EnqueueAsync(harness, way, Job("a", job.Definition, note: "new") with
        {
            MaxAttempts = 9,
            Priority = 4,
            ScheduleIn = TimeSpan.FromMinutes(5),
            Tags = ["t"],
            Meta = new Dictionary<string, string> { ["k"] = "v" },
        });

        Assert.Equal(new EnqueuedJob(first.Id, IsNew: false), again);
        var stored = (await harness.FindJobAsync(first.Id))!;
        Assert.Equal((JobState.Scheduled, "new"), (stored.State, Note(stored.Args)));
        Assert.InRange(stored.DueIn, TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(5));
        await harness.MoveClockAsync(TimeSpan.FromMinutes(6));
        await harness.Store.StageAsync(10, TestContext.Current.CancellationToken);
        var claimed = (await harness.ClaimAsync(await harness.RegisterNodeAsync(), 10_000)).Single(claimed => claimed.Id == first.Id);
        Assert.Equal((9, state is JobState.Retryable ? 2 : 1), (claimed.MaxAttempts, claimed.Attempt));
        Assert.Equal(["t"], claimed.Tags);
        Assert.Equal("v", JobMeta.Read(claimed.Meta)["k"]);
    }

    [Theory]
    [InlineData(JobFields.None, false, 3)]
    [InlineData(JobFields.Args, true, 3)]
    [InlineData(JobFields.MaxAttempts | JobFields.Tags, false, 9)]
    public async Task Only_the_chosen_fields_are_replaced(JobFields fields, bool args, int maxAttempts)
    {
        await using var harness = await StartAsync();
        var job = Job("a", Worker(new Uniqueness { OnConflict = UniqueConflict.Replace, Replaces = fields }));
        await EnqueueAsync(harness, Way.One, job);

        await EnqueueAsync(harness, Way.One, Job("a", job.Definition, note: "new") with { MaxAttempts = 9, Tags = ["t"], ScheduleIn = TimeSpan.FromMinutes(5) });

        var claimed = await harness.ClaimOneAsync(await harness.RegisterNodeAsync());
        Assert.Equal((args ? "new" : "", maxAttempts), (Note(System.Text.Encoding.UTF8.GetString(claimed.Args!.Value.Span)), claimed.MaxAttempts));
        Assert.Equal(fields.HasFlag(JobFields.Tags) ? ["t"] : [], claimed.Tags);
    }

    [Fact]
    public async Task A_job_that_runs_or_has_ended_is_left_as_it_is()
    {
        await using var harness = await StartAsync();
        var job = Job("a", Worker(new Uniqueness { OnConflict = UniqueConflict.Replace }));
        var first = await EnqueueAsync(harness, Way.One, job);
        var claimed = await harness.ClaimOneAsync(await harness.RegisterNodeAsync());

        Assert.Equal(new EnqueuedJob(first.Id, IsNew: false), await EnqueueAsync(harness, Way.One, Job("a", job.Definition, note: "new")));
        await harness.AcknowledgeAsync(claimed, JobState.Completed);
        Assert.Equal(new EnqueuedJob(first.Id, IsNew: false), await EnqueueAsync(harness, Way.One, Job("a", job.Definition, note: "new")));

        Assert.Equal((JobState.Completed, ""), ((await harness.FindJobAsync(first.Id))!.State, Note((await harness.FindJobAsync(first.Id))!.Args)));
    }

    [Fact]
    public async Task A_replaced_schedule_moves_the_period_that_counts_from_it()
    {
        await using var harness = await StartAsync();
        var job = Job("a", Worker(new Uniqueness { OnConflict = UniqueConflict.Replace, Since = UniqueSince.Due, Period = TimeSpan.FromHours(1) }));
        var first = await EnqueueAsync(harness, Way.One, job);
        await EnqueueAsync(harness, Way.One, job with { ScheduleIn = TimeSpan.FromHours(1) });

        await harness.MoveClockAsync(TimeSpan.FromMinutes(110));

        Assert.Equal(first.Id, (await EnqueueAsync(harness, Way.One, job with { Unique = job.Unique! with { OnConflict = UniqueConflict.ReturnExisting } })).Id);
    }

    [Fact]
    public async Task Of_equal_jobs_in_one_call_the_first_wins()
    {
        await using var harness = await StartAsync();
        var there = await EnqueueAsync(harness, Way.One, Job("there"));

        var enqueued = await ManyAsync(harness, [Job("a", note: "first"), StoreHarness.NewJob("plain"), Job("there"), Job("a", note: "second"), Job("b"), Job("there")]);

        Assert.Equal([true, true, false, false, true, false], enqueued.Select(job => job.IsNew));
        Assert.Equal(enqueued[0].Id, enqueued[3].Id);
        Assert.Equal([there.Id, there.Id], [enqueued[2].Id, enqueued[5].Id]);
        Assert.Equal("first", Note((await harness.FindJobAsync(enqueued[0].Id))!.Args));
        Assert.Equal(4, await harness.CountJobsAsync());
    }

    [Fact]
    public async Task Equal_jobs_in_different_chunks_of_one_call_are_one()
    {
        await using var harness = await StartAsync();

        var enqueued = await ManyAsync(harness, Enumerable.Range(0, 9_000).Select(i => Job($"{i % 3_000}")));

        Assert.Equal(3_000, await harness.CountJobsAsync());
        Assert.Equal(Enumerable.Range(0, 9_000).Select(i => i < 3_000), enqueued.Select(job => job.IsNew));
        Assert.All(Enumerable.Range(0, 9_000), i => Assert.Equal(enqueued[i % 3_000].Id, enqueued[i].Id));
        foreach (var i in (int[])[0, 2_999])
            Assert.Equal($"{i}", Text((await harness.FindJobAsync(enqueued[i].Id))!.Args));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(5_000)]
    public async Task Members_that_are_there_already_are_not_counted_in_the_batch(int count)
    {
        await using var harness = await StartAsync();
        var worker = Worker(new Uniqueness { PerBatch = false });
        await ManyAsync(harness, Enumerable.Range(0, count).Select(i => Job($"{i}", worker)));

        var batch = await EnqueueBatchAsync(harness, "b", [.. Enumerable.Range(count / 2, count).Select(i => Job($"{i}", worker))]);

        Assert.Equal(count / 2, batch.Total);
        Assert.Equal((count / 2, count / 2), ((await harness.StatusAsync("b")).Total, (await harness.StatusAsync("b")).Pending));
        Assert.Equal(count + (count / 2), await harness.CountJobsAsync());
    }

    [Fact]
    public async Task A_batch_whose_members_are_all_there_already_closes_at_once_with_its_callback()
    {
        await using var harness = await StartAsync();
        var job = Job("a", Worker(new Uniqueness { PerBatch = false }));
        await EnqueueAsync(harness, Way.One, job);

        await harness.Store.EnqueueBatchAsync(
            "b", new[] { job, job }.ToAsyncEnumerable(), () => StoreHarness.Mailer, EnqueueTerms.Alone, TestContext.Current.CancellationToken);

        Assert.True((await harness.StatusAsync("b")).IsClosed);
        Assert.Single(await harness.CallbacksAsync("b"));
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task A_key_of_the_callers_is_one_job_of_the_worker_whatever_became_of_it(Way way)
    {
        await using var harness = await StartAsync();
        var first = await EnqueueAsync(harness, way, StoreHarness.NewJob("a") with { Key = "order-17" });
        await harness.AcknowledgeAsync((await harness.ClaimAsync(await harness.RegisterNodeAsync(), 10_000)).Single(job => job.Id == first.Id), JobState.Discarded);

        var again = await EnqueueAsync(harness, way, StoreHarness.NewJob("b") with { Key = "order-17", Queue = "other" });
        var other = await EnqueueAsync(harness, way, StoreHarness.NewJob("a") with { Key = "order-18" });
        var elsewhere = await EnqueueAsync(harness, way, StoreHarness.NewJob("a", StoreHarness.Worker("Other")) with { Key = "order-17" });

        Assert.Equal(new EnqueuedJob(first.Id, IsNew: false), again);
        Assert.True(other.IsNew && elsewhere.IsNew);
    }

    [Fact]
    public async Task A_key_of_the_callers_takes_the_place_of_what_the_worker_says()
    {
        await using var harness = await StartAsync();
        var worker = Worker(new Uniqueness { OnConflict = UniqueConflict.Fail, Period = TimeSpan.FromSeconds(1) });

        var one = await EnqueueAsync(harness, Way.One, Job("a", worker) with { Key = "1" });
        var two = await EnqueueAsync(harness, Way.One, Job("a", worker) with { Key = "2" });
        await harness.MoveClockAsync(TimeSpan.FromDays(1));
        var again = await EnqueueAsync(harness, Way.One, Job("b", worker) with { Key = "1" });

        Assert.True(one.IsNew && two.IsNew);
        Assert.Equal(new EnqueuedJob(one.Id, IsNew: false), again);
    }

    [Fact]
    public async Task A_job_can_be_its_own_though_its_worker_is_unique()
    {
        await using var harness = await StartAsync();
        await EnqueueAsync(harness, Way.One, Job("a"));

        Assert.True((await EnqueueAsync(harness, Way.One, Job("a") with { Unique = null })).IsNew);
    }

    [Fact]
    public async Task A_job_whose_key_another_has_by_now_holds_up_nobody_when_it_is_due()
    {
        await using var harness = await StartAsync();
        var job = Job("a", Worker(new Uniqueness { Period = TimeSpan.FromHours(1) }));
        var first = await EnqueueAsync(harness, Way.One, job with { ScheduleIn = TimeSpan.FromHours(3) });
        await ManyAsync(harness, Enumerable.Range(0, 999).Select(i => StoreHarness.NewJob($"{i}") with { ScheduleIn = TimeSpan.FromHours(3) }));
        await harness.MoveClockAsync(TimeSpan.FromHours(2));
        var second = await EnqueueAsync(harness, Way.One, job with { ScheduleIn = TimeSpan.FromHours(1) });
        await harness.MoveClockAsync(TimeSpan.FromHours(4));

        var staged = await harness.Store.StageAsync(10_000, TestContext.Current.CancellationToken);

        Assert.NotEqual(first.Id, second.Id);
        Assert.Equal(1_001, staged.Count);
        Assert.Equal(1_001, (await harness.ClaimAsync(await harness.RegisterNodeAsync(), 10_000)).Count);
    }

    internal static WorkerDefinition Worker(Uniqueness unique) => new()
    {
        Name = "Mailer",
        Queue = "mail",
        MaxAttempts = 3,
        Priority = 0,
        Unique = unique,
        Create = static _ => throw new NotSupportedException("The store runs no worker."),
        Callbacks = BatchCallbacks.Complete,
    };

    /// <summary>A job that is unique by its text, and not by its note.</summary>
    internal static NewJob Job(string text, WorkerDefinition? worker = null, string note = "") => NewJob.Create(
        worker ?? Unique,
        new Letter(text, note),
        static (json, letter) =>
        {
            json.WriteStartObject();
            json.WriteString("text", letter.Text);
            json.WriteString("note", letter.Note);
            json.WriteEndObject();
        },
        static (key, letter) => key.Write(letter.Text));

    static string Text(string args) => JsonDocument.Parse(args).RootElement.GetProperty("text").GetString()!;

    static string Note(string args) => JsonDocument.Parse(args).RootElement.GetProperty("note").GetString()!;

    sealed record Letter(string Text, string Note);

    const int Others = 2_100;

    /// <summary>Enqueues a job by itself, with a plain one, or behind more than a chunk of plain ones.</summary>
    static async Task<EnqueuedJob> EnqueueAsync(StoreHarness harness, Way way, NewJob job) => way switch
    {
        Way.One => await harness.Store.EnqueueAsync(job, EnqueueTerms.Alone, TestContext.Current.CancellationToken),
        Way.Many => (await ManyAsync(harness, [job, Plain])).First(),
        Way.Thousands => (await ManyAsync(harness, [.. Enumerable.Repeat(Plain, Others), job])).Last(),
        _ => throw new ArgumentOutOfRangeException(nameof(way)),
    };

    static NewJob Plain { get; } = StoreHarness.NewJob("plain") with { Queue = "plain" };

    static async Task<long> CountAsync(StoreHarness harness, Way way, int calls) =>
        await harness.CountJobsAsync() - (calls * (way is Way.One ? 0 : way is Way.Many ? 1 : Others));

    static Task<IReadOnlyList<EnqueuedJob>> ManyAsync(StoreHarness harness, IEnumerable<NewJob> jobs) =>
        harness.Store.EnqueueAsync(jobs.ToAsyncEnumerable(), EnqueueTerms.Alone, TestContext.Current.CancellationToken);

    static Task<BatchRef> EnqueueBatchAsync(StoreHarness harness, string id, params NewJob[] jobs) =>
        harness.Store.EnqueueBatchAsync(id, jobs.ToAsyncEnumerable(), () => null, EnqueueTerms.Alone, TestContext.Current.CancellationToken);
}
