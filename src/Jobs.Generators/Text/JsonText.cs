using System.Globalization;
using System.Text;

namespace Jobs.Generators.Text;

static class JsonText
{
    /// <summary>The text as a JSON string, for comments and messages: it stays on one line.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            if (c is '"' or '\\')
                quoted.Append('\\').Append(c);
            else if (char.IsControl(c) || c is '\u2028' or '\u2029')
                quoted.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
            else
                quoted.Append(c);
        }

        return quoted.Append('"').ToString();
    }

    /// <summary><c>BatchId</c> as <c>batch_id</c>, <c>HTTPServer2Name</c> as <c>http_server2_name</c>.</summary>
    /// <remarks>The words end where JsonNamingPolicy.SnakeCaseLower ends them.</remarks>
    public static string SnakeCase(string name)
    {
        var key = new StringBuilder();
        for (var i = 0; i < name.Length; i++)
        {
            var startsWord = i > 0 && char.IsUpper(name[i]) && name[i - 1] != '_' &&
                (!char.IsUpper(name[i - 1]) || (i + 1 < name.Length && char.IsLower(name[i + 1])));
            if (startsWord)
                key.Append('_');
            key.Append(char.ToLowerInvariant(name[i]));
        }

        return key.ToString();
    }
}
