using System.ComponentModel;

namespace Jobs.Generated;

/// <summary>Several members of a <c>[Flags]</c> enum in one value: <c>"Monday, Friday"</c>.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class ArgsFlags
{
    /// <summary>What a value is stored as.</summary>
    /// <param name="value">The value's bits.</param>
    /// <param name="names">The enum's members.</param>
    /// <param name="member">The member's name, for the message.</param>
    /// <exception cref="InvalidArgsException">The value has a bit that no member has.</exception>
    public static string NamesOf(ulong value, (string Name, ulong Bits)[] names, string member)
    {
        ArgumentNullException.ThrowIfNull(names);
        var found = new List<(string Name, ulong Bits)>();
        foreach (var name in names.OrderByDescending(static name => name.Bits))
        {
            if (name.Bits == 0 || (value & name.Bits) != name.Bits)
                continue;
            found.Add(name);
            value &= ~name.Bits;
        }

        if (value != 0 || found.Count == 0)
            throw ArgsText.NoName(member);
        found.Reverse();
        return string.Join(", ", found.Select(static name => name.Name));
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
