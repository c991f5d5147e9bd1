using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Jobs.Generators.Tests;

/// <summary>A real build, where the project, an .editorconfig and a pragma each silence an error of the generator.</summary>
public sealed partial class SuppressedBuildTests : IDisposable
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("jobs-silenced-");

    static string Library(string name) => Path.Combine(AppContext.BaseDirectory, name + ".dll");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_build_honours_NoWarn_an_editorconfig_and_a_pragma()
    {
        await WriteAsync("Silenced.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <NoWarn>$(NoWarn);JOB013</NoWarn>
              </PropertyGroup>
              <ItemGroup>
                <Reference Include="{Library("Jobs.Abstractions")}" />
                <Analyzer Include="{Library("Jobs.Generators")}" />
              </ItemGroup>
            </Project>
            """);
        await WriteAsync(".editorconfig", """
            root = true
            [*.cs]
            dotnet_diagnostic.JOB011.severity = warning
            dotnet_diagnostic.JOB012.severity = none
            """);
        await WriteAsync("Mailer.cs", """
            using Jobs;
            public sealed record EmailArgs(string Email);
            public sealed record ReminderArgs(string Email);

            [Worker(Priority = 10)]
            public partial class Mailer
            {
                [Perform] public void Deliver(EmailArgs args) { }
                [Perform] public void Count(EmailArgs args) { }
                [Perform] public void Remind(ReminderArgs args) { }
            #pragma warning disable JOB006
                [Perform] public void Post(string address) { }
            #pragma warning restore JOB006
            }
            """);

        var (exitCode, output) = await BuildAsync();

        Assert.True(exitCode == 0, output);
        Assert.Equal(["JOB011"], Ids().Matches(output).Select(match => match.Value).Distinct());
    }

    Task WriteAsync(string file, string text) => File.WriteAllTextAsync(Path.Combine(_folder.FullName, file), text, TestContext.Current.CancellationToken);

    async Task<(int ExitCode, string Output)> BuildAsync()
    {
        var start = new ProcessStartInfo("dotnet", ["build", "--tl:off", "-nodeReuse:false"]) { WorkingDirectory = _folder.FullName, RedirectStandardOutput = true };
        // A test runner that is itself started by MSBuild leaves its settings behind.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
            start.Environment.Remove(name);
        using var build = Process.Start(start)!;
        try
        {
            var output = await build.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await build.WaitForExitAsync(TestContext.Current.CancellationToken);
            return (build.ExitCode, output);
        }
        finally
        {
            if (!build.HasExited)
                build.Kill(entireProcessTree: true);
        }
    }

    [GeneratedRegex(@"JOB\d{3}")]
    private static partial Regex Ids();
}
