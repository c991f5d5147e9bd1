using System.Text.Json.Nodes;
using EmailBlast.Mail;
using Jobs.Testing.Database;
using MimeKit;
using Npgsql;

namespace EmailBlast.Tests.Smtp;

/// <summary>The sample against a real mail server and a real database.</summary>
public sealed class SmtpTests : IAsyncLifetime
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("email-blast-");
    readonly Dictionary<string, string> _environment = [];
    TestDatabase _database = null!;

    string Outbox => Path.Combine(_folder.FullName, "outbox");

    public async ValueTask InitializeAsync() => _database = await TestDatabase.CreateAsync(TestContext.Current.CancellationToken);

    [Fact]
    public async Task A_mailing_arrives_with_its_headers_over_no_more_connections_than_mails_at_once()
    {
        await using var server = await MailServer.StartAsync();
        string[] list = ["ada@example.com,Ada Lovelace", "χρήστης@παράδειγμα.test,\"Ελένη, \"\"Leni\"\"\"", .. Enumerable.Range(0, 98).Select(i => $"reader.{i}@example.com,")];

        var (exitCode, output) = await RunAsync(server, list, "--batch", "weekly", "--concurrency", "4", "--from", "News Desk <news@sender.example>", "--admins", "Boss <boss@sender.example>");

        Assert.Equal((0, output), (exitCode, output));
        Assert.Contains($"The mails went to the mail server {server.Address}", output, StringComparison.Ordinal);
        var mails = server.Mails;
        Assert.Equal(101, mails.Count);
        Assert.All(mails, mail => Assert.Equal("news@sender.example", mail.Headers["X-Envelope-From"]));
        Assert.InRange(mails.Select(mail => mail.Headers["X-Connection"]).Distinct().Count(), 1, 5);

        var ada = Assert.Single(mails, mail => mail.Headers["X-Envelope-To"] == "ada@example.com");
        Assert.Equal(("\"News Desk\" <news@sender.example>", "\"Ada Lovelace\" <ada@example.com>", "Your weekly update"), (ada.From.ToString(), ada.To.ToString(), ada.Subject));
        Assert.Matches(@"^weekly\.job-\d+@sender\.example$", ada.MessageId);
        Assert.StartsWith("Hello Ada Lovelace,", ada.TextBody, StringComparison.Ordinal);

        var eleni = Assert.Single(mails, mail => mail.Headers["X-Envelope-To"]!.StartsWith("χρήστης@", StringComparison.Ordinal));
        Assert.Equal("Ελένη, \"Leni\"", Assert.IsType<MailboxAddress>(Assert.Single(eleni.To)).Name);

        var boss = Assert.Single(mails, mail => mail.Headers["X-Envelope-To"] == "boss@sender.example");
        Assert.Equal(("Batch weekly is complete!", "weekly.admins@sender.example"), (boss.Subject, boss.MessageId));
    }

    [Theory]
    [InlineData("starttls")]
    [InlineData("tls")]
    public async Task Mails_go_out_encrypted_and_logged_in(string security)
    {
        await using var server = await MailServer.StartAsync(Locked(security));
        _environment["SSL_CERT_FILE"] = server.Authority;
        _environment["EMAILBLAST_SMTP_PASSWORD"] = "s3cret";

        var (exitCode, output) = await RunAsync(server, ["ada@example.com,Ada"], "--smtp-security", security, "--smtp-user", "mailer");

        Assert.Equal((0, output), (exitCode, output));
        Assert.Equal(2, server.Count);
        Assert.All(server.Mails, mail => Assert.Equal(("yes", "mailer"), (mail.Headers["X-Encrypted"], mail.Headers["X-Login"])));
    }

    [Fact]
    public async Task A_wrong_password_is_said_in_a_line_before_anything_is_stored()
    {
        await using var server = await MailServer.StartAsync(Locked("starttls"));
        _environment["SSL_CERT_FILE"] = server.Authority;
        _environment["EMAILBLAST_SMTP_PASSWORD"] = "wr0ng";

        var (exitCode, output) = await RunAsync(server, ["ada@example.com,Ada"], "--smtp-user", "mailer");

        await AssertRefusedAsync(exitCode, output, $"The mail server {server.Address} refuses the login of \"mailer\": 535");
        Assert.DoesNotContain("wr0ng", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_that_nobody_vouches_for_is_refused()
    {
        await using var server = await MailServer.StartAsync(Locked("starttls"));
        _environment["EMAILBLAST_SMTP_PASSWORD"] = "s3cret";

        var (exitCode, output) = await RunAsync(server, ["ada@example.com,Ada"], "--smtp-user", "mailer");

        await AssertRefusedAsync(exitCode, output, "has a certificate of \"CN=Mail server of a test\" that is not trusted here");
        Assert.Equal(0, server.Count);
    }

    [Fact]
    public async Task A_server_without_STARTTLS_gets_nothing_in_the_clear_where_it_was_asked_for()
    {
        await using var server = await MailServer.StartAsync();

        var (exitCode, output) = await RunAsync(server, ["ada@example.com,Ada"], "--smtp-security", "starttls");

        await AssertRefusedAsync(exitCode, output, "does not offer STARTTLS");
        Assert.Equal(0, server.Count);
    }

    [Fact]
    public async Task A_server_that_cannot_be_reached_is_said_in_a_line_before_anything_is_stored()
    {
        var server = await MailServer.StartAsync();
        await server.DisposeAsync();

        var (exitCode, output) = await RunAsync(server, ["ada@example.com,Ada"]);

        await AssertRefusedAsync(exitCode, output, $"The mail server {server.Address} cannot be reached: Connection refused");
    }

    [Fact]
    public async Task Refused_recipients_are_given_up_at_once_and_listed_with_what_the_server_said()
    {
        await using var server = await MailServer.StartAsync(new JsonObject { ["unknown"] = new JsonArray("gone@example.com", "=cmd@example.com") });

        var (exitCode, output) = await RunAsync(server, ["ada@example.com,Ada", "gone@example.com,Gone", "=cmd@example.com,Formula"], "--batch", "weekly");

        Assert.Equal((1, output), (exitCode, output));
        Assert.Contains("Delivered 1 of 3 mails", output, StringComparison.Ordinal);
        Assert.Contains("Batch weekly is complete!", output, StringComparison.Ordinal);
        var file = Path.Combine(Outbox, "weekly", "discarded.csv");
        Assert.Contains($"The addresses that were given up, and why, are in {file}", output, StringComparison.Ordinal);
        Assert.Equal(
            [
                "email,reason,attempts",
                "gone@example.com,The mail server refuses the address: 550 5.1.1 <gone@example.com> 5.1.1 There is no such mailbox here,1",
                "\"'=cmd@example.com\",The mail server refuses the address: 550 5.1.1 <=cmd@example.com> 5.1.1 There is no such mailbox here,1",
            ],
            await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken));
        Assert.Equal(["admins.example@example.com", "ada@example.com"], server.Mails.Select(mail => mail.Headers["X-Envelope-To"]).OrderByDescending(to => to!.Length));
    }

    [Fact]
    public async Task A_recipient_that_is_put_off_is_tried_again_later()
    {
        await using var server = await MailServer.StartAsync(new JsonObject { ["greylisted"] = new JsonArray("ada@example.com") });

        var (exitCode, output) = await RunAsync(server, ["ada@example.com,Ada"]);

        Assert.Equal((0, output), (exitCode, output));
        Assert.Equal("2 The mail server does not take the mail now: 451 4.7.1 Come back later", await ScalarAsync("SELECT concat_ws(' ', attempt, errors->-1->>'error') FROM jobs.jobs WHERE batch IS NOT NULL"));
    }

    [Theory]
    [InlineData("mails_per_connection", 7, 100)]
    [InlineData("idle_seconds", 0.2, 3, "--delay-ms", "1000", "--concurrency", "1")]
    public async Task A_server_that_ends_connections_when_it_likes_costs_no_attempt(string setting, double value, int mails, params string[] arguments)
    {
        await using var server = await MailServer.StartAsync(new JsonObject { [setting] = value });

        var (exitCode, output) = await RunAsync(server, [.. Enumerable.Range(0, mails).Select(i => $"reader.{i}@example.com,")], arguments);

        Assert.Equal((0, output), (exitCode, output));
        Assert.Equal(mails + 1, server.Count);
        Assert.InRange(server.Mails.Select(mail => mail.Headers["X-Connection"]).Distinct().Count(), mails / 7, mails);
        Assert.Equal(1, await ScalarAsync("SELECT max(attempt)::int FROM jobs.jobs"));
    }

    [Fact]
    public async Task An_address_that_the_server_has_no_alphabet_for_is_given_up_with_that_reason()
    {
        await using var server = await MailServer.StartAsync(new JsonObject { ["utf8"] = false });

        var (exitCode, output) = await RunAsync(server, ["χρήστης@example.com,Ελένη", "ada@παράδειγμα.test,Ada"], "--batch", "weekly");

        Assert.Equal((1, output), (exitCode, output));
        Assert.Contains("χρήστης@example.com,The mail server takes no address with other than ASCII characters", await File.ReadAllTextAsync(Path.Combine(Outbox, "weekly", "discarded.csv"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Contains(server.Mails, mail => mail.Headers["X-Envelope-To"] == "ada@xn--hxajbheg2az3al.test");
    }

    [Fact]
    public async Task A_server_that_goes_away_in_the_middle_delays_the_mailing_and_no_more()
    {
        await using var server = await MailServer.StartAsync();
        string[] list = [.. Enumerable.Range(0, 300).Select(i => $"reader.{i}@example.com,")];
        await using var mailing = await StartAsync(server, list, "--batch", "weekly", "--delay-ms", "50", "--concurrency", "5");
        await server.WaitForMailsAsync(30);

        await server.KillAsync();
        await server.StartAgainAsync();

        var exitCode = await mailing.WaitForExitAsync();
        Assert.Equal((0, mailing.Output), (exitCode, mailing.Output));
        Assert.Equal(1, mailing.Lines.Count(line => line == "Batch weekly is complete!"));
        var addresses = server.Mails.Select(mail => mail.Headers["X-Envelope-To"]).ToList();
        Assert.Equal(301, addresses.Distinct().Count());
        Assert.InRange(addresses.Count, 301, 306);
        Assert.False(File.Exists(Path.Combine(Outbox, "weekly", "discarded.csv")));
    }

    [Theory]
    [InlineData("--smtp must be a host and a port", "--smtp", "localhost")]
    [InlineData("--smtp must be a host and a port", "--smtp", "a b:25")]
    [InlineData("--smtp must be a host and a port", "--smtp", "localhost:99999")]
    [InlineData("--smtp-security must be one of", "--smtp", "localhost:25", "--smtp-security", "ssl")]
    [InlineData("--admins is missing", "--smtp", "localhost:25", "--from", "a@example.com")]
    [InlineData("--from must be an address", "--smtp", "localhost:25", "--from", "nobody", "--admins", "a@example.com")]
    [InlineData("--smtp-user has no meaning without --smtp", "--smtp-user", "mailer")]
    [InlineData("put it in the variable EMAILBLAST_SMTP_PASSWORD", "--smtp", "localhost:25", "--smtp-user", "mailer")]
    [InlineData("in the clear", "--smtp", "mail.example.com:25", "--smtp-user", "mailer", "--smtp-security", "none")]
    [InlineData("Leave out one of them", "--smtp", "localhost:25", "--dry-run")]
    public async Task What_does_not_fit_together_is_refused(string reason, params string[] arguments)
    {
        var (exitCode, output) = await SampleProcess.RunAsync([.. arguments, "--database", _database.ConnectionString, "--output", Outbox]);

        await AssertRefusedAsync(exitCode, output, reason);
    }

    static JsonObject Locked(string security) =>
        new() { ["tls"] = security == "tls" ? "implicit" : "starttls", ["user"] = "mailer", ["password"] = "s3cret" };

    async Task<SampleProcess> StartAsync(MailServer server, string[] list, params string[] arguments)
    {
        var path = Path.Combine(_folder.FullName, "list.csv");
        await File.WriteAllLinesAsync(path, ["email,name", .. list], TestContext.Current.CancellationToken);
        string[] addresses = arguments.Contains("--from") ? [] : ["--from", "news@example.com", "--admins", "admins.example@example.com"];
        return SampleProcess.Start(
            [.. arguments, .. addresses, "--list", path, "--smtp", server.Address, "--database", _database.ConnectionString, "--output", Outbox], _environment);
    }

    async Task<(int ExitCode, string Output)> RunAsync(MailServer server, string[] list, params string[] arguments)
    {
        await using var sample = await StartAsync(server, list, arguments);
        return (await sample.WaitForExitAsync(), sample.Output);
    }

    async Task AssertRefusedAsync(int exitCode, string output, string reason)
    {
        Assert.Equal((2, output), (exitCode, output));
        Assert.Contains(reason, output, StringComparison.Ordinal);
        Assert.Equal(DBNull.Value, await ScalarAsync("SELECT to_regclass('jobs.jobs')::text"));
    }

    async Task<object?> ScalarAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(_database.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
