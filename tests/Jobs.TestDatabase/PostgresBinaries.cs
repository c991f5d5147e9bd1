namespace Jobs.Testing.Database;

/// <summary>Finds the folder of PostgreSQL's server programs, which distributions keep off the path.</summary>
static class PostgresBinaries
{
    const int OldestSupported = 14;

    // Each names the folders of several versions.
    static readonly (string Folder, string Prefix)[] Versions =
    [
        ("/usr/lib/postgresql", ""),
        ("/usr", "pgsql-"),
        ("/opt/homebrew/opt", "postgresql@"),
        ("/usr/local/opt", "postgresql@"),
    ];

    public static string Find()
    {
        if (OperatingSystem.IsWindows())
            throw new InvalidOperationException("a private cluster is made on Linux and macOS only.");

        return Newest() ?? OnPath() ?? throw new InvalidOperationException($"PostgreSQL's server programs, {OldestSupported} or later, are not on this machine.");
    }

    static string? Newest() => Versions
        .Where(place => Directory.Exists(place.Folder))
        .SelectMany(place => Directory.EnumerateDirectories(place.Folder, place.Prefix + "*")
            .Select(folder => (Bin: Path.Combine(folder, "bin"), Version: VersionOf(Path.GetFileName(folder)[place.Prefix.Length..]))))
        .Where(found => found.Version >= OldestSupported && HasServer(found.Bin))
        .OrderByDescending(found => found.Version)
        .Select(found => found.Bin)
        .FirstOrDefault();

    static string? OnPath() => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .FirstOrDefault(HasServer);

    static bool HasServer(string folder) => File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "pg_ctl"));

    static int VersionOf(string text) => int.TryParse(text, out var version) ? version : 0;
}
