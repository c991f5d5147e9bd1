using Npgsql;

namespace EmailBlast;

/// <summary>The command that goes on with a mailing.</summary>
static class SameCommand
{
    const string NameVariable = "EMAILBLAST_COMMAND";
    const string Batch = "--batch";
    const string Database = "--database";

    /// <summary>How this program was called, for a person to paste into a shell, with the batch named; and without the database's password.</summary>
    /// <param name="args">The arguments of this process.</param>
    /// <param name="batch">The mailing's id.</param>
    public static string For(IReadOnlyList<string> args, string batch)
    {
        var words = new List<string>();
        for (var i = 0; i < args.Count; i++)
        {
            if (ValueOf(Batch, args, ref i) is null)
                words.Add(ValueOf(Database, args, ref i) is { } connection ? $"{Database}={WithoutPassword(connection)}" : args[i]);
        }

        return string.Join(' ', [.. Program(), .. words.Append($"{Batch}={batch}").Select(Quote)]);
    }

    // A script that calls this program puts its own name into the variable.
    static IEnumerable<string> Program()
    {
        if (Environment.GetEnvironmentVariable(NameVariable) is { Length: > 0 } name)
            return [name];
        var program = Environment.ProcessPath ?? "email-blast";
        return Path.GetFileNameWithoutExtension(program) == "dotnet" ? [Quote(program), Quote(Environment.GetCommandLineArgs()[0])] : [Quote(program)];
    }

    // "--option value", "--option=value" or "--option:value"; moves on to the last word that it takes.
    static string? ValueOf(string option, IReadOnlyList<string> args, ref int i)
    {
        if (args[i] == option && i + 1 < args.Count)
            return args[++i];
        return args[i].StartsWith(option, StringComparison.Ordinal) && args[i].Length > option.Length && args[i][option.Length] is '=' or ':'
            ? args[i][(option.Length + 1)..]
            : null;
    }

    static string WithoutPassword(string connection)
    {
        var settings = new NpgsqlConnectionStringBuilder(connection);
        if (!string.IsNullOrEmpty(settings.Password))
            settings.Password = "***";
        return settings.ConnectionString;
    }

    static string Quote(string word) => word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:=,@%+".Contains(c, StringComparison.Ordinal))
        ? word
        : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
