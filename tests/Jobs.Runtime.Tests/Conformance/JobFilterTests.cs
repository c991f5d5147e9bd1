using System.Text;
using Jobs.Postgres;
using Npgsql;

namespace Jobs.Runtime.Tests.Conformance;

/// <summary>Filters, and the statements that take one.</summary>
public sealed class JobFilterTests
{
    static readonly JobFilter Everything = new()
    {
        States = [JobState.Available, JobState.Retryable],
        Ids = [1, 2],
        Queues = ["mail"],
        Workers = ["Mailer"],
        Batch = "b",
        AllTags = ["vip"],
        AnyTags = ["news", "ads"],
        Args = Encoding.UTF8.GetBytes("""{"text": "hello"}"""),
        InsertedFrom = DateTimeOffset.UnixEpoch,
        InsertedBefore = DateTimeOffset.UtcNow.AddDays(1),
        FinishedFrom = DateTimeOffset.UnixEpoch,
        FinishedBefore = DateTimeOffset.UtcNow.AddDays(1),
    };

    /// <summary>With the number of their own parameters, which stand before those of the filter.</summary>
    public static TheoryData<string, int> Changes => new()
    {
        { nameof(PostgresStore.CancelJobs), 2 },
        { nameof(PostgresStore.RetryJobs), 3 },
        { nameof(PostgresStore.DeleteJobs), 2 },
        { nameof(PostgresStore.EditJobs), 11 },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task Every_change_prepares_with_each_condition_of_a_filter(string name, int own)
    {
        await using var harness = await PostgresHarness.StartAsync();
        var sql = (string)typeof(PostgresStore).GetField(name, System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.NonPublic)!.GetRawConstantValue()!;
        using var command = new NpgsqlCommand();
        for (var bound = 0; bound < own; bound++)
            command.Parameters.Bind(0L, NpgsqlTypes.NpgsqlDbType.Bigint);

        var filtered = PostgresStore.Filtered(sql, JobFilterSql.Where(Everything, command.Parameters));
        await harness.ScalarAsync($"PREPARE statement AS {new SchemaName("jobs").Qualify(filtered)}");

        Assert.Equal(own + 11, command.Parameters.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Lists_and_counts_prepare_with_each_condition_of_a_filter(bool ofMembers)
    {
        await using var harness = await PostgresHarness.StartAsync();
        var filter = ofMembers ? Everything with { Ids = null, States = null } : Everything;
        using var command = new NpgsqlCommand();
        command.Parameters.Bind(0L, NpgsqlTypes.NpgsqlDbType.Bigint);

        var condition = JobFilterSql.Where(filter, command.Parameters);
        await harness.ScalarAsync($"PREPARE list AS {new SchemaName("jobs").Qualify(PostgresStore.ListJobs(filter, condition, JobOrder.NewestFirst))}");
        await harness.ScalarAsync($"PREPARE count AS {new SchemaName("jobs").Qualify(PostgresStore.CountJobs(filter, condition))}");

        Assert.Equal(ofMembers ? 11 : 12, command.Parameters.Count);
    }

    [Fact]
    public void A_list_that_turns_out_empty_means_no_job()
    {
        using var command = new NpgsqlCommand();

        Assert.Equal("false", JobFilterSql.Where(new JobFilter { States = [] }, command.Parameters));
        Assert.Equal("j.id = ANY ($1)", JobFilterSql.Where(new JobFilter { Ids = [] }, command.Parameters));
    }

    [Fact]
    public void A_filter_keeps_what_it_was_given()
    {
        var ids = new List<long> { 1 };
        var filter = new JobFilter { Ids = ids };

        ids.Add(2);

        Assert.Equal([1], filter.Ids!);
    }

    [Fact]
    public void A_text_that_PostgreSQL_cannot_store_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new JobFilter { Queues = ["a\0b"] });
        Assert.Throws<ArgumentException>(() => new JobFilter { Batch = "\ud800" });
        Assert.Throws<ArgumentException>(() => new JobFilter { AnyTags = ["fine", "\udfff"] });
    }

    [Fact]
    public void Only_the_filter_that_says_so_means_all_jobs()
    {
        JobFilter.All.RefuseToMeanAllByAccident();
        (JobFilter.All with { Queues = null }).RefuseToMeanAllByAccident();
        new JobFilter { Ids = [] }.RefuseToMeanAllByAccident();
        Assert.Throws<ArgumentException>(new JobFilter().RefuseToMeanAllByAccident);
        Assert.Throws<ArgumentException>((new JobFilter { Batch = "b" } with { Batch = null }).RefuseToMeanAllByAccident);
    }
}
