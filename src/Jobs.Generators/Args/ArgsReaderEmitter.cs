using Jobs.Generators.Model;
using Jobs.Generators.Text;
using Microsoft.CodeAnalysis.CSharp;

namespace Jobs.Generators;

/// <summary>Writes how args and the records inside them are read back.</summary>
static class ArgsReaderEmitter
{
    const string Generated = "global::Jobs.Generated";

    public static bool NeedsBatch(ArgsShape shape) => shape.Members.Any(static member => member.IsFromBatch);

    public static void EmitReader(SourceWriter writer, ArgsShape shape)
    {
        writer.WriteLine($$"""
            public static {{shape.Type}} Read{{shape.Id}}(global::System.ReadOnlySpan<byte> args{{(NeedsBatch(shape) ? ", global::Jobs.BatchRef? batch" : "")}})
            {
            """);
        using (writer.Indent())
        {
            var reads = Reads(shape.Record, isArgs: true);
            if (reads.Count > 0)
            {
                Declare(writer, reads);
                writer.WriteLine($"var json = new {Generated}.ArgsReader(args);");
                WritePass(writer, reads);
                writer.WriteLine();
            }

            WriteConstruction(writer, shape.Record, reads);
        }

        writer.WriteLine("}");
    }

    public static void EmitReader(SourceWriter writer, RecordModel record)
    {
        writer.WriteLine($$"""
            static {{record.Type}} Read{{record.Id}}(ref {{Generated}}.ArgsReader json)
            {
            """);
        using (writer.Indent())
        {
            var reads = Reads(record, isArgs: false);
            Declare(writer, reads);
            writer.WriteLine("json.EnterObject();");
            WritePass(writer, reads);
            writer.WriteLine();
            foreach (var read in reads.Where(static read => !read.Member.IsOptional))
                writer.WriteLine($"json.Require({read.Flag}, {Literal(read.Member.Key)});");
            WriteConstruction(writer, record, reads);
        }

        writer.WriteLine("}");
    }

    // One pass over the keys

    /// <param name="Member">The member that is read.</param>
    /// <param name="Local">Where its value goes.</param>
    /// <param name="Flag">What says that its key was there; <see langword="null"/> where nobody asks.</param>
    sealed record Read(MemberModel Member, string Local, string? Flag);

    static List<Read> Reads(RecordModel record, bool isArgs)
    {
        var locals = new Locals("json", "args", "batch", "read");
        return
        [
            .. record.Stored.Select(member => new Read(
                member,
                locals.Name(Locals.Camel(member.PlainName)),
                member.Default is null || (!isArgs && !member.IsOptional) ? locals.Name("has" + member.PlainName) : null)),
        ];
    }

    static void Declare(SourceWriter writer, List<Read> reads)
    {
        foreach (var (member, local, flag) in reads.Select(static read => (read.Member, read.Local, read.Flag)))
        {
            writer.WriteLine($"{Declared(member.Value)} {local} = {Initial(member)};");
            if (flag is not null)
                writer.WriteLine($"var {flag} = false;");
        }

        writer.WriteLine();
    }

    static void WritePass(SourceWriter writer, List<Read> reads) => KeySwitch.Write(
        writer,
        [.. reads.Select(static read => (read.Member.Key, (IReadOnlyList<string>)[read.Flag is null
            ? $"{read.Local} = {ReadValue(read.Member.Value)};"
            : $"({read.Local}, {read.Flag}) = ({ReadValue(read.Member.Value)}, true);"]))]);

    static string Declared(ValueModel value) => value.IsNullable ? value.Type + "?" : value.Type;

    static string Initial(MemberModel member) => member.Default switch
    {
        null or "default" => member.Value is { IsReference: true, IsNullable: false } ? "default!" : "default",
        var literal => literal,
    };

    static string ReadValue(ValueModel value)
    {
        var read = value.Kind switch
        {
            ValueKind.Enum or ValueKind.Record or ValueKind.List or ValueKind.Array or ValueKind.Dictionary => $"Read{value.Id}(ref json)",
            ValueKind.Custom => $"json.ReadBy(TypeOf{value.Id})",
            ValueKind.Json => "json.ReadElement()",
            var kind => $"json.Read{kind}()",
        };
        return value.IsNullable ? $"json.ValueIsNull() ? null : {read}" : read;
    }

    // The record, put together

    static void WriteConstruction(SourceWriter writer, RecordModel record, List<Read> reads)
    {
        var known = record.Members.Where(static member => member.Default is not null).ToList();
        if (known.Count == record.Members.Count)
        {
            writer.WriteLine($"return {New(record, known, reads)};");
            return;
        }

        var unknown = record.Members.Where(static member => member.Default is null).ToList();
        writer.WriteLine($$"""
            // A missing key leaves what a fresh {{record.Id}} itself starts with.
            var read = {{New(record, known, reads)}};
            """);
        if (record.CanCopy)
        {
            writer.WriteLine("""
                return read with
                {
                """);
            foreach (var member in unknown)
                writer.WriteLine($"    {member.Name} = {ValueOrOwn(member, reads)},");
            writer.WriteLine("};");
        }
        else if (unknown.All(static member => member.Place is MemberPlace.Setter))
        {
            foreach (var member in unknown)
                writer.WriteLine($"read.{member.Name} = {ValueOrOwn(member, reads)};");
            writer.WriteLine("return read;");
        }
        else
        {
            writer.WriteLine($"return {New(record, [.. known, .. unknown], reads)};");
        }
    }

    static string New(RecordModel record, List<MemberModel> members, List<Read> reads)
    {
        var arguments = members.Where(static member => member.Place is MemberPlace.Constructor)
            .Select(member => (member.Argument is { } name ? $"{name}: " : "") + Value(member, reads));
        var initializers = members.Where(static member => member.Place is not MemberPlace.Constructor).Select(member => $"{member.Name} = {Value(member, reads)}").ToList();
        return $"new {record.Type}({string.Join(", ", arguments)})" + (initializers.Count > 0 ? $" {{ {string.Join(", ", initializers)} }}" : "");
    }

    static string Value(MemberModel member, List<Read> reads)
    {
        if (member.Default is null)
            return ValueOrOwn(member, reads);
        if (!member.IsFromBatch)
            return reads.Single(read => read.Member == member).Local;
        var isText = member.Value.Kind is ValueKind.String;
        var value = isText ? "batch?.Id" : "batch?.Total";
        return member switch
        {
            { Default: not "default" } => $"{value} ?? {member.Default}",
            { Value.IsNullable: true } => value,
            _ => isText ? $"{value}!" : $"{value} ?? 0",
        };
    }

    static string ValueOrOwn(MemberModel member, List<Read> reads)
    {
        if (member.IsFromBatch)
            return $"batch is null ? read.{member.Name} : batch.{(member.Value.Kind is ValueKind.String ? "Id" : "Total")}";
        var read = reads.Single(read => read.Member == member);
        return $"{read.Flag} ? {read.Local} : read.{member.Name}";
    }

    // Lists, arrays and dictionaries

    public static void EmitCollectionReader(SourceWriter writer, ValueModel collection)
    {
        var item = collection.Item!;
        if (collection.Kind is ValueKind.Dictionary)
        {
            var type = $"global::System.Collections.Generic.Dictionary<string, {Declared(item)}>";
            writer.WriteLine($$"""
                static {{type}} Read{{collection.Id}}(ref {{Generated}}.ArgsReader json)
                {
                    var entries = new {{type}}(global::System.StringComparer.Ordinal);
                    json.EnterDictionary();
                    while (json.ReadKey())
                        entries[json.Key] = {{ReadValue(item)}};
                    return entries;
                }
                """);
            return;
        }

        var list = $"global::System.Collections.Generic.List<{Declared(item)}>";
        var isList = collection.Kind is ValueKind.List;
        writer.WriteLine($$"""
            static {{(isList ? list : collection.Type)}} Read{{collection.Id}}(ref {{Generated}}.ArgsReader json)
            {
                var items = new {{list}}();
                json.EnterArray();
                while (json.ReadItem())
                    items.Add({{ReadValue(item)}});
                return {{(isList ? "items" : "[.. items]")}};
            }
            """);
    }

    // Enums

    public static void EmitEnum(SourceWriter writer, EnumModel type)
    {
        writer.WriteLine($$"""
            static string NameOf({{type.Type}} value, string member) => value switch
            {
            """);
        foreach (var member in type.Members.Where(static member => !member.IsAlias))
            writer.WriteLine($"    {member.Expression} => {Literal(member.Name)},");
        writer.WriteLine($$"""
                _ => {{(type.IsFlags ? $"{Generated}.ArgsFlags.NamesOf(unchecked((ulong)value), FlagsOf{type.Id}, member)" : $"throw {Generated}.ArgsText.NoName(member)")}},
            };

            static {{type.Type}} Read{{type.Id}}(ref {{Generated}}.ArgsReader json)
            {
            """);
        foreach (var member in type.Members)
        {
            writer.WriteLine($"""
                    if (json.ValueIs({Literal(member.Name)}u8))
                        return {member.Expression};
                """);
        }

        if (type.IsFlags)
        {
            writer.WriteLine($$"""
                    if ({{Generated}}.ArgsFlags.BitsOf(json.ReadString(), FlagsOf{{type.Id}}) is { } bits)
                        return unchecked(({{type.Type}})bits);
                """);
        }

        writer.WriteLine($$"""
                throw json.NotOneOf({{Literal(string.Join(", ", type.Members.Select(static member => member.Name)))}});
            }
            """);
        if (type.IsFlags)
            WriteFlags(writer, type);
    }

    static void WriteFlags(SourceWriter writer, EnumModel type)
    {
        writer.WriteLine($$"""

            static readonly (string Name, ulong Bits)[] FlagsOf{{type.Id}} =
            [
            """);
        foreach (var member in type.Members)
            writer.WriteLine($"    ({Literal(member.Name)}, {member.Bits}),");
        writer.WriteLine("];");
    }

    // Serializer contexts

    public static void EmitCustom(SourceWriter writer, ValueModel custom) => writer.WriteLine($$"""
        static readonly global::System.Text.Json.Serialization.Metadata.JsonTypeInfo<{{custom.Type}}> TypeOf{{custom.Id}} =
            {{Generated}}.ArgsContext.TypeInfo<{{custom.Type}}>({{custom.Context}}.Default);
        """);

    static string Literal(string text) => SymbolDisplay.FormatLiteral(text, quote: true);
}
