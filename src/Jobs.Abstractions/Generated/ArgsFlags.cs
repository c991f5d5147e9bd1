using System.ComponentModel;
using System.Text;

namespace Jobs.Generated;

/// <summary>Several members of a <c>[Flags]</c> enum in one value: <c>"Monday, Friday"</c>.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class ArgsFlags
{
    internal const string Separator = ", ";

    /// <summary>A name for each bit.</summary>
    internal const int MostNames = 64;

    /// <summary>What a value is stored as.</summary>
    /// <param name="value">The value's bits.</param>
    /// <param name="names">The enum's members.</param>
    /// <param name="member">The member's name, for the message.</param>
    /// <exception cref="InvalidArgsException">The value has a bit that no member has.</exception>
    public static string NamesOf(ulong value, (string Name, ulong Bits)[] names, string member)
    {
        ArgumentNullException.ThrowIfNull(names);
        Span<int> chosen = stackalloc int[MostNames];
        chosen = chosen[..Choose(value, names, chosen, member)];
        var text = new StringBuilder();
        foreach (var index in chosen)
            text.Append(text.Length > 0 ? Separator : "").Append(names[index].Name);
        return text.ToString();
    }

    /// <summary>Chooses the members whose names stand for a value, those with more bits last.</summary>
    /// <param name="value">The value's bits.</param>
    /// <param name="names">The enum's members.</param>
    /// <param name="chosen">Gets the indexes of the members; has room for <see cref="MostNames"/>.</param>
    /// <param name="member">The member's name, for the message.</param>
    /// <returns>How many were chosen: at least one.</returns>
    /// <exception cref="InvalidArgsException">The value has a bit that no member has.</exception>
    internal static int Choose(ulong value, (string Name, ulong Bits)[] names, Span<int> chosen, string member)
    {
        var count = 0;
        var missing = value;
        do
        {
            var largest = Largest(value, missing, names) ?? throw ArgsText.NoName(member);
            chosen[count++] = largest;
            missing &= ~names[largest].Bits;
        }
        while (missing != 0);

        chosen[..count].Reverse();
        return count;
    }

    // Members may overlap: one counts if it is whole in the value and has a bit that no other has yet.
    /// <summary>The largest member of the value that brings a bit which is still missing, the first of several; for no bits the one that has none.</summary>
    static int? Largest(ulong value, ulong missing, (string Name, ulong Bits)[] names)
    {
        int? largest = null;
        for (var i = 0; i < names.Length; i++)
        {
            var bits = names[i].Bits;
            var counts = value == 0 ? bits == 0 : (missing & bits) != 0;
            if ((value & bits) == bits && counts && (largest is null || bits > names[largest.Value].Bits))
                largest = i;
        }

        return largest;
    }

    /// <summary>The bits of what is stored; <see langword="null"/> if a name in it is none of the enum's.</summary>
    public static ulong? BitsOf(string text, (string Name, ulong Bits)[] names)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(names);
        var bits = 0UL;
        foreach (var part in text.Split(','))
        {
            var name = part.Trim();
            var index = Array.FindIndex(names, known => known.Name == name);
            if (index < 0)
                return null;
            bits |= names[index].Bits;
        }

        return bits;
    }
}
