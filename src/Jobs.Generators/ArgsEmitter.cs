using Jobs.Generators.Model;
using Jobs.Generators.Text;
using Microsoft.CodeAnalysis.CSharp;

namespace Jobs.Generators;

/// <summary>Writes how one args record becomes JSON, and how it is read back.</summary>
static class ArgsEmitter
{
    // The writer

    public static void EmitWriter(SourceWriter writer, ArgsShape shape)
    {
        writer.WriteLine($$"""
            public static void Write{{shape.Id}}(global::System.Text.Json.Utf8JsonWriter json, {{shape.Type}} args)
            {
                json.WriteStartObject();
            """);
        using (writer.Indent())
        {
            foreach (var constant in shape.Constants)
                writer.WriteLine(WriteConstant(constant));
            var locals = new Locals("json", "args");
            foreach (var member in shape.Stored)
                WriteMember(writer, member, locals);
            writer.WriteLine("json.WriteEndObject();");
        }

        writer.WriteLine("}");
    }

    static string WriteConstant(ConstantModel constant) => constant.Kind switch
    {
        ConstantKind.Text => $"json.WriteString({Utf8(constant.Key)}, {Utf8(constant.Value)});",
        ConstantKind.Number => $"json.WriteNumber({Utf8(constant.Key)}, {constant.Value}L);",
        _ => $"json.WriteBoolean({Utf8(constant.Key)}, {constant.Value});",
    };

    static void WriteMember(SourceWriter writer, MemberModel member, Locals locals)
    {
        var isText = member.Kind is MemberKind.String;
        if (!member.IsNullable || isText)
        {
            writer.WriteLine(WriteValue(member, $"args.{member.Name}"));
            return;
        }

        var local = locals.Name(Locals.Camel(member.PlainName));
        writer.WriteLine($$"""
            if (args.{{member.Name}} is { } {{local}})
                {{WriteValue(member, local)}}
            else
                json.WriteNull({{Utf8(member.Key)}});
            """);
    }

    static string WriteValue(MemberModel member, string value)
    {
        var key = Utf8(member.Key);
        var name = $"nameof(args.{member.Name})";
        return member.Kind switch
        {
            MemberKind.String when member.IsNullable => $"json.WriteString({key}, global::Jobs.Generated.ArgsText.Check({value}, {name}));",
            MemberKind.String => $"json.WriteString({key}, global::Jobs.Generated.ArgsText.Required({value}, {name}));",
            MemberKind.Enum => $"json.WriteString({key}, NameOf({value}, {name}));",
            MemberKind.Guid or MemberKind.DateTimeOffset => $"json.WriteString({key}, {value});",
            MemberKind.Boolean => $"json.WriteBoolean({key}, {value});",
            MemberKind.Single or MemberKind.Double => $"json.WriteNumber({key}, global::Jobs.Generated.ArgsNumber.Check({value}, {name}));",
            _ => $"json.WriteNumber({key}, {value});",
        };
    }

    // The reader

    public static bool NeedsBatch(ArgsShape shape) => shape.Members.Any(static member => member.Kind is MemberKind.FromBatch);

    public static void EmitReader(SourceWriter writer, ArgsShape shape)
    {
        var locals = new Locals("json", "args", "batch", "read");
        var reads = shape.Stored
            .Select(member => new Read(member, locals.Name(Locals.Camel(member.PlainName)), member.Default is null ? locals.Name("has" + member.PlainName) : null))
            .ToList();

        writer.WriteLine($$"""
            public static {{shape.Type}} Read{{shape.Id}}(global::System.ReadOnlySpan<byte> args{{(NeedsBatch(shape) ? ", global::Jobs.BatchRef? batch" : "")}})
            {
            """);
        using (writer.Indent())
        {
            if (reads.Count > 0)
                WritePass(writer, reads);
            WriteConstruction(writer, shape, reads);
        }

        writer.WriteLine("}");
    }

    sealed record Read(MemberModel Member, string Local, string? Flag);

    static void WritePass(SourceWriter writer, List<Read> reads)
    {
        foreach (var (member, local, flag) in reads.Select(static read => (read.Member, read.Local, read.Flag)))
        {
            writer.WriteLine($"{Declared(member)} {local} = {Initial(member)};");
            if (flag is not null)
                writer.WriteLine($"var {flag} = false;");
        }

        writer.WriteLine("""

            var json = new global::Jobs.Generated.ArgsReader(args);
            while (json.ReadKey())
            {
            """);
        using (writer.Indent())
        {
            for (var i = 0; i < reads.Count; i++)
            {
                var (member, local, flag) = (reads[i].Member, reads[i].Local, reads[i].Flag);
                writer.WriteLine($"{(i == 0 ? "if" : "else if")} (json.KeyIs({Utf8(member.Key)}))");
                if (flag is null)
                    writer.WriteLine($"    {local} = {ReadValue(member)};");
                else
                    writer.WriteLine($"    ({local}, {flag}) = ({ReadValue(member)}, true);");
            }
        }

        writer.WriteLine("""
            }

            """);
    }

    static string Declared(MemberModel member) => member.IsNullable ? member.Type + "?" : member.Type;

    static string Initial(MemberModel member) => member.Default switch
    {
        null or "default" => member is { Kind: MemberKind.String, IsNullable: false } ? "default!" : "default",
        var literal => literal,
    };

    static string ReadValue(MemberModel member)
    {
        var key = SymbolDisplay.FormatLiteral(member.Key, quote: true);
        var read = member.Kind is MemberKind.Enum ? $"Read{member.Enum!.Id}(ref json, {key})" : $"json.Read{member.Kind}({key})";
        return member.IsNullable ? $"json.ValueIsNull() ? null : {read}" : read;
    }

    static void WriteConstruction(SourceWriter writer, ArgsShape shape, List<Read> reads)
    {
        var known = shape.Members.Where(static member => member.Default is not null).ToList();
        var arguments = known.Where(static member => member.Place is MemberPlace.Constructor).Select(member => Value(member, reads));
        var initializers = known.Where(static member => member.Place is MemberPlace.Initializer).Select(member => $"{member.Name} = {Value(member, reads)}").ToList();
        var construction = $"new {shape.Type}({string.Join(", ", arguments)})" +
            (initializers.Count > 0 ? $" {{ {string.Join(", ", initializers)} }}" : "");
        if (known.Count == shape.Members.Count)
        {
            writer.WriteLine($"return {construction};");
            return;
        }

        writer.WriteLine($$"""
            // A missing key leaves what the record itself starts with.
            var read = {{construction}};
            return read with
            {
            """);
        foreach (var member in shape.Members.Where(static member => member.Default is null))
            writer.WriteLine($"    {member.Name} = {ValueOrOwn(member, reads)},");
        writer.WriteLine("};");
    }

    static string Value(MemberModel member, List<Read> reads)
    {
        if (member.Kind is not MemberKind.FromBatch)
            return reads.Single(read => read.Member == member).Local;
        var isText = member.Type == "string";
        var value = isText ? "batch?.Id" : "batch?.Total";
        return member switch
        {
            { Default: not "default" } => $"{value} ?? {member.Default}",
            { IsNullable: true } => value,
            _ => isText ? $"{value}!" : $"{value} ?? 0",
        };
    }

    static string ValueOrOwn(MemberModel member, List<Read> reads)
    {
        if (member.Kind is MemberKind.FromBatch)
            return $"batch is null ? read.{member.Name} : batch.{(member.Type == "string" ? "Id" : "Total")}";
        var read = reads.Single(read => read.Member == member);
        return $"{read.Flag} ? {read.Local} : read.{member.Name}";
    }

    // Enums

    public static void EmitEnum(SourceWriter writer, EnumModel type)
    {
        writer.WriteLine($$"""
            static string NameOf({{type.Type}} value, string member) => value switch
            {
            """);
        foreach (var member in type.Members.Where(static member => !member.IsAlias))
            writer.WriteLine($"    {member.Expression} => {SymbolDisplay.FormatLiteral(member.Name, quote: true)},");
        writer.WriteLine($$"""
                _ => throw global::Jobs.Generated.ArgsText.NoName(member),
            };

            static {{type.Type}} Read{{type.Id}}(ref global::Jobs.Generated.ArgsReader json, string key) => json.ReadString(key) switch
            {
            """);
        foreach (var member in type.Members)
            writer.WriteLine($"    {SymbolDisplay.FormatLiteral(member.Name, quote: true)} => {member.Expression},");
        var names = SymbolDisplay.FormatLiteral(string.Join(", ", type.Members.Select(static member => member.Name)), quote: true);
        writer.WriteLine($$"""
                _ => throw global::Jobs.Generated.ArgsReader.NotOneOf(key, {{names}}),
            };
            """);
    }

    static string Utf8(string text) => SymbolDisplay.FormatLiteral(text, quote: true) + "u8";
}
