using System.IO.Compression;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;
using System.Xml.Linq;

namespace Jobs.Packages.Tests;

/// <summary>What is in the packages.</summary>
public sealed class PackageTests(Workshop workshop)
{
    const string Address = "https://github.com/jobs-dotnet/jobs";

    static readonly Guid SourceLink = new("CC110556-A091-4D38-9FEC-25AB9A351A6A");

    public static TheoryData<string, string> Packages => new() { { "Jobs.PostgreSql", "Jobs.Runtime" }, { "Jobs.Abstractions", "Jobs.Abstractions" } };

    static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public void Two_packages_are_made_each_with_its_symbols() => Assert.Equal(
        [
            $"Jobs.Abstractions.{Workshop.Version}.nupkg",
            $"Jobs.Abstractions.{Workshop.Version}.snupkg",
            $"Jobs.PostgreSql.{Workshop.Version}.nupkg",
            $"Jobs.PostgreSql.{Workshop.Version}.snupkg",
        ],
        workshop.Packages.Where(package => package.StartsWith("Jobs.", StringComparison.Ordinal)).Order());

    [Fact]
    public async Task The_main_package_has_the_runtime_and_the_other_one_the_abstractions_the_generator_and_the_code_fixes()
    {
        await using var main = await OpenAsync("Jobs.PostgreSql");
        await using var abstractions = await OpenAsync("Jobs.Abstractions");

        Assert.Equal(
            ["README.md", "icon.png", "lib/net10.0/Jobs.Runtime.dll", "lib/net10.0/Jobs.Runtime.xml"],
            Files(main));
        Assert.Equal(
            [
                "README.md", "analyzers/dotnet/cs/Jobs.CodeFixes.dll", "analyzers/dotnet/cs/Jobs.Generators.dll",
                "icon.png", "lib/net10.0/Jobs.Abstractions.dll", "lib/net10.0/Jobs.Abstractions.xml",
            ],
            Files(abstractions));
    }

    [Fact]
    public async Task They_depend_on_what_runs_and_on_nothing_of_the_compiler_and_the_main_one_hands_on_the_generator()
    {
        var main = await DependenciesAsync("Jobs.PostgreSql");
        var abstractions = await DependenciesAsync("Jobs.Abstractions");

        Assert.Equal(["Microsoft.Extensions.DependencyInjection.Abstractions"], abstractions.Keys);
        Assert.Equal(
            [
                "Jobs.Abstractions", "Microsoft.Extensions.DependencyInjection.Abstractions", "Microsoft.Extensions.Hosting.Abstractions",
                "Microsoft.Extensions.Logging.Abstractions", "Microsoft.Extensions.Options", "Npgsql",
            ],
            main.Keys.Order());
        Assert.Equal("All", main["Jobs.Abstractions"].Attribute("include")!.Value);
        Assert.Equal(Workshop.Version, main["Jobs.Abstractions"].Attribute("version")!.Value);
    }

    [Theory, MemberData(nameof(Packages))]
    public async Task A_package_says_what_it_is_whose_it_is_and_from_which_commit(string id, string assembly)
    {
        var metadata = await MetadataAsync(id);
        string Value(string name) => metadata.Elements().Single(element => element.Name.LocalName == name).Value;
        var repository = metadata.Elements().Single(element => element.Name.LocalName == "repository");

        Assert.Equal("MIT", Value("license"));
        Assert.Equal(Address, Value("projectUrl"));
        Assert.Equal($"{Address}/blob/main/CHANGELOG.md", Value("releaseNotes"));
        Assert.Equal("icon.png", Value("icon"));
        Assert.Equal("README.md", Value("readme"));
        Assert.Contains("postgresql", Value("tags").Split(' '));
        Assert.Equal("git", repository.Attribute("type")!.Value);
        Assert.Equal(Address, repository.Attribute("url")!.Value);
        Assert.Equal(workshop.Commit, repository.Attribute("commit")!.Value);
        await using var package = await OpenAsync(id);
        Assert.Contains($"name=\"T:Jobs.{(assembly == "Jobs.Runtime" ? "JobClient" : "WorkerAttribute")}\"", await TextAsync(package, $"lib/net10.0/{assembly}.xml"), StringComparison.Ordinal);
    }

    [Theory, InlineData("Jobs.PostgreSql"), InlineData("Jobs.Abstractions")]
    public async Task The_icon_is_a_square_of_128_pixels(string id)
    {
        await using var package = await OpenAsync(id);

        var png = await BytesAsync(package, "icon.png");

        Assert.Equal("\x89PNG\r\n\x1a\n", Encoding.Latin1.GetString(png, 0, 8));
        Assert.Equal([0, 0, 0, 128, 0, 0, 0, 128], png[16..24]);   // width and height, big-endian
    }

    [Theory]
    [InlineData("Jobs.PostgreSql", "ConsoleWorker")]
    [InlineData("Jobs.Abstractions", "Mailing")]
    public async Task The_code_in_its_readme_is_that_of_a_program_which_these_tests_run(string id, string app)
    {
        var program = (from file in Directory.EnumerateFiles(Path.Combine(Build.Apps, app), "*.cs")
                       from line in File.ReadLines(file)
                       select line.Trim()).ToHashSet();
        await using var package = await OpenAsync(id);

        var code = Code(await TextAsync(package, "README.md")).ToList();

        Assert.InRange(code.Count, 8, 40);
        Assert.All(code, line => Assert.Contains(line, program));
    }

    [Theory, MemberData(nameof(Packages))]
    public async Task A_debugger_finds_the_symbols_of_the_very_assembly_and_the_sources_of_the_very_commit(string id, string assembly)
    {
        await using var package = await OpenAsync(id);
        await using var symbols = await OpenAsync(id, "snupkg");
        using var image = new PEReader(new MemoryStream(await BytesAsync(package, $"lib/net10.0/{assembly}.dll")));
        using var provider = MetadataReaderProvider.FromPortablePdbStream(new MemoryStream(await BytesAsync(symbols, $"lib/net10.0/{assembly}.pdb")));
        var entries = image.ReadDebugDirectory();
        var pdb = provider.GetMetadataReader();

        var codeView = image.ReadCodeViewDebugDirectoryData(entries.Single(entry => entry.Type == DebugDirectoryEntryType.CodeView));
        Assert.Equal(codeView.Guid, new BlobContentId(pdb.DebugMetadataHeader!.Id).Guid);
        Assert.Contains(entries, entry => entry.Type == DebugDirectoryEntryType.Reproducible);

        var link = System.Text.Json.JsonDocument.Parse(Encoding.UTF8.GetString(Information(pdb, SourceLink).Single())).RootElement.GetProperty("documents");
        var (local, published) = link.EnumerateObject().Select(root => (root.Name.TrimEnd('*'), root.Value.GetString())).Single();
        Assert.Equal($"https://raw.githubusercontent.com/jobs-dotnet/jobs/{workshop.Commit}/*", published);
        Assert.NotEmpty(pdb.Documents);
        Assert.All(pdb.Documents, document => Assert.StartsWith(local, pdb.GetString(pdb.GetDocument(document).Name), StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_generator_and_the_code_fixes_carry_their_symbols_and_sources_inside()
    {
        await using var package = await OpenAsync("Jobs.Abstractions");

        foreach (var assembly in (string[])["Jobs.Generators", "Jobs.CodeFixes"])
        {
            using var image = new PEReader(new MemoryStream(await BytesAsync(package, $"analyzers/dotnet/cs/{assembly}.dll")));
            var embedded = image.ReadDebugDirectory().Single(entry => entry.Type == DebugDirectoryEntryType.EmbeddedPortablePdb);
            using var provider = image.ReadEmbeddedPortablePdbDebugDirectoryData(embedded);
            Assert.Single(Information(provider.GetMetadataReader(), SourceLink));
        }
    }

    [Fact]
    public async Task The_generator_needs_no_workspaces_which_a_compiler_does_not_have()
    {
        await using var package = await OpenAsync("Jobs.Abstractions");
        using var image = new PEReader(new MemoryStream(await BytesAsync(package, "analyzers/dotnet/cs/Jobs.Generators.dll")));
        var metadata = image.GetMetadataReader();

        var references = metadata.AssemblyReferences.Select(reference => metadata.GetString(metadata.GetAssemblyReference(reference).Name));

        Assert.Equal(
            ["Microsoft.CodeAnalysis", "Microsoft.CodeAnalysis.CSharp", "System.Collections.Immutable", "netstandard"],
            references.Order(StringComparer.Ordinal));
    }

    Task<ZipArchive> OpenAsync(string id, string kind = "nupkg") => workshop.OpenAsync($"{id}.{Workshop.Version}.{kind}");

    // Without what the format itself puts there.
    static IEnumerable<string> Files(ZipArchive package) =>
        from entry in package.Entries
        let name = entry.FullName
        where !name.StartsWith("_rels/", StringComparison.Ordinal) && !name.StartsWith("package/", StringComparison.Ordinal) &&
            name != "[Content_Types].xml" && !name.EndsWith(".nuspec", StringComparison.Ordinal)
        orderby name
        select name;

    async Task<XElement> MetadataAsync(string id)
    {
        await using var package = await OpenAsync(id);
        return XDocument.Parse(await TextAsync(package, $"{id}.nuspec")).Root!.Elements().Single();
    }

    async Task<Dictionary<string, XElement>> DependenciesAsync(string id) =>
        (await MetadataAsync(id)).Descendants().Where(element => element.Name.LocalName == "dependency").ToDictionary(element => element.Attribute("id")!.Value);

    static async Task<byte[]> BytesAsync(ZipArchive package, string name)
    {
        await using var stream = await package.GetEntry(name)!.OpenAsync(CancellationToken);
        using var bytes = new MemoryStream();
        await stream.CopyToAsync(bytes, CancellationToken);
        return bytes.ToArray();
    }

    static async Task<string> TextAsync(ZipArchive package, string name)
    {
        using var reader = new StreamReader(new MemoryStream(await BytesAsync(package, name)));
        return await reader.ReadToEndAsync(CancellationToken);
    }

    static IEnumerable<byte[]> Information(MetadataReader pdb, Guid kind) =>
        from handle in pdb.GetCustomDebugInformation(EntityHandle.ModuleDefinition)
        let information = pdb.GetCustomDebugInformation(handle)
        where pdb.GetGuid(information.Kind) == kind
        select pdb.GetBlobBytes(information.Value);

    static IEnumerable<string> Code(string page)
    {
        var inside = false;
        foreach (var line in page.Split('\n'))
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
                inside = line == "```csharp";
            else if (inside && line.Trim().Length > 0)
                yield return line.Trim();
        }
    }
}
