using System.Text.RegularExpressions;

namespace Jobs.Postgres;

/// <summary>The name of the schema, checked and quoted, and its place in SQL.</summary>
sealed partial class SchemaName
{
    public SchemaName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!Form().IsMatch(name))
            throw new ArgumentException($"The schema name \"{name}\" must be lower case letters, digits and underscores, begin with no digit, and have at most 40 characters.", nameof(name));
        Name = name;
    }

    public string Name { get; }

    /// <summary>Puts the quoted name in the place of <c>:schema</c>, psql's own notation for a variable.</summary>
    public string Qualify(string sql) => sql.Replace(":schema", $"\"{Name}\"", StringComparison.Ordinal);

    [GeneratedRegex(@"^[a-z_][a-z0-9_]{0,39}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
