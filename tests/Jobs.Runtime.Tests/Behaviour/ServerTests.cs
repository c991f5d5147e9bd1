using System.Globalization;
using Jobs.Runtime.Tests.Conformance;
using Jobs.Store;
using Npgsql;

namespace Jobs.Runtime.Tests.Behaviour;

/// <summary>What the tables of a running node may become, and what it leaves in the server.</summary>
public sealed class ServerTests
{
    // A prepared statement that returns all columns of a table fails after that: "cached plan must not change result type". One after the other, so
    // that all statements meet on one connection, where the second use prepares them.
    [Fact]
    public async Task Columns_may_be_added_to_the_tables_behind_prepared_statements()
    {
        await using var harness = await PostgresHarness.StartAsync();
        var node = await harness.RegisterNodeAsync();
        for (var round = 0; round < 4; round++)
            await EveryVerb.UseAsync(harness, node, round);
        Assert.InRange((long)(await harness.ScalarAsync("SELECT count(*) FROM pg_prepared_statements"))!, 20, 50);

        await harness.ScalarAsync("""
            DO $$ DECLARE name text; BEGIN
                FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'jobs' LOOP
                    EXECUTE 'ALTER TABLE jobs.' || name || ' ADD COLUMN added integer';
                END LOOP;
            END $$
            """);

        await EveryVerb.UseAsync(harness, node, 4);
        await EveryVerb.UseAsync(harness, node, 5);
    }

    [Theory]
    [InlineData(int.MaxValue - 150L)]
    [InlineData((1L << 53) - 150)]
    public async Task Ids_go_beyond_what_fits_into_32_bits_or_a_double(long first)
    {
        await using var host = await TestHost.StartAsync();
        await host.ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"ALTER SEQUENCE jobs.job_ids RESTART WITH {first}"));

        var ids = new List<long>();
        for (var i = 0; i < 100; i++)
            ids.Add((await host.Client.EnqueueAsync(Greeter.New(new Greeting($"one {i}")), TestContext.Current.CancellationToken)).Id);
        ids.AddRange((await host.Client.EnqueueManyAsync(Jobs(100), TestContext.Current.CancellationToken)).Select(static job => job.Id));
        await host.Client.EnqueueBatchAsync("batch", Jobs(100), cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(Enumerable.Range(0, 200).Select(i => first + i), ids);
        await host.Script.Seen("batch: 100 completed, 0 cancelled, 0 discarded of 100");
        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'completed'", static count => count == 301);
        Assert.Equal(first + 300, await host.ScalarAsync<long>("SELECT max(id) FROM jobs.jobs"));
    }

    [Fact]
    public async Task A_node_takes_no_advisory_lock()
    {
        await using var host = await TestHost.StartAsync(static jobs => jobs.Configure(static options => options.NodeLease = TimeSpan.FromSeconds(3)));
        await using var connection = new NpgsqlConnection(host.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var locks = new NpgsqlCommand(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())", connection);

        await host.Client.EnqueueBatchAsync("batch", Jobs(3_000), cancellationToken: TestContext.Current.CancellationToken);
        var looks = 0;
        while (await host.ScalarAsync<long>("SELECT count(*) FROM jobs.batches WHERE closed_at IS NULL") > 0)
        {
            Assert.Equal(0L, await locks.ExecuteScalarAsync(TestContext.Current.CancellationToken));
            looks++;
        }

        Assert.Equal(0L, await locks.ExecuteScalarAsync(TestContext.Current.CancellationToken));
        Assert.True(looks > 0);
    }

    static IEnumerable<NewJob> Jobs(int count) => Enumerable.Range(0, count).Select(static number => Greeter.New(new Greeting($"{number}")));
}
