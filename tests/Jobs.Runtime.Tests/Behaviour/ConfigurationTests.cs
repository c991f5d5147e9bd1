using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Jobs.Runtime.Tests.Behaviour;

public sealed class ConfigurationTests
{
    const string Nowhere = "Host=127.0.0.1;Port=1;Username=ada;Password=s3cret;Database=mail;Timeout=5";

    [Fact]
    public async Task Settings_that_cannot_work_are_refused_at_start_all_at_once()
    {
        var (name, concurrency, lease, interval) = ("", 0, TimeSpan.FromSeconds(1), TimeSpan.Zero);
        using var host = Build(jobs => jobs.UsePostgres(Nowhere).AddQueue(name, 1).AddQueue("mail", concurrency).AddWorkers().Configure(options =>
        {
            options.NodeLease = lease;
            options.PollInterval = interval;
        }));

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(TestContext.Current.CancellationToken));

        Assert.Equal(4, refused.Failures.Count());
    }

    [Fact]
    public async Task An_unreachable_database_says_where_and_why_without_the_password()
    {
        using var host = Build(jobs => jobs.UsePostgres(Nowhere).AddQueue("mail", 1).AddWorkers());

        var refused = await Assert.ThrowsAsync<DatabaseUnavailableException>(() => host.StartAsync(TestContext.Current.CancellationToken));

        Assert.Contains("127.0.0.1:1, database \"mail\", user \"ada\"", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", refused.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgres")]
    [InlineData("PostgreSQL")]
    public void A_URL_for_a_connection_string_is_refused_with_the_form_it_must_have_and_without_the_password(string scheme)
    {
        var refused = Assert.Throws<ArgumentException>(() => Build(jobs => jobs.UsePostgres($"{scheme}://ada:s3cret@localhost/mail")));

        Assert.Contains("Host=localhost;Username=me;", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_host_without_a_database_is_refused() =>
        Assert.Contains("UsePostgres", Assert.Throws<InvalidOperationException>(() => Build(_ => { })).Message, StringComparison.Ordinal);

    [Fact]
    public void Jobs_cannot_be_added_twice() =>
        Assert.Throws<InvalidOperationException>(() => new ServiceCollection()
            .AddJobs(jobs => jobs.UsePostgres(Nowhere))
            .AddJobs(jobs => jobs.UsePostgres(Nowhere)));

    [Fact]
    public async Task A_queue_added_twice_is_refused()
    {
        using var host = Build(jobs => jobs.UsePostgres(Nowhere).AddQueue("mail", 1).AddQueue("mail", 2).AddWorkers());

        await Assert.ThrowsAsync<InvalidOperationException>(() => host.StartAsync(TestContext.Current.CancellationToken));
    }

    static IHost Build(Action<JobsBuilder> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddJobs(configure);
        return builder.Build();
    }
}
