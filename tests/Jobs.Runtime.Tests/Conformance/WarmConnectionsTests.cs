using Jobs.Postgres;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace Jobs.Runtime.Tests.Conformance;

/// <summary>Which connections the statements of a node run on.</summary>
public sealed class WarmConnectionsTests : IAsyncLifetime
{
    readonly FakeTimeProvider _time = new();
    NpgsqlDataSource _pool = null!;
    PostgresHarness _harness = null!;
    WarmConnections _warm = null!;
    int _opened;

    public async ValueTask InitializeAsync()
    {
        _harness = await PostgresHarness.StartAsync();
        _pool = NpgsqlDataSource.Create(_harness.ConnectionString);
        _warm = new WarmConnections(OpenAsync, _time);
    }

    public async ValueTask DisposeAsync()
    {
        await _warm.ClearAsync();
        await _pool.DisposeAsync();
        await _harness.DisposeAsync();
    }

    [Fact]
    public async Task Statements_that_follow_one_another_run_on_one_connection()
    {
        var first = await UseAsync();

        for (var i = 0; i < 10; i++)
            Assert.Equal(first, await UseAsync());
        Assert.Equal(1, _opened);
    }

    [Fact]
    public async Task The_one_that_was_given_back_last_is_lent_first()
    {
        var one = await LendAsync();
        var other = await LendAsync();
        await GiveBackAsync(one);
        await GiveBackAsync(other);

        Assert.Equal(other.Connection.ProcessID, await UseAsync());
    }

    [Fact]
    public async Task One_on_which_something_went_wrong_goes_back_to_its_pool()
    {
        await using (await LendAsync())
        {
        }

        await UseAsync();

        Assert.Equal(2, _opened);
    }

    [Fact]
    public async Task After_a_minute_it_goes_back_to_its_pool_used_or_not()
    {
        await UseAsync();
        _time.Advance(TimeSpan.FromSeconds(61));
        var second = await LendAsync();
        Assert.Equal(2, _opened);

        _time.Advance(TimeSpan.FromSeconds(61));
        await GiveBackAsync(second);
        await UseAsync();
        Assert.Equal(3, _opened);
    }

    [Fact]
    public async Task Four_are_kept()
    {
        var lent = new List<WarmConnections.Lent>();
        for (var i = 0; i < WarmConnections.Most + 2; i++)
            lent.Add(await LendAsync());
        foreach (var connection in lent)
            await GiveBackAsync(connection);
        var opened = _opened;

        var again = new List<int>();
        for (var i = 0; i < WarmConnections.Most; i++)
            again.Add((await LendAsync()).Connection.ProcessID);

        Assert.Equal(opened, _opened);
        Assert.Equal(lent.Select(static connection => connection.Connection.ProcessID).TakeLast(WarmConnections.Most).Order(), again.Order());
    }

    [Fact]
    public async Task None_is_kept_from_before_they_were_given_up()
    {
        await UseAsync();

        await _warm.ClearAsync();

        await UseAsync();
        Assert.Equal(2, _opened);
    }

    async ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        _opened++;
        return await _pool.OpenConnectionAsync(cancellationToken);
    }

    ValueTask<WarmConnections.Lent> LendAsync() => _warm.LendAsync(TestContext.Current.CancellationToken);

    static ValueTask GiveBackAsync(WarmConnections.Lent lent)
    {
        lent.Well();
        return lent.DisposeAsync();
    }

    async Task<int> UseAsync()
    {
        var lent = await LendAsync();
        var process = lent.Connection.ProcessID;
        await GiveBackAsync(lent);
        return process;
    }
}
