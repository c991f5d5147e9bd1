using System.Reflection;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Jobs.Runtime.Tests.Behaviour;

/// <summary>Settings that come from the configuration of the host.</summary>
public sealed class SettingsTests
{
    const string All = """
        {
          "Jobs": {
            "NodeName": "mailer-1",
            "PollInterval": "00:00:00.250",
            "Notifications": false,
            "NodeLease": "00:01:00",
            "ShutdownGrace": "00:00:05",
            "TimeoutGrace": "00:00:07",
            "MigrateAtStart": false,
            "Queues": { "batch": 10, "reports": 2 },
            "Retention": {
              "Completed": "2.00:00:00",
              "Cancelled": "Infinite",
              "Discarded": null,
              "Batches": "00:00:00",
              "Queues": { "batch": { "Completed": "00:01:00" } },
              "Workers": { "Mailer": { "Cancelled": "00:02:00", "Discarded": "00:03:00" } }
            }
          }
        }
        """;

    [Fact]
    public void Every_setting_comes_from_the_configuration()
    {
        var (options, untouched) = (Read(All), new JobsOptions());

        Assert.Equal(["batch 10", "reports 2"], options.Queues.OrderBy(queue => queue.Key).Select(queue => $"{queue.Key} {queue.Value}"));
        Assert.Equal((TimeSpan.FromDays(2), Timeout.InfiniteTimeSpan, null, TimeSpan.Zero), (options.Retention.Completed, options.Retention.Cancelled, options.Retention.Discarded, options.Retention.Batches));
        Assert.Equal(TimeSpan.FromMinutes(1), options.Retention.Queues["batch"].Completed);
        Assert.Equal((null, TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(3)), (options.Retention.Workers["Mailer"].Completed, options.Retention.Workers["Mailer"].Cancelled, options.Retention.Workers["Mailer"].Discarded));
        Assert.All(
            typeof(JobsOptions).GetProperties(BindingFlags.Instance | BindingFlags.Public).Where(setting => setting.CanWrite),
            setting => Assert.NotEqual(setting.GetValue(untouched), setting.GetValue(options)));
        Assert.Equal(TimeSpan.FromMilliseconds(250), options.PollInterval);
    }

    [Fact]
    public void What_the_configuration_does_not_say_stays_as_it_was_and_what_it_says_leads()
    {
        var options = Read(
            """{ "jobs": { "pollinterval": "00:00:02", "queues": { "mail": 7 } } }""",
            static jobs => jobs.AddQueue("mail", 1).AddQueue("other", 3).Configure(options => (options.PollInterval, options.NodeLease) = (TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(9))));

        Assert.Equal((TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(9)), (options.PollInterval, options.NodeLease));
        Assert.Equal((7, 3), (options.Queues["mail"], options.Queues["other"]));
    }

    [Fact]
    public void Everything_that_is_wrong_is_told_at_once_by_its_path_and_without_its_value()
    {
        const string Wrong = """
            {
              "Jobs": {
                "PolInterval": "00:00:01",
                "PollInterval": "s3cret",
                "NodeLease": "30",
                "Notifications": "s3cret",
                "NodeName": "",
                "Queues": { "mail": "s3cret", "few": 0, "deep": { "concurrency": 1 } },
                "Retention": { "Complete": "00:00:01", "Completed": "3 days", "Batches": { "x": 1 }, "Queues": { "mail": { "Batches": "00:00:01" }, "few": "s3cret" }, "Workers": "s3cret" }
              }
            }
            """;

        string[] starts =
        [
            "Jobs:NodeLease must be a duration", "Jobs:Notifications must be true or false", "Jobs:PolInterval is no setting of Jobs. There are: NodeName, PollInterval,",
            "Jobs:PollInterval must be a duration such as 00:00:30", "Jobs:Queues:deep must be a whole number", "Jobs:Queues:mail must be a whole number",
            "Jobs:Retention:Batches must be a duration", "Jobs:Retention:Complete is no setting", "Jobs:Retention:Completed must be a duration",
            "Jobs:Retention:Queues:few has a value of its own; it must have settings under it", "Jobs:Retention:Queues:mail:Batches is no setting", "Jobs:Retention:Workers has a value of its own", "JobsOptions.NodeName is \"\"", "The concurrency of queue \"few\" is 0",
        ];

        var refused = Assert.Throws<OptionsValidationException>(() => Read(Wrong));

        Assert.Collection(refused.Failures.Order(StringComparer.Ordinal), [.. starts.Select(start => new Action<string>(failure => Assert.StartsWith(start, failure, StringComparison.Ordinal)))]);
        Assert.DoesNotContain("s3cret", refused.Message, StringComparison.Ordinal);
    }

    static JobsOptions Read(string json, Action<JobsBuilder>? configure = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(json)));
        builder.Services.AddJobs(jobs =>
        {
            jobs.UsePostgres("Host=nowhere");
            configure?.Invoke(jobs);
            jobs.Configure(builder.Configuration.GetSection("Jobs"));
        });
        using var host = builder.Build();
        return host.Services.GetRequiredService<IOptions<JobsOptions>>().Value;
    }
}
