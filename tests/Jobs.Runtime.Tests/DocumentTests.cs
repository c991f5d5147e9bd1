using System.Reflection;
using System.Text.RegularExpressions;

namespace Jobs.Runtime.Tests;

/// <summary>The documents that name tests as their proof.</summary>
public sealed partial class DocumentTests
{
    [Theory]
    [InlineData("batches.md")]
    [InlineData("oban.md")]
    [InlineData("reliability.md")]
    public void Every_test_that_a_document_names_is_there(string document)
    {
        var tests = typeof(DocumentTests).Assembly.GetTypes()
            .SelectMany(static type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly).Select(method => $"{type.Name}.{method.Name}"))
            .ToHashSet(StringComparer.Ordinal);

        var named = Named().Matches(File.ReadAllText(Path.Combine(Root(), "docs", document))).Select(static match => match.Groups[1].Value).ToList();

        Assert.NotEmpty(named);
        Assert.Equal([], named.Where(name => !tests.Contains(name)));
    }

    /// <summary>The lines of a file of the repository.</summary>
    internal static string[] Lines(string file) => File.ReadAllLines(Path.Combine(Root(), file));

    static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Jobs.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("The tests are not in a clone: no folder above them has a Jobs.sln.");
        return folder.FullName;
    }

    [GeneratedRegex(@"`(\w+Tests\.\w+)`")]
    private static partial Regex Named();
}
