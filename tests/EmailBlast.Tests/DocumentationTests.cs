namespace EmailBlast.Tests;

/// <summary>The code in the documents is the sample's, so that it cannot rot.</summary>
public sealed class DocumentationTests
{
    const string EmittedFile = "artifacts/generated/EmailBlast/Jobs.Generators/Jobs.Generators.WorkerGenerator/EmailBlast.BatchEmailWorker.g.cs";

    static readonly string Root = FindRoot();

    [Fact]
    public void The_code_on_the_first_screen_is_the_samples()
    {
        var sample = (from file in Directory.GetFiles(Path.Combine(Root, "samples/EmailBlast"), "*.cs")
                      from line in File.ReadLines(file)
                      select Code(line)).ToHashSet();

        var screen = File.ReadLines(Path.Combine(Root, "README.md")).Take(60).ToList();

        var code = Blocks(screen, "csharp").Select(Code).ToList();
        Assert.InRange(code.Count, 15, 40);
        Assert.All(code, line => Assert.Contains(line, sample));
    }

    [Fact]
    public void The_first_screen_has_the_output_the_two_commands_and_the_promises()
    {
        var screen = string.Join('\n', File.ReadLines(Path.Combine(Root, "README.md")).Take(60));

        Assert.All((string[])["is complete!", "./demo", "./test", "**Promised**", "**Not promised"], part => Assert.Contains(part, screen, StringComparison.Ordinal));
    }

    [Fact]
    public void The_generated_code_in_the_documents_is_what_the_compiler_wrote()
    {
        var emitted = File.ReadAllText(Path.Combine(Root, EmittedFile)).TrimEnd();

        var page = File.ReadAllText(Path.Combine(Root, "docs/generated-code.md"));

        Assert.Contains($"```csharp\n{emitted}\n```", page, StringComparison.Ordinal);
    }

    static IEnumerable<string> Blocks(IEnumerable<string> lines, string language)
    {
        var inside = false;
        foreach (var line in lines)
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
                inside = line == "```" + language;
            else if (inside && line.Trim().Length > 0)
                yield return line;
        }
    }

    static string Code(string line) => line.Split("   //")[0].Trim();

    static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Jobs.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("The tests do not run in a checkout.");
        return folder.FullName;
    }
}
