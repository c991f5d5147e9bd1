using Jobs.Testing.Database;
using Npgsql;

namespace EmailBlast.Tests;

public sealed class SampleTests : IAsyncLifetime
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("email-blast-");
    TestDatabase _database = null!;

    string Outbox => Path.Combine(_folder.FullName, "outbox");

    public async ValueTask InitializeAsync() => _database = await TestDatabase.CreateAsync(TestContext.Current.CancellationToken);

    [Fact]
    public async Task The_list_that_ships_is_mailed_and_the_admins_are_told_once()
    {
        var (exitCode, output) = await RunAsync("--batch", "weekly");

        Assert.Equal((0, output), (exitCode, output));
        Assert.Equal(1, Count(output, "is complete!"));
        Assert.Contains("Batch weekly is complete!", output.Split('\n'));
        Assert.Equal(3, Count(output, "is skipped: The address \"") - Count(output, "duplicate of line"));
        var mails = Directory.GetFiles(Path.Combine(Outbox, "weekly")).Select(Path.GetFileName).ToList();
        Assert.Equal(997, mails.Count);
        Assert.Equal(996, mails.Count(name => name!.StartsWith("job-", StringComparison.Ordinal)));
        Assert.Contains("admins.eml", mails);
    }

    [Fact]
    public async Task A_batch_that_has_ended_is_told_again_and_nothing_is_stored_twice()
    {
        var list = await ListAsync("ada@example.com");
        var first = await RunAsync("--batch", "weekly", "--list", list);

        var (exitCode, output) = await RunAsync("--batch", "weekly", "--list", list);

        Assert.Equal((0, output), (exitCode, output));
        Assert.Contains("Batch weekly is stored already (1 mails); going on with it.", output.Split('\n'));
        Assert.Equal(Result(first.Output), Result(output));
        Assert.Equal(2L, await ScalarAsync("SELECT count(*) FROM jobs.jobs"));

        static string[] Result(string output) =>
            [.. output.Split('\n').Where(line => line.StartsWith("Delivered", StringComparison.Ordinal) || line.EndsWith("is complete!", StringComparison.Ordinal)).Order()];
    }

    [Fact]
    public async Task Another_list_under_the_id_of_a_stored_batch_is_not_mailed_and_that_is_said()
    {
        Assert.Equal(0, (await RunAsync("--batch", "weekly", "--list", await ListAsync("ada@example.com"))).ExitCode);

        var (exitCode, output) = await RunAsync("--batch", "weekly", "--list", await ListAsync("bob@example.com", "eve@example.com"));

        Assert.Equal((0, output), (exitCode, output));
        Assert.Contains("The list has 2 mails now and is not read again", output, StringComparison.Ordinal);
        Assert.Equal(2L, await ScalarAsync("SELECT count(*) FROM jobs.jobs"));
    }

    [Fact]
    public async Task A_mailing_of_others_is_watched_cancelled_and_mailed_again()
    {
        var list = await ListAsync([.. Enumerable.Range(0, 200).Select(i => $"reader.{i}@example.com")]);
        await using var mailing = Start("--list", list, "--delay-ms", "200", "--concurrency", "2", "--batch", "weekly");
        await mailing.WaitUntilReadyAsync();
        await using var watching = Start("--watch", "--batch", "weekly");

        var (cancelExit, cancelled) = await RunAsync("--cancel", "--batch", "weekly");
        var watchExit = await watching.WaitForExitAsync();
        Assert.Equal(1, await mailing.WaitForExitAsync());
        var (retryExit, retried) = await RunAsync("--retry-failed", "--batch", "weekly");

        Assert.Equal((0, 1, 0), (cancelExit, watchExit, retryExit));
        Assert.Contains("Batch weekly has ended: ", cancelled, StringComparison.Ordinal);
        Assert.Contains(" of 200 mails delivered, 0 given up, ", watching.Output, StringComparison.Ordinal);
        Assert.Contains("mails are tried again, in batch weekly/retry-1. To see how far they are: --watch --batch weekly/retry-1", retried, StringComparison.Ordinal);
        var delivered = (long)(await ScalarAsync("SELECT count(*) FROM jobs.jobs WHERE state = 'completed' AND callback IS NULL"))!;
        Assert.InRange(delivered, 1, 199);

        await using var working = Start("--work-only");
        var (againExit, again) = await RunAsync("--watch", "--batch", "weekly/retry-1");
        Assert.Equal((0, again), (againExit, again));
        Assert.Contains($"Batch weekly/retry-1 has ended: {200 - delivered} of {200 - delivered} mails delivered", again, StringComparison.Ordinal);
        Assert.Equal(200L, await ScalarAsync("SELECT count(*) FROM jobs.jobs WHERE state = 'completed' AND callback IS NULL"));
        await working.TerminateAsync();
    }

    [Theory]
    [InlineData("needs to know which mailing: --batch ID", "--watch")]
    [InlineData("--watch and --cancel are two things to do", "--watch", "--cancel", "--batch", "weekly")]
    [InlineData("--list has no meaning with --cancel", "--cancel", "--batch", "weekly", "--list", "x.csv")]
    [InlineData("No batch has the id \"nowhere\"", "--watch", "--batch", "nowhere")]
    public async Task What_cannot_be_done_with_a_stored_mailing_is_said(string said, params string[] arguments)
    {
        var (exitCode, output) = await RunAsync(arguments);

        Assert.Equal((2, output), (exitCode, output));
        Assert.Contains(said, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mailing_that_is_interrupted_says_the_command_that_goes_on_with_it()
    {
        var list = await ListAsync([.. Enumerable.Range(0, 60).Select(i => $"reader.{i}@example.com")]);
        var command = "";
        await using (var mailing = Start("--list", list, "--delay-ms", "300", "--concurrency", "3", "--batch", "weekly"))
        {
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
            while (!Directory.Exists(Path.Combine(Outbox, "weekly")))
                await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
            mailing.Interrupt();
            Assert.Equal(2, await mailing.WaitForExitAsync());
            Assert.Contains(mailing.Lines, line => line.StartsWith("Stopping: the mails that are being sent end first.", StringComparison.Ordinal));
            command = mailing.Lines.Last();
        }

        Assert.DoesNotContain(new NpgsqlConnectionStringBuilder(_database.ConnectionString).Password!, command, StringComparison.Ordinal);
        Assert.Equal(0L, await ScalarAsync("SELECT count(*) FROM jobs.jobs WHERE state = 'executing'"));
        var sent = Directory.GetFiles(Path.Combine(Outbox, "weekly")).Length;
        Assert.InRange(sent, 1, 59);

        // The shell runs what was said, with the password that was not.
        var withPassword = command.Replace("Password=***", $"Password={new NpgsqlConnectionStringBuilder(_database.ConnectionString).Password}", StringComparison.Ordinal);
        using var shell = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("sh", ["-c", withPassword]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = shell.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken) + await errors;
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal((0, output), (shell.ExitCode, output));
        Assert.Contains("Batch weekly is stored already (60 mails); going on with it.", output, StringComparison.Ordinal);
        Assert.Equal(1, Count(output, "Batch weekly is complete!"));
        Assert.Equal(61, Directory.GetFiles(Path.Combine(Outbox, "weekly")).Length);
        Assert.Equal(1L, await ScalarAsync("SELECT max(attempt)::bigint FROM jobs.jobs"));
    }

    [Fact]
    public async Task A_second_interrupt_ends_the_program_without_waiting_for_its_mails()
    {
        await using var mailing = Start("--list", await ListAsync("ada@example.com"), "--delay-ms", "600000", "--batch", "weekly");
        await mailing.WaitUntilReadyAsync();
        mailing.Interrupt();
        await mailing.WaitForLineAsync("Ctrl-C again ends at once");

        var watch = System.Diagnostics.Stopwatch.StartNew();
        mailing.Interrupt();

        Assert.Equal(130, await mailing.WaitForExitAsync());
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task The_lease_is_what_the_command_line_says()
    {
        await using var node = Start("--work-only", "--lease-seconds", "300");
        await node.WaitUntilReadyAsync();

        Assert.InRange((int)(await ScalarAsync("SELECT extract(epoch FROM expires_at - jobs.clock())::int FROM jobs.nodes"))!, 150, 300);
        Assert.Equal(0, await node.TerminateAsync());
    }

    [Fact]
    public async Task Mails_that_fail_every_time_are_given_up_and_the_exit_code_says_so()
    {
        var (exitCode, output) = await RunAsync("--list", await ListAsync("ada@example.com", "bob@example.com"), "--fail-rate", "1", "--batch", "weekly");

        Assert.Equal((1, output), (exitCode, output));
        Assert.Contains("gave up 2", output, StringComparison.Ordinal);
        Assert.Equal(1, Count(output, "Batch weekly is complete!"));
        var discarded = await File.ReadAllLinesAsync(Path.Combine(Outbox, "weekly", "discarded.csv"), TestContext.Current.CancellationToken);
        Assert.Equal(["email,reason,attempts", .. ((string[])["ada", "bob"]).Select(name => $"{name}@example.com,The mail server is busy (simulated by --fail-rate).,5")], discarded);
        Assert.Equal("5", (await ScalarAsync("SELECT string_agg(DISTINCT jsonb_array_length(errors)::text, ' ') FROM jobs.jobs WHERE batch IS NOT NULL")));
    }

    [Fact]
    public async Task Some_deliveries_may_fail_and_all_mails_are_out_in_the_end()
    {
        var (exitCode, output) = await RunAsync("--list", await ListAsync([.. Enumerable.Range(0, 100).Select(i => $"reader.{i}@example.com")]), "--fail-rate", "0.05");

        Assert.Equal((0, output), (exitCode, output));
        Assert.Contains("Delivered 100 of 100", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--strict", "--strict refuses the list: 4 of its rows")]
    [InlineData("--list=no-such-file.csv", "There is no list \"no-such-file.csv\"")]
    [InlineData("--concurrency=0", "--concurrency must be a number from 1 to 1000")]
    [InlineData("--lease-seconds=2", "--lease-seconds must be a number of seconds from 3 to 3600")]
    [InlineData("--admins=nobody", "--admins must be an address")]
    [InlineData("--fail-rate=2", "--fail-rate must be a number from 0 to 1")]
    [InlineData("--lsit=x", "--lsit")]
    public async Task What_cannot_run_says_why_and_stores_nothing(string option, string reason)
    {
        var (exitCode, output) = await RunAsync(option);

        Assert.Equal((2, output), (exitCode, output));
        Assert.Contains(reason, output, StringComparison.Ordinal);
        Assert.Equal(DBNull.Value, await ScalarAsync("SELECT to_regclass('jobs.jobs')::text"));
        Assert.False(Directory.Exists(Outbox));
    }

    [Fact]
    public async Task A_folder_that_takes_no_files_is_refused_before_anything_is_stored()
    {
        await File.WriteAllTextAsync(Outbox, "a file", TestContext.Current.CancellationToken);

        var (exitCode, output) = await RunAsync();

        Assert.Equal((2, output), (exitCode, output));
        Assert.Contains("Name another: --output FOLDER", output, StringComparison.Ordinal);
        Assert.Equal(DBNull.Value, await ScalarAsync("SELECT to_regclass('jobs.jobs')::text"));
    }

    [Fact]
    public async Task A_database_that_crashes_in_the_middle_delays_the_mailing_and_no_more()
    {
        await using var database = await TestDatabase.CreateOwnServerAsync(TestContext.Current.CancellationToken);
        var list = await ListAsync([.. Enumerable.Range(0, 200).Select(i => $"reader.{i}@example.com")]);
        await using var mailing = SampleProcess.Start("--database", database.ConnectionString, "--output", Outbox, "--list", list, "--delay-ms", "100", "--batch", "weekly");
        await mailing.WaitUntilReadyAsync();

        await database.RestartServerAsync(immediate: true);

        var exitCode = await mailing.WaitForExitAsync();
        Assert.Equal((0, mailing.Output), (exitCode, mailing.Output));
        Assert.Equal(1, mailing.Lines.Count(line => line == "Batch weekly is complete!"));
        Assert.Equal(201, Directory.GetFiles(Path.Combine(Outbox, "weekly"), "*.eml").Length);
    }

    [Fact]
    public async Task An_unreachable_database_says_where_and_why_without_the_password()
    {
        var (exitCode, output) = await SampleProcess.RunAsync("--database", "Host=127.0.0.1;Port=1;Username=ada;Password=s3cret;Database=mail", "--output", Outbox);

        Assert.Equal((2, output), (exitCode, output));
        Assert.Contains("cannot open a connection to PostgreSQL at 127.0.0.1:1, database \"mail\", user \"ada\"", output, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "No database is named")]
    [InlineData("Host=x;Passwort=s3cret", "The connection string cannot be read")]
    public async Task A_database_that_is_not_named_well_is_refused(string? connection, string reason)
    {
        var (exitCode, output) = await SampleProcess.RunAsync(connection is null ? [] : ["--database", connection]);

        Assert.Equal((2, output), (exitCode, output));
        Assert.Contains(reason, output, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_nodes_share_a_list_of_20_000_and_each_address_is_delivered_once()
    {
        const int size = 20_000;
        var list = await ListAsync([.. Enumerable.Range(0, size).Select(i => $"reader.{i}@example.com")]);
        await using var helper = Start("--work-only", "--dry-run");
        await helper.WaitUntilReadyAsync();
        await using var mailing = Start("--list", list, "--dry-run", "--batch", "weekly");
        await mailing.WaitUntilReadyAsync();

        var deleted = 0L;
        using (var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200)))
        {
            while (deleted < 1_000 && await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken))
                deleted += (long)(await ScalarAsync("WITH gone AS (DELETE FROM jobs.jobs WHERE state = 'completed' AND batch IS NOT NULL RETURNING id) SELECT count(*) FROM gone"))!;
        }

        var exitCode = await mailing.WaitForExitAsync();
        Assert.Equal((0, mailing.Output), (exitCode, mailing.Output));
        Assert.Equal(0, await helper.TerminateAsync());

        Assert.Equal(1, mailing.Lines.Count(line => line == "Batch weekly is complete!"));
        Assert.DoesNotContain("complete!", helper.Output, StringComparison.Ordinal);
        var files = Directory.GetFiles(Outbox, "dry-run-*.txt");
        var deliveries = files.Where(file => !file.EndsWith("-admins.txt", StringComparison.Ordinal)).Select(File.ReadAllLines).ToList();
        Assert.Equal(2, deliveries.Count);
        Assert.All(deliveries, file => Assert.InRange(file.Length, 1_000, size));
        Assert.Equal(size, deliveries.Sum(file => file.Length));
        Assert.Equal(size, deliveries.SelectMany(file => file).Distinct().Count());
        Assert.Equal(["Batch weekly is complete!"], files.Where(file => file.EndsWith("-admins.txt", StringComparison.Ordinal)).SelectMany(File.ReadAllLines));
        Assert.Equal("20000 0 20000", await ScalarAsync("SELECT concat_ws(' ', total, pending, completed) FROM jobs.batches"));
    }

    [Fact]
    public async Task A_mailing_that_is_stopped_goes_on_elsewhere()
    {
        var list = await ListAsync([.. Enumerable.Range(0, 50).Select(i => $"reader.{i}@example.com")]);
        await using (var mailing = Start("--list", list, "--delay-ms", "500", "--concurrency", "2", "--batch", "weekly"))
        {
            await mailing.WaitUntilReadyAsync();
            Assert.Equal(2, await mailing.TerminateAsync());
            Assert.Contains("--work-only", mailing.Output, StringComparison.Ordinal);
            Assert.EndsWith(" --batch=weekly", mailing.Lines.Last(), StringComparison.Ordinal);
        }

        await using var node = Start("--work-only");
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!File.Exists(Path.Combine(Outbox, "weekly", "admins.eml")))
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);

        Assert.Equal(0, await node.TerminateAsync());
        Assert.Equal(51, Directory.GetFiles(Path.Combine(Outbox, "weekly")).Length);
        Assert.Equal(1L, await ScalarAsync("SELECT max(attempt)::bigint FROM jobs.jobs"));
    }

    SampleProcess Start(params string[] arguments) => SampleProcess.Start([.. arguments, "--database", _database.ConnectionString, "--output", Outbox]);

    async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        await using var sample = Start(arguments);
        return (await sample.WaitForExitAsync(), sample.Output);
    }

    async Task<string> ListAsync(params string[] addresses)
    {
        var path = Path.Combine(_folder.FullName, "list.csv");
        await File.WriteAllLinesAsync(path, ["email", .. addresses], TestContext.Current.CancellationToken);
        return path;
    }

    async Task<object?> ScalarAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(_database.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }

    static int Count(string text, string part) => text.Split(part).Length - 1;

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
