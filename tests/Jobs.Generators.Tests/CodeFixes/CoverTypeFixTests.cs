namespace Jobs.Generators.Tests.CodeFixes;

public class CoverTypeFixTests
{
    const string Args = """
        using System.Collections.Generic;
        using Jobs;

        namespace App;

        public sealed record EmailArgs(string Email, HashSet<int> Figures, SortedSet<string> Names);

        public sealed record OtherArgs(HashSet<int> Figures);
        """;

    static string Worker(string args) => $"[Jobs.Worker] public partial class Of{args.Replace('.', '_')} {{ [Jobs.Perform] internal void Run({args} args) {{ }} }}\n";

    static FixableProgram Program(params IEnumerable<string> sources) => FixableProgram.Of([.. sources, Worker("App.EmailArgs"), Worker("App.OtherArgs")]);

    [Fact]
    public async Task A_project_without_a_context_gets_one_beside_the_record()
    {
        var mended = await Program(Args).FixAsync("JOB018", "Add a JsonSerializerContext for HashSet<int>");

        Assert.Equal("""
            using System.Collections.Generic;
            using System.Text.Json.Serialization;
            using Jobs;

            namespace App;

            public sealed record EmailArgs(string Email, HashSet<int> Figures, SortedSet<string> Names);

            [JsonSerializable(typeof(HashSet<int>))]
            internal sealed partial class JobsJsonContext : JsonSerializerContext;

            public sealed record OtherArgs(HashSet<int> Figures);
            """, await TextAsync(mended));
        Assert.Equal(["JOB018"], await mended.ErrorsAsync());
    }

    [Theory]
    [InlineData("EmailArgs", "// Ours.\n/// <summary>Args.</summary>\npublic sealed record EmailArgs(System.Collections.Generic.HashSet<int> Figures);\n",
        "// Ours.\nusing System.Text.Json.Serialization;\n\n/// <summary>Args.</summary>\npublic sealed record EmailArgs(System.Collections.Generic.HashSet<int> Figures);\n\n[JsonSerializable(typeof(System.Collections.Generic.HashSet<int>))]\ninternal sealed partial class JobsJsonContext : JsonSerializerContext;\n")]
    [InlineData("App.EmailArgs", "using Jobs;\r\nnamespace App\r\n{\r\n    record EmailArgs(System.Collections.Generic.HashSet<int> Figures);\r\n}\r\n",
        "using System.Text.Json.Serialization;\r\nusing Jobs;\r\nnamespace App\r\n{\r\n    record EmailArgs(System.Collections.Generic.HashSet<int> Figures);\r\n\r\n    [JsonSerializable(typeof(System.Collections.Generic.HashSet<int>))]\r\n    internal sealed partial class JobsJsonContext : JsonSerializerContext;\r\n}\r\n")]
    [InlineData("Outer.EmailArgs", "using System.Text.Json.Serialization;\npartial class Outer\n{\n    public record EmailArgs(System.Collections.Generic.HashSet<int> Figures);\n}\n",
        "using System.Text.Json.Serialization;\npartial class Outer\n{\n    public record EmailArgs(System.Collections.Generic.HashSet<int> Figures);\n}\n\n[JsonSerializable(typeof(System.Collections.Generic.HashSet<int>))]\ninternal sealed partial class JobsJsonContext : JsonSerializerContext;\n")]
    [InlineData("EmailArgs", "class JobsJsonContext;\nclass JsonSerializable;\nrecord EmailArgs(System.Collections.Generic.HashSet<int> Figures);\n",
        "class JobsJsonContext;\nclass JsonSerializable;\nrecord EmailArgs(System.Collections.Generic.HashSet<int> Figures);\n\n[global::System.Text.Json.Serialization.JsonSerializable(typeof(System.Collections.Generic.HashSet<int>))]\ninternal sealed partial class JobsJsonContext2 : global::System.Text.Json.Serialization.JsonSerializerContext;\n")]
    public async Task It_fits_into_the_file(string args, string source, string expected)
    {
        var mended = await FixableProgram.Of(source, Worker(args)).FixAsync("JOB018", "Add a JsonSerializerContext for HashSet<int>");

        Assert.Equal(expected, await TextAsync(mended));
        Assert.Empty(await mended.ErrorsAsync());
    }

    static async Task<string> TextAsync(FixableProgram program) => (await program.TextsAsync())[0];

    [Fact]
    public async Task Contexts_that_are_there_are_offered_each_and_not_a_new_one()
    {
        var program = Program(Args, """
            using System.Text.Json.Serialization;
            [JsonSerializable(typeof(string))]
            partial class FirstContext : JsonSerializerContext;
            partial class SecondContext : JsonSerializerContext;
            class NotPartialContext : JsonSerializerContext;
            """);

        var offers = await program.OffersAsync("JOB018");
        var mended = await program.FixAsync("JOB018", "Add [JsonSerializable(typeof(HashSet<int>))] to FirstContext");

        Assert.Equal(["Add [JsonSerializable(typeof(HashSet<int>))] to FirstContext", "Add [JsonSerializable(typeof(HashSet<int>))] to SecondContext"], offers);
        Assert.Contains(
            "\n[JsonSerializable(typeof(System.Collections.Generic.HashSet<int>))]\n[JsonSerializable(typeof(string))]\npartial class FirstContext",
            (await mended.TextsAsync())[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fix_all_writes_one_context_for_all_types_of_the_project()
    {
        var mended = await Program(Args).FixAllAsync("JOB018", "Add a JsonSerializerContext for HashSet<int>");

        Assert.Contains("""
            public sealed record EmailArgs(string Email, HashSet<int> Figures, SortedSet<string> Names);

            [JsonSerializable(typeof(HashSet<int>))]
            [JsonSerializable(typeof(SortedSet<string>))]
            internal sealed partial class JobsJsonContext : JsonSerializerContext;

            public sealed record OtherArgs
            """, await TextAsync(mended), StringComparison.Ordinal);
        Assert.Empty(await mended.ErrorsAsync());
    }

    [Fact]
    public async Task Fix_all_adds_all_types_to_the_context_that_was_chosen()
    {
        var program = Program(Args, "using System.Collections.Generic;\nusing System.Text.Json.Serialization;\npartial class AppContext : JsonSerializerContext;\n");

        var mended = await program.FixAllAsync("JOB018", "Add [JsonSerializable(typeof(HashSet<int>))] to AppContext");

        Assert.EndsWith(
            "[JsonSerializable(typeof(HashSet<int>))]\n[JsonSerializable(typeof(SortedSet<string>))]\npartial class AppContext : JsonSerializerContext;\n",
            (await mended.TextsAsync())[1], StringComparison.Ordinal);
        Assert.Empty(await mended.ErrorsAsync());
    }
}
