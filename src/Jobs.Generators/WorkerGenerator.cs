using System.Globalization;
using Jobs.Generators.Caching;
using Jobs.Generators.Diagnostics;
using Jobs.Generators.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jobs.Generators;

/// <summary>Writes the other part of each worker, and the registration of the assembly's workers.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class WorkerGenerator : IIncrementalGenerator
{
    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        // One [Worker] class in, one parsed worker out. Starting from [Perform] instead would give one
        // result per method and leave us to merge them back into classes. ForAttributeWithMetadataName binds
        // the attributes of every worker at each keystroke, before it lets us look into a cache.
        var workers = context.SyntaxProvider
            .CreateSyntaxProvider(
                predicate: static (node, _) => node is TypeDeclarationSyntax { AttributeLists.Count: > 0 },
                transform: static (ctx, ct) => ParsedWorkers.Get(ctx, ct))
            .Where(static worker => worker is not null)
            .Select(static (worker, _) => worker!)
            .WithTrackingName(Steps.Parse);

        // Source depends on the model alone, so an edit that leaves the model equal emits nothing.
        var models = workers
            .Where(static worker => worker.Model is not null)
            .Select(static (worker, _) => worker.Model!)
            .WithTrackingName(Steps.Model);
        context.RegisterSourceOutput(
            models,
            static (output, model) => output.AddSource(model.HintName, WorkerEmitter.Emit(model)));

        // Diagnostics keep their real location, or `#pragma warning disable` could not suppress them
        // (dotnet/runtime#92509). They change with every moved line; these outputs keep that apart.
        // Two workers that share a record say the same of it, and a person needs it once.
        context.RegisterSourceOutput(
            workers.SelectMany(static (worker, _) => worker.Diagnostics).Collect(),
            static (output, diagnostics) =>
            {
                foreach (var same in diagnostics.GroupBy(static diagnostic => (diagnostic.Location, diagnostic.GetMessage(CultureInfo.InvariantCulture))))
                    output.ReportDiagnostic(same.First());
            });
        context.RegisterSourceOutput(
            workers.SelectMany(static (worker, _) => worker.Names).Collect(),
            static (output, names) =>
            {
                foreach (var diagnostic in DuplicateNames.Find(names))
                    output.ReportDiagnostic(diagnostic);
            });

        var registered = models
            .Select(static (model, _) => new RegisteredWorker(model.FullName, model.NameCautions))
            .Collect()
            .Select(static (workers, _) => workers.OrderBy(static worker => worker.FullName, StringComparer.Ordinal).ToEquatableArray());
        var registration = context.CompilationProvider
            .Select(static (compilation, ct) => RegistrationParser.Parse(compilation, ct))
            .Combine(registered)
            .Select(static (pair, _) => pair.Left with { Workers = pair.Right })
            .WithTrackingName(Steps.Registration);
        context.RegisterSourceOutput(registration, static (output, model) => RegistrationEmitter.Emit(output.AddSource, model));
        context.RegisterPostInitializationOutput(static output => output.AddEmbeddedAttributeDefinition());
    }

    /// <summary>The names by which tests find the pipeline's steps.</summary>
    internal static class Steps
    {
        public const string Parse = nameof(Parse);
        public const string Model = nameof(Model);
        public const string Registration = nameof(Registration);
    }
}
