namespace Jobs.Generators.Tests.CodeFixes;

public class AddMatchesFixTests
{
    static FixableProgram Program(string records, params string[] args)
    {
        var methods = string.Concat(args.Select(type => $"    [Perform] public void Run{type}({type} args) {{ }}\n"));
        return FixableProgram.Of(records, $"using Jobs;\n[Worker]\npublic partial class Mailer\n{{\n{methods}}}\n");
    }

    [Fact]
    public async Task The_record_of_the_later_method_gets_a_constant_by_its_name()
    {
        var program = Program("""
            using Jobs;
            public sealed record EmailArgs(string Email);

            /// <summary>Reminds.</summary>
            public sealed record PasswordReminderArgs(string Email);

            """, "EmailArgs", "PasswordReminderArgs");

        var mended = await program.FixAsync("JOB011", "Add [Matches(\"kind\", \"password_reminder\")] to PasswordReminderArgs");

        Assert.Contains(
            "/// <summary>Reminds.</summary>\n[Matches(\"kind\", \"password_reminder\")]\npublic sealed record PasswordReminderArgs(string Email);",
            (await mended.TextsAsync())[0], StringComparison.Ordinal);
        Assert.Empty(await mended.ErrorsAsync());
    }

    [Fact]
    public async Task Without_the_namespace_imported_the_attribute_has_its_full_name()
    {
        var program = Program("public sealed record EmailArgs(string Email);\npublic sealed record Reminder(string Email);\n", "EmailArgs", "Reminder");

        var mended = await program.FixAsync("JOB011", "Add [Matches(\"kind\", \"reminder\")] to Reminder");

        Assert.Contains("\n[global::Jobs.Matches(\"kind\", \"reminder\")]\npublic sealed record Reminder", (await mended.TextsAsync())[0], StringComparison.Ordinal);
        Assert.Empty(await mended.ErrorsAsync());
    }

    [Theory]
    [InlineData("public sealed record EmailArgs(string Email, string Kind); [Matches(\"kind\", \"reminder\")] public sealed record ReminderArgs(string Email);", "EmailArgs", "ReminderArgs", "reminder")]
    [InlineData("public sealed record EmailArgs(string Email, string Kind); [Matches(\"kind\", \"reminder\")] public sealed record ReminderArgs(string Email);", "ReminderArgs", "EmailArgs", "email")]
    [InlineData("public sealed record EmailArgs(string Email, string Kind); public sealed record ReminderArgs(string Email, string Kind);", "EmailArgs", "ReminderArgs", "reminder")]
    [InlineData("public record Base { public string? Kind { get; init; } } public sealed record OneArgs : Base; public sealed record TwoArgs : Base;", "OneArgs", "TwoArgs", "two")]
    public async Task Where_a_record_has_a_member_of_that_key_the_constant_gets_another(string records, string first, string second, string value)
    {
        var mended = await Program("using Jobs;\n" + records, first, second).FixAsync("JOB011", $"Add [Matches(\"type\", \"{value}\")] to {second}");

        Assert.Empty(await mended.ErrorsAsync());
    }

    [Fact]
    public async Task Records_of_the_same_name_get_different_constants()
    {
        var program = Program(
            "using Jobs;\n[Matches(\"kind\", \"email\")] public sealed record Email(string To); public sealed record Other(string To); public sealed record EmailArgs(string To);",
            "Email", "Other", "EmailArgs");

        Assert.Equal(["Add [Matches(\"kind\", \"email_2\")] to EmailArgs"], await program.OffersAsync("JOB011"));
        Assert.Empty(await (await program.FixAsync("JOB011", "Add [Matches(\"kind\", \"email_2\")] to EmailArgs")).ErrorsAsync());
    }

    [Fact]
    public async Task Fix_all_settles_every_clash()
    {
        var program = Program(
            "using Jobs;\npublic sealed record OneArgs(string To);\npublic sealed record TwoArgs(string To);\npublic sealed record ThreeArgs(string To);\n",
            "OneArgs", "TwoArgs", "ThreeArgs");

        var mended = await program.FixAllAsync("JOB011", "Add [Matches(\"kind\", \"two\")] to TwoArgs");

        Assert.Equal(["JOB011", "JOB011", "JOB011"], await program.ErrorsAsync());
        Assert.Equal(
            "using Jobs;\npublic sealed record OneArgs(string To);\n[Matches(\"kind\", \"two\")]\npublic sealed record TwoArgs(string To);\n[Matches(\"kind\", \"three\")]\npublic sealed record ThreeArgs(string To);\n",
            (await mended.TextsAsync())[0]);
        Assert.Empty(await mended.ErrorsAsync());
    }

    [Fact]
    public async Task A_record_of_another_assembly_cannot_be_given_one()
    {
        var program = Program(
            "using Jobs;\n[Matches(\"status\", \"complete\")] public sealed record DoneArgs(string BatchId, int Total, int Completed, int Cancelled, int Discarded, int Pending = 0, System.DateTimeOffset? InsertedAt = null, System.DateTimeOffset? OccurredAt = null, System.Text.Json.JsonElement? Metadata = null);",
            "DoneArgs", "BatchComplete");

        Assert.Empty(await program.OffersAsync("JOB011"));
    }
}
