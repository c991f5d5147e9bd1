using System.Text;
using System.Text.Json;

namespace Jobs.Generators.Tests;

/// <summary>Emitted workers, run for real over stored JSON.</summary>
public class DispatchTests
{
    const string Mailer = """
        using System.Threading.Tasks;
        using Jobs;
        namespace App;
        public sealed record EmailArgs(string Email);
        public sealed record NamedArgs(string Email, string? Name);
        public sealed record InBatch(int Number, [FromBatch] string? BatchId = null)
        {
            [FromBatch] public long Size { get; init; } = -1;
            public string Title { get; init; } = "none";
        }
        public sealed record NeedsBatch(bool Flag);
        [Worker] public partial class Mailer
        {
            [Perform] public async Task DeliverAsync(EmailArgs args) { await Task.Yield(); Log.Lines.Add(args); }
            [Perform] public JobOutcome Named(NamedArgs args) { Log.Lines.Add(args); return JobOutcome.Cancel("no"); }
            [Perform] public void Batched(InBatch args, BatchRef? batch) { Log.Lines.Add(args); Log.Lines.Add(batch); }
            [Perform] public void Needy(NeedsBatch args, BatchRef batch) => Log.Lines.Add(batch);
            [Perform] public ValueTask<JobOutcome> Notify(BatchComplete batch) { Log.Lines.Add(batch); return new(JobOutcome.Complete); }
        }

        """;

    [Fact]
    public async Task A_stored_job_reaches_the_method_that_takes_its_args()
    {
        var host = await WorkerHost.StartAsync(Mailer);

        var email = host.Make("App.EmailArgs", "ada@example.com");
        var named = host.Make("App.NamedArgs", "ada@example.com", null);

        Assert.Equal([email], (await host.PerformAsync("App.Mailer", host.New("App.Mailer", email).Args)).Lines);
        var (outcome, lines) = await host.PerformAsync("App.Mailer", host.New("App.Mailer", named).Args);
        Assert.Equal([named], lines);
        Assert.Equal(JobOutcome.Cancel("no"), outcome);
    }

    [Fact]
    public async Task Further_keys_and_escaped_keys_change_nothing_and_the_last_of_two_equal_keys_wins()
    {
        var host = await WorkerHost.StartAsync(Mailer);

        var (_, lines) = await host.PerformAsync("App.Mailer", """{"x": [{"email": 1}], "e\u006dail": "first", "email": "last", "y": {"a": []}}""");

        Assert.Equal([host.Make("App.EmailArgs", "last")], lines);
    }

    [Fact]
    public async Task A_callback_reaches_its_method_and_is_the_hook_of_the_definition()
    {
        var host = await WorkerHost.StartAsync(Mailer);

        var (_, lines) = await host.PerformAsync("App.Mailer", """{"status": "complete", "batch_id": "b", "total": 3, "completed": 1, "cancelled": 1, "discarded": 1}""");

        Assert.Equal([new BatchComplete("b", 3, 1, 1, 1)], lines);
        Assert.True(host.Workers.TryGet("App.Mailer", out var definition) && definition.Callbacks is Jobs.Generated.BatchCallbacks.Complete);
        Assert.DoesNotContain(host.Assembly.GetType("App.Mailer")!.GetMethods(), method => method.Name == "New" && method.GetParameters()[0].ParameterType == typeof(BatchComplete));
    }

    [Fact]
    public async Task Members_from_the_batch_are_not_stored_not_read_and_filled_when_the_job_runs()
    {
        var host = await WorkerHost.StartAsync(Mailer);
        var args = host.Make("App.InBatch", 7, "a caller's");
        var batch = new BatchRef("blast", 100_000);

        var stored = host.New("App.Mailer", args).Args;
        var inside = (await host.PerformAsync("App.Mailer", """{"number": 7, "batch_id": "forged", "size": 1}""", batch)).Lines;
        var outside = (await host.PerformAsync("App.Mailer", stored)).Lines;

        Assert.Equal("""{"number":7,"title":"none"}""", Encoding.UTF8.GetString(stored.Span));
        Assert.Equal("InBatch { Number = 7, BatchId = blast, Size = 100000, Title = none }", inside[0]!.ToString());
        Assert.Same(batch, inside[1]);
        Assert.Equal("InBatch { Number = 7, BatchId = , Size = -1, Title = none }", outside[0]!.ToString());
        Assert.Null(outside[1]);
    }

    [Fact]
    public async Task A_method_that_needs_a_batch_fails_outside_one_with_a_text_that_says_what_to_do()
    {
        var host = await WorkerHost.StartAsync(Mailer);

        var message = await host.FailAsync<InvalidOperationException>("App.Mailer", """{"flag": true}""");

        Assert.Equal(
            "Job 4182 (App.Mailer, queue \"default\", attempt 1 of 20) is in no batch, and Needy takes a BatchRef. " +
            "Enqueue it as part of a batch, or let the method take a BatchRef? and handle null.",
            message);
    }

    [Theory]
    [InlineData("""{"mail": "secret"}""", "{\"mail\"}")]
    [InlineData("{}", "{}")]
    [InlineData("null", "of null, not an object")]
    [InlineData("""["email"]""", "of an array, not an object")]
    [InlineData("\"email\"", "of a string, not an object")]
    [InlineData("7", "of a number, not an object")]
    [InlineData("true", "of true or false, not an object")]
    public async Task Args_that_fit_nothing_fail_with_the_keys_and_the_shapes_and_no_value(string args, string found)
    {
        var host = await WorkerHost.StartAsync(Mailer);

        var message = await host.FailAsync<UnmatchedArgsException>("App.Mailer", args);

        Assert.Contains($"has args {found}, which no perform method accepts. Accepted: {{status: \"complete\", batch_id, total, completed, cancelled, discarded, pending?, inserted_at?, occurred_at?, metadata?}}, ", message, StringComparison.Ordinal);
        Assert.Contains("{email, name?}, {number, title?}, {email}, {flag}", message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"email\": \"se", "are no valid JSON")]
    [InlineData("{\"email\": \"secret\"} x", "are no valid JSON")]
    [InlineData("{\"\\ud800ail\": 1}", "is no valid text")]
    [InlineData("", "are no valid JSON")]
    public async Task Malformed_args_fail_with_a_clear_text(string args, string text)
    {
        var host = await WorkerHost.StartAsync(Mailer);

        var message = await host.FailAsync<InvalidArgsException>("App.Mailer", args);

        Assert.Contains(text, message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Args_that_are_nested_too_deeply_fail_with_a_clear_text()
    {
        var host = await WorkerHost.StartAsync(Mailer);
        var deep = $$"""{"email": "a", "x": {{new string('[', 1000)}}{{new string(']', 1000)}}}""";

        Assert.Equal("The stored args are nested deeper than 64 levels.", await host.FailAsync<InvalidArgsException>("App.Mailer", deep));
    }

    [Fact]
    public async Task A_derived_record_is_refused_when_it_is_enqueued()
    {
        var host = await WorkerHost.StartAsync("""
            using Jobs;
            namespace App;
            public record EmailArgs(string Email);
            public sealed record MoreArgs(string Email, int More) : EmailArgs(Email);
            [Worker] public partial class Mailer
            {
                [Perform] public void Deliver(EmailArgs args) { }
                public static NewJob Make() => New(new MoreArgs("a", 1));
            }

            """);

        var thrown = Assert.Throws<System.Reflection.TargetInvocationException>(() => host.Assembly.GetType("App.Mailer")!.GetMethod("Make")!.Invoke(null, null));

        Assert.Contains("derived from App.EmailArgs", Assert.IsType<InvalidArgsException>(thrown.InnerException).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_worker_is_made_from_the_services_of_the_job()
    {
        var host = await WorkerHost.StartAsync("""
            using Jobs;
            namespace App;
            public interface IMailer { }
            public sealed class FakeMailer : IMailer { }
            public sealed record EmailArgs(string Email);
            [Worker(Name = "mailer", Queue = "mail", MaxAttempts = 3, Priority = 2)]
            public partial class Mailer(IMailer mailer, System.Uri? missing)
            {
                [Perform] public void Deliver(EmailArgs args, IMailer other, System.Threading.CancellationToken token, JobContext job)
                {
                    Log.Lines.Add(ReferenceEquals(mailer, other));
                    Log.Lines.Add(missing);
                    Log.Lines.Add(token.CanBeCanceled);
                    Log.Lines.Add(job.Id);
                }
            }

            """);
        host.Add(host.Assembly.GetType("App.IMailer")!, host.Make("App.FakeMailer"));

        var (_, lines) = await host.PerformAsync("mailer", """{"email": "a"}""");
        var job = host.New("App.Mailer", host.Make("App.EmailArgs", "a"));

        Assert.Equal([true, null, TestContext.Current.CancellationToken.CanBeCanceled, 4182L], lines);
        Assert.Equal(("mailer", "mail", 3, 2), (job.Worker, job.Queue, job.MaxAttempts, job.Priority));
    }
}
