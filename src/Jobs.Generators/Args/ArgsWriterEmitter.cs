using Jobs.Generators.Model;
using Jobs.Generators.Text;
using Microsoft.CodeAnalysis.CSharp;

namespace Jobs.Generators;

/// <summary>Writes how args and the records inside them become JSON: every key, nulls included.</summary>
sealed class ArgsWriterEmitter
{
    const string Generated = "global::Jobs.Generated";

    readonly SourceWriter _writer;
    readonly bool _isArgs;
    readonly Locals _locals;

    ArgsWriterEmitter(SourceWriter writer, bool isArgs, params IEnumerable<string> parameters) =>
        (_writer, _isArgs, _locals) = (writer, isArgs, new Locals(["json", "args", .. parameters]));

    public static void Emit(SourceWriter writer, ArgsShape shape) => new ArgsWriterEmitter(writer, isArgs: true).Emit("public ", shape.Record, shape.Constants);

    public static void Emit(SourceWriter writer, RecordModel record, bool isPublic) => new ArgsWriterEmitter(writer, isArgs: false).Emit(isPublic ? "public " : "", record, EquatableArray<ConstantModel>.Empty);

    /// <summary>Writes those values of a filter that are given.</summary>
    public static void EmitGiven(SourceWriter writer, FilterModel filter)
    {
        var emitter = new ArgsWriterEmitter(writer, isArgs: false, filter.Members.Select(static member => member.Parameter.TrimStart('@')));
        foreach (var (parameter, member) in filter.Members)
        {
            writer.WriteLine($"if ({parameter}.IsGiven)");
            emitter.Block(isShort: !member.Value.IsNullable || member.Value.Kind is ValueKind.String, () => emitter.WriteNullable(
                member.Value, Utf8(member.Key), $"{parameter}.Value", Locals.Camel(member.PlainName), member.PlainName, "item"));
        }
    }

    void Emit(string access, RecordModel record, EquatableArray<ConstantModel> constants)
    {
        _writer.WriteLine($$"""
            {{access}}static void Write{{record.Id}}(global::System.Text.Json.Utf8JsonWriter json, {{record.Type}} args)
            {
                json.WriteStartObject();
            """);
        using (_writer.Indent())
        {
            foreach (var constant in constants)
                _writer.WriteLine(Constant(constant));
            foreach (var member in record.Stored)
                WriteMember(member, _isArgs ? member.PlainName : $"{record.Id}.{member.PlainName}");
            _writer.WriteLine("json.WriteEndObject();");
        }

        _writer.WriteLine("}");
    }

    static string Constant(ConstantModel constant) => constant.Kind switch
    {
        ConstantKind.Text => $"json.WriteString({Utf8(constant.Key)}, {Utf8(constant.Value)});",
        ConstantKind.Number => $"json.WriteNumber({Utf8(constant.Key)}, {constant.Value}L);",
        _ => $"json.WriteBoolean({Utf8(constant.Key)}, {constant.Value});",
    };

    void WriteMember(MemberModel member, string name) =>
        WriteNullable(member.Value, Utf8(member.Key), $"args.{member.Name}", Locals.Camel(member.PlainName), name, Locals.Singular(member.PlainName));

    /// <param name="value">The type.</param>
    /// <param name="key">The key to write before it; <see langword="null"/> in an array, and in a dictionary, whose key is written already.</param>
    /// <param name="expression">The C# of the value.</param>
    /// <param name="wanted">The local that holds it where it may be null.</param>
    /// <param name="name">Its name for messages, such as <c>Person.Homes[…]</c>.</param>
    /// <param name="item">The local of an item in it.</param>
    void WriteNullable(ValueModel value, string? key, string expression, string wanted, string name, string item)
    {
        // The writer itself writes a null text as null.
        if (!value.IsNullable || value.Kind is ValueKind.String)
        {
            Write(value, key, expression, name, item);
            return;
        }

        var local = _locals.Name(wanted);
        var isShort = !value.IsComposite;
        _writer.WriteLine($"if ({expression} is {{ }} {local})");
        Block(isShort, () => Write(value with { IsNullable = false, IsReference = false }, key, local, name, item));
        _writer.WriteLine("else");
        Block(isShort, () => _writer.WriteLine(key is null ? "json.WriteNullValue();" : $"json.WriteNull({key});"));
    }

    void Block(bool isShort, Action write)
    {
        if (!isShort)
            _writer.WriteLine("{");
        using (_writer.Indent())
            write();
        if (!isShort)
            _writer.WriteLine("}");
    }

    void Write(ValueModel value, string? key, string expression, string name, string item)
    {
        switch (value.Kind)
        {
            case ValueKind.List or ValueKind.Array:
                WriteList(value, key, expression, name, item);
                break;
            case ValueKind.Dictionary:
                WriteDictionary(value, key, expression, name, item);
                break;
            case ValueKind.Record or ValueKind.Json or ValueKind.Custom:
                if (key is not null)
                    _writer.WriteLine($"json.WritePropertyName({key});");
                _writer.WriteLine(Whole(value, expression, Named(name)));
                break;
            default:
                _writer.WriteLine(Single(value, key, expression, Named(name)));
                break;
        }
    }

    static string Whole(ValueModel value, string expression, string name) => value.Kind switch
    {
        ValueKind.Json => $"{Generated}.ArgsElement.Write(json, {expression}, {name});",
        ValueKind.Custom => $"{Generated}.ArgsContext.Write(json, {Given(value, expression, name)}, TypeOf{value.Id}, {name});",
        _ when value.IsOpen => $"Write{value.Id}(json, {Generated}.ArgsValue.Exact({expression}, {name}));",
        _ => $"Write{value.Id}(json, {Given(value, expression, name)});",
    };

    static string Single(ValueModel value, string? key, string expression, string name)
    {
        var (kind, argument) = value.Kind switch
        {
            ValueKind.String => ("String", $"{Generated}.ArgsText.{(value.IsNullable ? "Check" : "Required")}({expression}, {name})"),
            ValueKind.Enum => ("String", $"NameOf({expression}, {name})"),
            ValueKind.Guid or ValueKind.DateTimeOffset => ("String", expression),
            ValueKind.DateTime => ("String", $"{Generated}.ArgsText.Check({expression}, {name})"),
            ValueKind.DateOnly or ValueKind.TimeOnly or ValueKind.TimeSpan => ("String", $"{Generated}.ArgsText.Of({expression})"),
            ValueKind.Uri => ("String", $"{Generated}.ArgsText.Of({expression}, {name})"),
            ValueKind.Bytes => ("Base64String", Given(value, expression, name)),
            ValueKind.Boolean => ("Boolean", expression),
            ValueKind.Single or ValueKind.Double => ("Number", $"{Generated}.ArgsNumber.Check({expression}, {name})"),
            _ => ("Number", expression),
        };
        return key is null ? $"json.Write{kind}Value({argument});" : $"json.Write{kind}({key}, {argument});";
    }

    void WriteList(ValueModel list, string? key, string expression, string name, string item)
    {
        var local = _locals.Name(item);
        _writer.WriteLine($$"""
            json.WriteStartArray({{key}});
            foreach (var {{local}} in {{Given(list, expression, Named(name))}})
            """);
        WriteItem(list.Item!, local, $"{name}[…]", item);
        _writer.WriteLine("json.WriteEndArray();");
    }

    void WriteDictionary(ValueModel dictionary, string? key, string expression, string name, string item)
    {
        var local = _locals.Name(item);
        _writer.WriteLine($$"""
            json.WriteStartObject({{key}});
            foreach (var {{local}} in {{Given(dictionary, expression, Named(name))}})
            {
                json.WritePropertyName({{Generated}}.ArgsText.Required({{local}}.Key, {{Literal($"A key of {name}")}}));
            """);
        using (_writer.Indent())
            WriteNullable(dictionary.Item!, null, $"{local}.Value", item, $"{name}[…]", item);
        _writer.WriteLine("}");
        _writer.WriteLine("json.WriteEndObject();");
    }

    void WriteItem(ValueModel value, string local, string name, string item)
    {
        var isShort = (!value.IsNullable || value.Kind is ValueKind.String) && value.Kind is not (ValueKind.List or ValueKind.Array or ValueKind.Dictionary);
        Block(isShort, () => WriteNullable(value, null, local, item, name, item));
    }

    /// <summary>The C# of a name.</summary>
    string Named(string name) => _isArgs && SyntaxFacts.IsValidIdentifier(name) ? $"nameof(args.{Types.Escape(name)})" : Literal(name);

    // A default ImmutableArray is none, whatever its type says.
    /// <summary>The value, or an exception where the type says that it is not null and it is.</summary>
    static string Given(ValueModel value, string expression, string name) =>
        value.IsReference || (value.Kind is ValueKind.Array && value.Type[^1] != ']') ? $"{Generated}.ArgsValue.Required({expression}, {name})" : expression;

    static string Literal(string text) => SymbolDisplay.FormatLiteral(text, quote: true);

    static string Utf8(string text) => Literal(text) + "u8";
}
