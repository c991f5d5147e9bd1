using System.Transactions;
using Npgsql;

namespace Jobs.Runtime.Tests.Behaviour;

/// <summary>What a connection string may say, and what the connections and transactions of callers may be like.</summary>
public sealed class ConnectionTests
{
    [Fact]
    public async Task An_ambient_transaction_of_the_caller_is_not_joined()
    {
        await using var host = await TestHost.StartAsync();
        using (new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
        {
            await host.Client.EnqueueAsync(Greeter.New(new Greeting("one")), TestContext.Current.CancellationToken);
            await host.Client.EnqueueManyAsync([Greeter.New(new Greeting("two"))], TestContext.Current.CancellationToken);
            await host.Client.EnqueueBatchAsync("b", [Greeter.New(new Greeting("three"))], cancellationToken: TestContext.Current.CancellationToken);
            Assert.Equal(1, (await host.Client.GetBatchAsync("b", TestContext.Current.CancellationToken)).Total);
        }

        await host.Script.Seen("one, attempt 1");
        await host.Script.Seen("two, attempt 1");
        await host.Script.Seen("three, attempt 1");
        Assert.DoesNotContain(host.Logs.Lines, line => line.Contains("could not", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Multiplexing=true")]
    [InlineData("Pooling=false")]
    [InlineData("Maximum Pool Size=1")]
    [InlineData("Max Auto Prepare=0")]
    [InlineData("Command Timeout=0")]
    [InlineData("Host=127.0.0.1,localhost")]
    public async Task A_host_works_whatever_the_connection_string_says(string settings)
    {
        await using var host = await TestHost.StartAsync(settings: settings);

        await host.Client.EnqueueBatchAsync(
            "b", Enumerable.Range(0, 300).Select(i => Greeter.New(new Greeting($"{i}"))), cancellationToken: TestContext.Current.CancellationToken);

        await host.Script.Seen("b: 300 completed, 0 cancelled, 0 discarded of 300");
        await host.UntilAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'", count => count > 0);
        Assert.Equal([], host.Logs.Lines.Where(line => line.Contains("Exception", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Args_are_stored_as_they_are_by_a_caller_whose_connections_write_objects_as_json()
    {
        await using var host = await TestHost.StartAsync();
        var source = new NpgsqlDataSourceBuilder(host.ConnectionString);
        source.EnableDynamicJson();
        await using var callers = source.Build();
        await using var connection = await callers.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);

        await host.Client.EnqueueAsync(Greeter.New(new Greeting("hello")), transaction, TestContext.Current.CancellationToken);
        await transaction.CommitAsync(TestContext.Current.CancellationToken);

        await host.Script.Seen("hello, attempt 1");
    }

    [Fact]
    public async Task A_delay_of_a_day_is_24_hours_in_the_time_zone_of_any_caller()
    {
        await using var host = await TestHost.StartAsync();
        await using var connection = new NpgsqlConnection($"{host.ConnectionString};Timezone=Europe/Berlin");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);

        for (var month = 1; month <= 12; month++)
            await host.Client.EnqueueAsync(Greeter.New(new Greeting("later")) with { ScheduleIn = TimeSpan.FromDays(30 * month) }, transaction, TestContext.Current.CancellationToken);
        await transaction.CommitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(12, await host.ScalarAsync<long>("SELECT count(*) FROM jobs.jobs WHERE extract(epoch FROM scheduled_at - inserted_at)::bigint % (30 * 86400) = 0"));
    }

    [Fact]
    public async Task A_pool_that_is_used_up_is_named_as_the_reason()
    {
        await using var host = await TestHost.StartAsync(settings: "Maximum Pool Size=1;Timeout=1");

        var refused = await Assert.ThrowsAsync<DatabaseUnavailableException>(() => host.Client.EnqueueManyAsync(Nested(), TestContext.Current.CancellationToken));

        Assert.Contains("Max Pool Size", refused.Message, StringComparison.Ordinal);

        async IAsyncEnumerable<NewJob> Nested()
        {
            await host.Client.EnqueueAsync(Greeter.New(new Greeting("inner")), TestContext.Current.CancellationToken);
            yield return Greeter.New(new Greeting("outer"));
        }
    }

    [Fact]
    public async Task Callers_who_wait_for_the_database_do_not_keep_a_node_from_renewing_its_lease()
    {
        await using var host = await TestHost.StartAsync(jobs => jobs.Configure(options => options.NodeLease = TimeSpan.FromSeconds(3)));
        await host.Client.EnqueueBatchAsync("b", [], cancellationToken: TestContext.Current.CancellationToken);
        await using var connection = new NpgsqlConnection(host.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var locked = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var command = new NpgsqlCommand("LOCK TABLE jobs.batches IN ACCESS EXCLUSIVE MODE", connection, locked))
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        var before = await host.ScalarAsync<DateTime>("SELECT expires_at FROM jobs.nodes");

        var callers = Enumerable.Range(0, 150).Select(_ => host.Client.GetBatchAsync("b", TestContext.Current.CancellationToken)).ToList();
        await host.UntilAsync<DateTime>("SELECT expires_at FROM jobs.nodes", expiresAt => expiresAt > before.AddSeconds(4));
        await locked.RollbackAsync(TestContext.Current.CancellationToken);

        await Task.WhenAll(callers);
        Assert.Equal([], host.Logs.Lines.Where(line => line.Contains("lease", StringComparison.Ordinal) && line.Contains("lost", StringComparison.Ordinal)));
    }
}
