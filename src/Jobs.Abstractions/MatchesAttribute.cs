namespace Jobs;

/// <summary>Adds a constant to the stored shape of an args record: a key that always holds this value.</summary>
/// <remarks>
/// A job fits the record only if its JSON holds the constant, so two records with the same keys can be told apart. The constant is
/// written with every job of the record; it is no member of it. The idea is the pattern <c>%{"status" => "complete"}</c> in the head of
/// an Oban worker's <c>perform</c>.
/// </remarks>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class MatchesAttribute : Attribute
{
    /// <summary>The args hold the string <paramref name="value"/> under <paramref name="key"/>.</summary>
    public MatchesAttribute(string key, string value) => (Key, Value) = (key, value);

    /// <summary>The args hold the number <paramref name="value"/> under <paramref name="key"/>.</summary>
    public MatchesAttribute(string key, long value) => (Key, Value) = (key, value);

    /// <summary>The args hold <paramref name="value"/> under <paramref name="key"/>.</summary>
    public MatchesAttribute(string key, bool value) => (Key, Value) = (key, value);

    /// <summary>The key as it is stored, such as <c>status</c>.</summary>
    public string Key { get; }

    /// <summary>A <see cref="string"/>, a <see cref="long"/> or a <see cref="bool"/>.</summary>
    public object Value { get; }
}
