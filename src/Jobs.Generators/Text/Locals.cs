using System.Globalization;
using System.Text;

namespace Jobs.Generators.Text;

/// <summary>Gives the locals of one emitted method their names, no two alike and none a keyword.</summary>
sealed class Locals(params string[] taken)
{
    readonly HashSet<string> _taken = new(taken, StringComparer.Ordinal);

    public string Name(string wanted)
    {
        var name = wanted;
        for (var number = 2; !_taken.Add(name); number++)
            name = wanted + number.ToString(CultureInfo.InvariantCulture);
        return Types.Escape(name);
    }

    /// <summary><c>BatchId</c> as <c>batchId</c>.</summary>
    public static string Camel(string name) => name.Length == 0 ? name : char.ToLowerInvariant(name[0]) + name[1..];

    /// <summary><c>Tags</c> as <c>tag</c>, <c>Addresses</c> as <c>addresse</c>, and whatever else as <c>item</c>.</summary>
    public static string Singular(string name) => name.Length > 3 && name[^1] == 's' && name[^2] != 's' ? Camel(name[..^1]) : "item";

    /// <summary>Any text as a part of an identifier: <c>batch_id</c> as <c>BatchId</c>.</summary>
    public static string Pascal(string text)
    {
        var name = new StringBuilder();
        var startsWord = true;
        foreach (var c in text)
        {
            if (char.IsLetterOrDigit(c))
                name.Append(startsWord ? char.ToUpperInvariant(c) : c);
            startsWord = !char.IsLetterOrDigit(c);
        }

        return name.ToString();
    }
}
