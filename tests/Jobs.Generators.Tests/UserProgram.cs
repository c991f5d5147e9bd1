using System.Collections.Immutable;
using System.Reflection;
using Basic.Reference.Assemblies;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace Jobs.Generators.Tests;

/// <summary>A program as a user writes it: with nullable on, no implicit usings, and the generator and analyzers at work.</summary>
sealed class UserProgram
{
    static readonly CSharpParseOptions ParseOptions = new(LanguageVersion.Latest, DocumentationMode.Diagnose);

    /// <summary>The generator of System.Text.Json, which every program has.</summary>
    static readonly ISourceGenerator SerializerGenerator = ((IIncrementalGenerator)Activator.CreateInstance(
        Assembly.LoadFrom(Path.Combine(AppContext.BaseDirectory, "System.Text.Json.SourceGeneration.dll"))
            .GetType("System.Text.Json.SourceGeneration.JsonSourceGenerator", throwOnError: true)!)!).AsSourceGenerator();

    static readonly ImmutableArray<DiagnosticAnalyzer> Analyzers =
    [
        .. typeof(WorkerGenerator).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(DiagnosticAnalyzer))).Select(type => (DiagnosticAnalyzer)Activator.CreateInstance(type)!),
    ];

    UserProgram(Compilation compilation, GeneratorDriver driver) => (Compilation, Driver) = (compilation, driver);

    public static ImmutableArray<MetadataReference> References { get; } =
    [
        .. Net100.References.All,
        MetadataReference.CreateFromFile(typeof(IWorker).Assembly.Location),
        MetadataReference.CreateFromFile(typeof(Microsoft.Extensions.DependencyInjection.ServiceDescriptor).Assembly.Location),
        MetadataReference.CreateFromFile(typeof(Microsoft.Extensions.Configuration.IConfiguration).Assembly.Location),
    ];

    /// <summary>What a program references that enqueues jobs or runs them, and a library of workers does not.</summary>
    public static MetadataReference Runtime { get; } = MetadataReference.CreateFromFile(typeof(JobClient).Assembly.Location);

    /// <summary>The program with what was generated.</summary>
    public Compilation Compilation { get; }

    public GeneratorDriver Driver { get; }

    public GeneratorRunResult Result => ResultOf(Driver);

    static GeneratorRunResult ResultOf(GeneratorDriver driver) =>
        driver.GetRunResult().Results.Single(result => result.Generator.GetGeneratorType() == typeof(WorkerGenerator));

    public ImmutableArray<SyntaxTree> GeneratedTrees => Driver.GetRunResult().GeneratedTrees;

    public IEnumerable<GeneratedSourceResult> Sources =>
        Result.GeneratedSources.Where(source => source.HintName != "Microsoft.CodeAnalysis.EmbeddedAttribute.cs");

    public static UserProgram Compile(string source, string name = "App", params MetadataReference[] more) => From(Create(source, name, more));

    public static UserProgram From(Compilation compilation)
    {
        var driver = CSharpGeneratorDriver.Create(
            [new WorkerGenerator().AsSourceGenerator(), SerializerGenerator],
            parseOptions: (CSharpParseOptions)compilation.SyntaxTrees.First().Options,
            driverOptions: new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true));
        return Run(driver, compilation);
    }

    public static Compilation Create(string source, string name = "App", params MetadataReference[] more) => CSharpCompilation.Create(
        name,
        [Parse(source)],
        [.. References, .. more],
        new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));

    /// <summary>The program in a project that sets another language version or nullable context.</summary>
    public static UserProgram Compile(string source, LanguageVersion version, NullableContextOptions nullable, params MetadataReference[] more) => From(CSharpCompilation.Create(
        "App",
        [Parse(source, options: ParseOptions.WithLanguageVersion(version))],
        [.. References, .. more],
        new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: nullable)));

    public static SyntaxTree Parse(string source, string path = "Program.cs", CSharpParseOptions? options = null) =>
        CSharpSyntaxTree.ParseText(SourceText.From(source, System.Text.Encoding.UTF8), options ?? ParseOptions, path);

    /// <summary>Compiles another version with the same driver, as the editor does at a keystroke.</summary>
    public UserProgram Edit(Func<Compilation, Compilation> edit)
    {
        var generated = Compilation.SyntaxTrees.Where(tree => GeneratedTrees.Contains(tree)).ToArray();
        return Run(Driver, edit(Compilation.RemoveSyntaxTrees(generated)));
    }

    static UserProgram Run(GeneratorDriver driver, Compilation compilation)
    {
        driver = driver.RunGeneratorsAndUpdateCompilation(compilation, out var updated, out _, TestContext.Current.CancellationToken);
        Assert.Null(ResultOf(driver).Exception);
        return new UserProgram(updated, driver);
    }

    /// <summary>The errors that a person would see, of the compiler and of Jobs; and the warnings of Jobs, and of generated code.</summary>
    public async Task<IReadOnlyList<Diagnostic>> DiagnoseAsync()
    {
        var generated = GeneratedTrees;
        return InOrder([
            .. await DiagnoseJobsAsync(Analyzers),
            .. Compilation.GetDiagnostics(TestContext.Current.CancellationToken).Where(diagnostic => !diagnostic.IsSuppressed &&
                (diagnostic.Severity is DiagnosticSeverity.Error ||
                    (diagnostic.Severity is DiagnosticSeverity.Warning && diagnostic.Location.SourceTree is { } tree && generated.Contains(tree)))),
        ]);
    }

    /// <summary>The errors and warnings of the generator and of these analyzers alone.</summary>
    public async Task<IReadOnlyList<Diagnostic>> DiagnoseJobsAsync(ImmutableArray<DiagnosticAnalyzer> analyzers)
    {
        var analyzed = await Compilation.WithAnalyzers(analyzers, new AnalyzerOptions([])).GetAnalyzerDiagnosticsAsync(TestContext.Current.CancellationToken);
        Assert.DoesNotContain(analyzed, diagnostic => diagnostic.Id == "AD0001");   // an analyzer threw
        return InOrder(Result.Diagnostics.Concat(analyzed).Where(diagnostic => !diagnostic.IsSuppressed && diagnostic.Severity >= DiagnosticSeverity.Warning));
    }

    /// <summary>The errors in generated code, without those in the program's own.</summary>
    public IEnumerable<Diagnostic> GeneratedErrors() =>
        GeneratedTrees.SelectMany(tree => Compilation.GetSemanticModel(tree).GetDiagnostics(cancellationToken: TestContext.Current.CancellationToken))
            .Where(diagnostic => diagnostic.Severity is DiagnosticSeverity.Error);

    static IReadOnlyList<Diagnostic> InOrder(IEnumerable<Diagnostic> diagnostics) =>
        [.. diagnostics.OrderBy(diagnostic => diagnostic.Location.SourceSpan.Start).ThenBy(diagnostic => diagnostic.Id, StringComparer.Ordinal)];

    /// <summary>The compiled program, which must be free of errors.</summary>
    public byte[] Emit()
    {
        using var bytes = new MemoryStream();
        var emitted = Compilation.Emit(bytes, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(emitted.Success, string.Join('\n', emitted.Diagnostics));
        return bytes.ToArray();
    }
}
