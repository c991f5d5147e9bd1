using Microsoft.CodeAnalysis;

namespace Jobs.Generators.Tests;

/// <summary>Which declarations make args: those that do compile without a warning in the generated code, and the others say why not.</summary>
public class ArgsDeclarationTests
{
    [Theory]
    [InlineData("#nullable disable\npublic class Inner { public Inner(string name) { Name = name; } public string Name { get; } public string[][] A { get; set; } = new string[0][]; public Dictionary<string, List<string>> D { get; set; } }\n#nullable restore\npublic sealed record TheArgs(Inner Inner);\n")]
    [InlineData("public sealed record TheArgs(int X) { [Obsolete(\"no\")] public int Old { get; init; } }\n")]
    [InlineData("[Obsolete] public enum Old { A }\n#pragma warning disable CS0612\npublic sealed record TheArgs(List<Old> X);\n")]
    [InlineData("public sealed record Inner { [Obsolete] public Inner(int x) => X = x; public int X { get; } }\npublic sealed record TheArgs(Inner X);\n")]
    [InlineData("public sealed record TheArgs(int X) { [System.Diagnostics.CodeAnalysis.Experimental(\"NEW1\")] public int Y { get; init; } }\n")]
    [InlineData("public sealed record Shape(int X); public sealed record ArgsJson(int X); public sealed record ThisWorker(int X); public sealed record Shape_(int X); public sealed record TheArgs(Shape S, ArgsJson A, ThisWorker T, Shape_ U);\n")]
    [InlineData("public sealed record FooType(int X); public sealed class ReadFoo : HashSet<int>; [Flags] public enum Read { A } public sealed record Of(int X); public enum NameOf { X } public sealed record TheArgs(FooType X, ReadFoo Z, Read R, Of O, NameOf N); [JsonSerializable(typeof(ReadFoo))] internal sealed partial class FooJson : JsonSerializerContext;\n")]
    [InlineData("public sealed record TheArgs(int Json, int Args, int Read, int Batch, int HasJson, List<int> Items, List<string> Item, Dictionary<string, int> Entries, int @class, int value, int Value2);\n")]
    [InlineData("public class Inner(string? name) { public string Name { get; } = name ?? \"\"; }\npublic sealed record TheArgs(Inner Inner, params string[] Tags);\n")]
    [InlineData("public sealed record Node(int X, List<Node> Next); public sealed record TheArgs(List<Node> X); [JsonSerializable(typeof(List<Node>))] internal sealed partial class NodeJson : JsonSerializerContext;\n")]
    [InlineData("public sealed record Pair<T>(T A, T? B) where T : notnull; public sealed record Env<T>(T Item) where T : notnull; public sealed record TheArgs(Pair<Pair<int>> X, Pair<string> Y, Env<Env<Env<string>>> Z);\n")]
    public async Task Args_are_read_and_written_without_a_warning(string code) => Assert.Empty(await ArgsProgram.ErrorsAsync(code));

    [Fact]
    public async Task A_fault_of_a_record_is_told_once_however_many_members_have_it()
    {
        var chain = string.Concat(Enumerable.Range(1, 29).Select(i => FormattableString.Invariant($"public sealed record A{i}(A{i + 1} X, A{i + 1} Y);\n")));

        var errors = await ArgsProgram.ErrorsAsync($"{chain}public sealed record A30(object X);\npublic sealed record TheArgs(A1 X, List<A2> Y, A30 Z);\n");

        Assert.Equal(["JOB008: A30.X cannot be stored: JSON does not say of which class the object was. Use the class itself, or a JsonElement, which holds any JSON."], errors);
    }

    [Fact]
    public async Task A_fault_that_a_context_settles_in_one_place_is_told_in_another()
    {
        var errors = await ArgsProgram.ErrorsAsync("""
            public sealed record Inner(object X);
            public sealed record Outer(Inner Inner);
            [JsonSerializable(typeof(Outer))] internal sealed partial class OuterJson : JsonSerializerContext;
            public sealed record TheArgs(Outer A, Inner B);

            """);

        Assert.Single(errors, error => error.StartsWith("JOB008: Inner.X cannot be stored", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("public sealed record Node<T>(T Value, Node<List<T>>? Next);\npublic sealed record TheArgs(Node<int> X);\n", "Node.Next")]
    [InlineData("public sealed record Node<T>(T Value, Node<T[]>[] Next);\npublic sealed record TheArgs(Node<int> X);\n", "Node.Next")]
    [InlineData("public sealed record Node(int X, Node? Next);\npublic sealed record TheArgs(Node X);\n", "Node.Next")]
    [InlineData("public sealed record Inner(TheArgs? Next);\npublic sealed record TheArgs(Inner? X);\n", "Inner.Next")]
    [InlineData("public sealed record TheArgs(Dictionary<string, TheArgs[]> X);\n", "TheArgs.X")]
    public async Task What_leads_back_to_itself_is_refused(string code, string member) =>
        Assert.StartsWith($"JOB008: {member} cannot be stored: it leads back to ", Assert.Single(await ArgsProgram.ErrorsAsync(code)), StringComparison.Ordinal);

    // Another assembly

    const string Library = """
        #nullable enable
        using System; using System.Collections.Generic;
        [assembly: System.Runtime.CompilerServices.InternalsVisibleTo("Friend")]
        namespace Lib;
        public sealed record Positional(string A, int B = 3) { public string C { get; init; } = "c"; public int Length => A.Length; }
        public record Several(string A) { public Several() : this("x") { } }
        public class GetOnly { public string A { get; } = "a"; }
        public class InternalSetter { public string A { get; internal set; } = "a"; }
        public class InternalConstructor { internal InternalConstructor(string a) => A = a; public string A { get; } }
        public readonly struct Point(int x) { public int X { get; } = x; public int Twice => X * 2; }
        public sealed class Plain { public List<string>? A { get; set; } = ["a"]; public required int B { get; init; } }
        public sealed record Envelope<T>(T Item, Dictionary<string, T> More);

        """;

    static MetadataReference Reference { get; } = MetadataReference.CreateFromImage(UserProgram.Compile(Library, "Lib").Emit());

    [Theory]
    [InlineData("Positional", null)]
    [InlineData("Several", null)]
    [InlineData("Point", null)]
    [InlineData("Plain", null)]
    [InlineData("Envelope<Lib.Plain?>", null)]
    [InlineData("GetOnly", "GetOnly.A cannot be stored: no public set or init accessor and no constructor parameter takes its value back. Give it an init accessor, or compute it from other members.")]
    [InlineData("InternalSetter", "InternalSetter.A cannot be stored: no public set or init accessor and no constructor parameter takes its value back. Give it an init accessor, or compute it from other members.")]
    [InlineData("InternalConstructor", "InternalConstructor cannot be stored: it has no constructor that is internal or public. Make one so.")]
    public async Task A_type_of_another_assembly_is_stored_whole_or_refused(string type, string? message)
    {
        var errors = await ArgsProgram.ErrorsAsync($"public sealed record TheArgs(Lib.{type} Value);\n", Reference);

        Assert.Equal(message is null ? [] : [$"JOB008: {message}"], errors);
    }
}
