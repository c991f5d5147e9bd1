using Jobs.Generators.Model;
using Jobs.Generators.Text;
using Microsoft.CodeAnalysis.CSharp;

namespace Jobs.Generators;

/// <summary>Writes what makes jobs one, in the order of the stored keys: that of the declaration may change.</summary>
sealed class ArgsKeyEmitter
{
    readonly SourceWriter _writer;
    readonly Locals _locals = new("key", "args");

    ArgsKeyEmitter(SourceWriter writer) => _writer = writer;

    public static void Emit(SourceWriter writer, ArgsShape args, UniqueKeyModel key) =>
        new ArgsKeyEmitter(writer).Emit("public ", args.Record, key, isArgs: true);

    public static void Emit(SourceWriter writer, RecordModel record) =>
        new ArgsKeyEmitter(writer).Emit("", record, new UniqueKeyModel(EquatableArray<ConstantModel>.Empty, record.Stored.ToEquatableArray()), isArgs: false);

    /// <summary>The ids of the records that keys lead to.</summary>
    public static HashSet<string> InnerRecords(WorkerModel worker)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<ValueModel>(worker.Performs.Where(static perform => perform.UniqueKey is not null)
            .SelectMany(static perform => perform.UniqueKey!.Members).Select(static member => member.Value));
        while (open.Count > 0)
        {
            var value = open.Pop();
            if (value.Item is { } item)
                open.Push(item);
            if (value.Kind is not ValueKind.Record || !found.Add(value.Id))
                continue;
            foreach (var member in worker.ValueTypes.Records.First(record => record.Id == value.Id).Stored)
                open.Push(member.Value);
        }

        return found;
    }

    void Emit(string access, RecordModel record, UniqueKeyModel key, bool isArgs)
    {
        _writer.WriteLine($$"""
            {{access}}static void KeyOf{{record.Id}}(global::Jobs.Generated.KeyWriter key, {{record.Type}} args)
            {
                key.StartObject();
            """);
        using (_writer.Indent())
        {
            foreach (var name in key.Constants.Select(static constant => constant.Key).Concat(key.Members.Select(static member => member.Key)).OrderBy(static name => name, StringComparer.Ordinal))
            {
                if (key.Constants.FirstOrDefault(constant => constant.Key == name) is { } constant)
                    _writer.WriteLine($"{Named(name)}.Write({Constant(constant)});");
                else
                    WriteMember(record, key.Members.First(member => member.Key == name), isArgs);
            }

            _writer.WriteLine("key.EndObject();");
        }

        _writer.WriteLine("}");
    }

    static string Constant(ConstantModel constant) => constant.Kind switch
    {
        ConstantKind.Text => Literal(constant.Value),
        ConstantKind.Number => constant.Value + "L",
        _ => constant.Value,
    };

    void WriteMember(RecordModel record, MemberModel member, bool isArgs)
    {
        var name = isArgs ? $"nameof(args.{member.Name})" : Literal($"{record.Id}.{member.PlainName}");
        WriteValue(member.Value, Named(member.Key), $"args.{member.Name}", Locals.Camel(member.PlainName), name, Locals.Singular(member.PlainName));
    }

    /// <param name="value">The type.</param>
    /// <param name="key">The C# of the writer, the key before the value written.</param>
    /// <param name="expression">The C# of the value.</param>
    /// <param name="wanted">The local that holds it where it may be null.</param>
    /// <param name="name">The C# of its name, for messages.</param>
    /// <param name="item">The local of an item in it.</param>
    void WriteValue(ValueModel value, string key, string expression, string wanted, string name, string item)
    {
        if (!value.IsComposite)
        {
            _writer.WriteLine(Single(value, key, expression, wanted, name));
            return;
        }

        if (!value.IsNullable)
        {
            WriteComposite(value, key, expression, name, item);
            return;
        }

        var local = _locals.Name(wanted);
        var given = value with { IsNullable = false };
        _writer.WriteLine($"if ({expression} is {{ }} {local})");
        Block(IsLine(given), () => WriteComposite(given, key, local, name, item));
        _writer.WriteLine("else");
        Block(IsLine(given), () => _writer.WriteLine($"{key}.WriteNull();"));
    }

    static bool IsLine(ValueModel value) => !value.IsComposite || (value.Kind is ValueKind.Record && !value.IsNullable);

    void Block(bool isLine, Action write)
    {
        if (!isLine)
            _writer.WriteLine("{");
        using (_writer.Indent())
            write();
        if (!isLine)
            _writer.WriteLine("}");
    }

    string Single(ValueModel value, string key, string expression, string wanted, string name)
    {
        if (value.Kind is not ValueKind.Enum)
            return $"{key}.Write({expression});";
        if (value.Enum!.IsFlags)
            return $"{key}.WriteNames(unchecked((ulong{(value.IsNullable ? "?" : "")}){expression}), FlagsOf{value.Id}, {name});";
        if (!value.IsNullable)
            return $"{key}.Write(NameOf({expression}, {name}));";
        var local = _locals.Name(wanted);
        return $"{key}.Write({expression} is {{ }} {local} ? NameOf({local}, {name}) : null);";
    }

    void WriteComposite(ValueModel value, string key, string expression, string name, string item)
    {
        if (value.Kind is ValueKind.Record)
        {
            _writer.WriteLine($"KeyOf{value.Id}({key}, {expression});");
            return;
        }

        var local = _locals.Name(item);
        var isDictionary = value.Kind is ValueKind.Dictionary;
        _writer.WriteLine($$"""
            {{key}}.Start{{(isDictionary ? "Dictionary" : "List")}}();
            foreach (var {{local}} in {{expression}})
            """);
        Block(IsLine(value.Item!), () => WriteValue(
            value.Item!, isDictionary ? $"key.Entry({local}.Key)" : "key", isDictionary ? $"{local}.Value" : local, item, name, item));
        _writer.WriteLine($"key.End{(isDictionary ? "Dictionary" : "List")}();");
    }

    static string Named(string key) => $"key.Name({Literal(key)}u8)";

    static string Literal(string text) => SymbolDisplay.FormatLiteral(text, quote: true);
}
