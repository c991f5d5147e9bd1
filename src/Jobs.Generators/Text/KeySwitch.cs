using System.Globalization;
using System.Text;
using Microsoft.CodeAnalysis.CSharp;

namespace Jobs.Generators.Text;

/// <summary>Writes what is done at each key of an object: by comparing a few, by their length where there are many.</summary>
static class KeySwitch
{
    // A chain compares each key with every one before it, and reads well as long as they are few.
    const int LongestChain = 4;

    /// <param name="writer">Where to write.</param>
    /// <param name="cases">The keys, and the statements for each.</param>
    public static void Write(SourceWriter writer, IReadOnlyList<(string Key, IReadOnlyList<string> Statements)> cases)
    {
        if (cases.Count == 0)
        {
            // To the end, so that malformed args are found here.
            writer.WriteLine("""
                while (json.ReadKey())
                {
                }
                """);
            return;
        }

        writer.WriteLine("while (json.ReadKey())");
        writer.WriteLine("{");
        using (writer.Indent())
        {
            if (cases.Count <= LongestChain)
                WriteChain(writer, cases);
            else
                WriteSwitch(writer, cases);
        }

        writer.WriteLine("}");
    }

    static void WriteChain(SourceWriter writer, IReadOnlyList<(string Key, IReadOnlyList<string> Statements)> cases)
    {
        for (var i = 0; i < cases.Count; i++)
        {
            var (key, statements) = cases[i];
            writer.WriteLine($"{(i == 0 ? "if" : "else if")} (json.KeyIs({Utf8(key)}))");
            if (statements.Count > 1)
                writer.WriteLine("{");
            foreach (var statement in statements)
                writer.WriteLine($"    {statement}");
            if (statements.Count > 1)
                writer.WriteLine("}");
        }
    }

    static void WriteSwitch(SourceWriter writer, IReadOnlyList<(string Key, IReadOnlyList<string> Statements)> cases)
    {
        writer.WriteLine("switch (json.KeyLength)");
        writer.WriteLine("{");
        foreach (var (key, statements) in cases)
        {
            writer.WriteLine($"    case {Encoding.UTF8.GetByteCount(key).ToString(CultureInfo.InvariantCulture)} when json.KeyIs({Utf8(key)}):");
            foreach (var statement in statements)
                writer.WriteLine($"        {statement}");
            writer.WriteLine("        break;");
        }

        writer.WriteLine("}");
    }

    static string Utf8(string text) => SymbolDisplay.FormatLiteral(text, quote: true) + "u8";
}
