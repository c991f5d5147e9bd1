using System.Diagnostics;
using System.IO.Compression;
using Jobs.Packages.Tests;

[assembly: AssemblyFixture(typeof(Workshop))]

namespace Jobs.Packages.Tests;

/// <summary>
/// A folder outside the tree with a feed of our packages, and strangers' programs beside it. Nothing of the tree reaches them, and what
/// they restore goes into a folder of their own.
/// </summary>
public sealed class Workshop : IAsyncLifetime
{
    /// <summary>A version that no cache of packages can have already.</summary>
    public const string Version = "0.0.0-packagetest";

    readonly string _folder = Directory.CreateTempSubdirectory("jobs-packages-").FullName;
    readonly Lazy<Task> _builtApps;

    public Workshop() => _builtApps = new Lazy<Task>(BuildAppsAsync);

    /// <summary>The commit whose packages they are.</summary>
    public string Commit { get; private set; } = null!;

    string Feed => Path.Combine(_folder, "feed");

    /// <summary>Packs what is packed.</summary>
    public async ValueTask InitializeAsync()
    {
        Commit = await HeadAsync();
        foreach (var project in (string[])["Jobs.Abstractions", "Jobs.Runtime"])
        {
            await Dotnet.RunAsync(Build.Repository, [
                "pack", Path.Combine("src", project), "--configuration", "Release", "--output", Feed, $"-p:PackageVersion={Version}"]);
        }
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>The files of the feed.</summary>
    public IEnumerable<string> Packages => Directory.EnumerateFiles(Feed).Select(file => Path.GetFileName(file));

    public Task<ZipArchive> OpenAsync(string package) => ZipFile.OpenReadAsync(Path.Combine(Feed, package), TestContext.Current.CancellationToken);

    /// <summary>Builds the programs, once for all tests.</summary>
    public Task BuildAsync() => _builtApps.Value;

    /// <summary>Runs <c>dotnet</c> as the programs' author would.</summary>
    public Task<string> DotnetAsync(params string[] arguments) => Dotnet.RunAsync(Path.Combine(_folder, "apps"), arguments, new()
    {
        ["NUGET_PACKAGES"] = Path.Combine(_folder, "packages"),
        ["JobsVersion"] = Version,
        ["HostingVersion"] = Build.HostingVersion,
    });

    public Task<string> PackAsync(string library) => DotnetAsync("pack", library, "--configuration", "Release", "--output", Feed, "-warnaserror");

    /// <summary>A program that was built.</summary>
    public string Built(string app) => Path.Combine(_folder, "apps", app, "bin", "Release", "net10.0", app);

    /// <summary>A folder to publish to.</summary>
    public string Publish(string app) => Path.Combine(_folder, "publish", app);

    static async Task<string> HeadAsync()
    {
        var start = new ProcessStartInfo("git", ["rev-parse", "HEAD"]) { WorkingDirectory = Build.Repository, RedirectStandardOutput = true };
        using var git = Process.Start(start)!;
        var head = await git.StandardOutput.ReadToEndAsync();
        await git.WaitForExitAsync();
        return head.Trim();
    }

    async Task BuildAppsAsync()
    {
        var apps = Path.Combine(_folder, "apps");
        foreach (var file in Directory.EnumerateFiles(Build.Apps, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(apps, Path.GetRelativePath(Build.Apps, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        // The machine's ordinary sources stay; what it has already is not downloaded again.
        await File.WriteAllTextAsync(Path.Combine(apps, "nuget.config"), $"""
            <?xml version="1.0" encoding="utf-8"?>
            <configuration>
              <packageSources><add key="packed" value="{Feed}" /></packageSources>
              <fallbackPackageFolders><add key="machine" value="{Build.PackageCache}" /></fallbackPackageFolders>
            </configuration>
            """);
        await DotnetAsync("build", "Apps.slnx", "--configuration", "Release", "-warnaserror");
    }
}
