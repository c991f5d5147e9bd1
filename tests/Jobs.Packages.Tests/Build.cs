using System.Reflection;

namespace Jobs.Packages.Tests;

/// <summary>What the build of this project knew.</summary>
static class Build
{
    /// <summary>The programs of strangers.</summary>
    public static string Apps { get; } = Path.Combine(Value("ProjectDirectory"), "Apps");

    public static string Repository { get; } = Path.GetFullPath(Path.Combine(Value("ProjectDirectory"), "..", ".."));

    /// <summary>The folder of packages that this machine has already.</summary>
    public static string PackageCache => Value("PackageCache");

    /// <summary>The version of Microsoft.Extensions.Hosting that this tree uses.</summary>
    public static string HostingVersion => Value("HostingVersion");

    static string Value(string key) => typeof(Build).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == key).Value!;
}
