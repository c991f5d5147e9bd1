using System.Reflection;

namespace Jobs.Generators.Tests;

/// <summary>Files of the repository that tests read.</summary>
static class TestFiles
{
    public static string Project { get; } = typeof(TestFiles).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "ProjectDirectory").Value!;

    public static string Snapshots { get; } = Path.Combine(Project, "Snapshots");

    public static string Repository { get; } = Path.GetFullPath(Path.Combine(Project, "..", ".."));
}
