using Jobs.Testing.Database;

namespace Jobs.Packages.Tests;

/// <summary>Programs outside the tree, each of which knows Jobs by its packages only, and is built with warnings as errors.</summary>
public sealed class AppTests(Workshop workshop) : IAsyncLifetime
{
    TestDatabase _database = null!;

    public async ValueTask InitializeAsync()
    {
        await workshop.BuildAsync();
        _database = await TestDatabase.CreateAsync(TestContext.Current.CancellationToken);
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task A_console_program_enqueues_and_performs_a_batch_and_exits_by_itself_when_its_callback_has_come()
    {
        await using var app = App.Start(workshop.Built("ConsoleWorker"), _database.ConnectionString, "ada@example.org", "grace@example.org");

        Assert.Equal(0, await app.WaitForExitAsync());
        Assert.Contains("Delivered to ada@example.org.", app.Printed, StringComparison.Ordinal);
        Assert.Contains("Delivered to grace@example.org.", app.Printed, StringComparison.Ordinal);
        Assert.Contains("2 of 2 mails of weekly-update are delivered.", app.Printed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_job_enqueued_by_a_web_program_is_performed_by_a_host_that_shares_a_library_of_workers_with_it() =>
        await WelcomeAsync(workshop.Built("MailingHost"));

    [Fact]
    public async Task The_host_publishes_as_a_native_program_without_a_warning_and_performs_the_same_job()
    {
        var folder = workshop.Publish("MailingHost");
        await workshop.DotnetAsync("publish", "MailingHost", "--configuration", "Release", "--output", folder, "-warnaserror");

        Assert.DoesNotContain(Directory.EnumerateFiles(folder), file => Path.GetExtension(file) == ".dll");
        await WelcomeAsync(Path.Combine(folder, "MailingHost"));
    }

    [Fact]
    public async Task A_program_that_references_only_a_library_which_references_the_package_has_AddWorkers_too() =>
        await RemindAsync("ByProject");

    [Fact]
    public async Task A_program_that_references_only_a_package_which_depends_on_the_package_has_AddWorkers_too()
    {
        await workshop.PackAsync("Reminders");
        await workshop.DotnetAsync("build", "ByPackage", "--configuration", "Release", "-warnaserror");

        await RemindAsync("ByPackage");
        Assert.Equal(["Jobs.CodeFixes.dll", "Jobs.Generators.dll"], await AnalyzersAsync("ByPackage"));
    }

    [Theory, InlineData("ConsoleWorker"), InlineData("Mailing"), InlineData("MailingHost"), InlineData("MailingWeb"), InlineData("Reminders"), InlineData("ByProject")]
    public async Task Every_program_and_library_gets_the_generator_and_the_code_fixes_once(string app) =>
        Assert.Equal(["Jobs.CodeFixes.dll", "Jobs.Generators.dll"], await AnalyzersAsync(app));

    [Fact]
    public async Task The_code_fixes_of_the_package_mend_a_program_that_its_analyzers_refuse()
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => workshop.DotnetAsync("build", "Unmarked"));

        await workshop.DotnetAsync("format", "analyzers", "Unmarked", "--diagnostics", "JOB007", "--severity", "error", "--no-restore");

        Assert.Contains("error JOB007: ", refused.Message, StringComparison.Ordinal);
        await workshop.DotnetAsync("build", "Unmarked", "--no-restore", "-warnaserror");
    }

    async Task WelcomeAsync(string hostProgram)
    {
        await using var host = App.Start(hostProgram, _database.ConnectionString);
        await using var web = App.Start(workshop.Built("MailingWeb"), _database.ConnectionString);
        await host.WaitForAsync("The host works.");
        var address = (await web.WaitForAsync("Now listening on: ")).Split("Now listening on: ")[1];

        using var http = new HttpClient { BaseAddress = new Uri(address) };
        using var response = await http.PostAsync(new Uri("/welcome/ada@example.org", UriKind.Relative), null, TestContext.Current.CancellationToken);
        var job = await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        await host.WaitForAsync($"{job}: Welcome, ada@example.org!");
        Assert.Equal(0, await web.TerminateAsync());
        Assert.Equal(0, await host.TerminateAsync());
        Assert.Contains("The host has stopped.", host.Printed, StringComparison.Ordinal);
    }

    async Task RemindAsync(string program)
    {
        await using var app = App.Start(workshop.Built(program), _database.ConnectionString, "tea");

        Assert.Equal(0, await app.WaitForExitAsync());
        Assert.Contains("Reminder: tea", app.Printed, StringComparison.Ordinal);
    }

    async Task<string[]> AnalyzersAsync(string project)
    {
        var items = await workshop.DotnetAsync("msbuild", project, "-p:Configuration=Release", "-t:ResolveLockFileAnalyzers", "-getItem:Analyzer");
        var names =
            from analyzer in System.Text.Json.JsonDocument.Parse(items).RootElement.GetProperty("Items").GetProperty("Analyzer").EnumerateArray()
            let name = Path.GetFileName(analyzer.GetProperty("Identity").GetString()!)
            where name.StartsWith("Jobs.", StringComparison.Ordinal)
            orderby name
            select name;
        return [.. names];
    }
}
