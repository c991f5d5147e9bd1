using System.Reflection;
using Microsoft.CodeAnalysis.CodeFixes;

namespace Jobs.Generators.Tests.CodeFixes;

/// <summary>The pages of the diagnostics tell of the fixes that there are.</summary>
public class FixPageTests
{
    [Fact]
    public void Every_fix_of_the_assembly_is_exported_and_tested_here()
    {
        var exported =
            from type in FixableProgram.Fixes[0].GetType().Assembly.GetTypes()
            where type.IsSubclassOf(typeof(CodeFixProvider)) && type.GetCustomAttribute<ExportCodeFixProviderAttribute>() is not null
            select type.Name;

        Assert.Equal(exported.Order(), FixableProgram.Fixes.Select(fix => fix.GetType().Name).Order());
    }

    [Fact]
    public async Task The_pages_that_have_a_section_on_the_fix_are_those_of_the_diagnostics_that_can_be_fixed()
    {
        var pages = new List<string>();
        foreach (var file in Directory.GetFiles(Path.Combine(TestFiles.Repository, "docs", "diagnostics"), "JOB*.md"))
        {
            if ((await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).Contains("\n## Fix\n", StringComparison.Ordinal))
                pages.Add(Path.GetFileNameWithoutExtension(file));
        }

        Assert.Equal(FixableProgram.Fixes.SelectMany(fix => fix.FixableDiagnosticIds).Order(), pages.Order());
    }
}
