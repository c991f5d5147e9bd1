using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Jobs.Generators.Diagnostics;

/// <summary>Finds perform methods and backoffs of classes that are no workers: no job would ever run them, nor ask them. Those of an abstract class are for the workers that derive from it.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class PerformOutsideWorkerAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => [JobDiagnostics.PerformOutsideWorker, JobDiagnostics.UnsuitableBackoff];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterSymbolAction(Check, SymbolKind.Method);
    }

    static void Check(SymbolAnalysisContext context)
    {
        var method = context.Symbol;
        var type = method.ContainingType;
        var (performs, backsOff) = (Types.Has(method, KnownNames.PerformAttribute), Types.Has(method, KnownNames.BackoffAttribute));
        if (!(performs || backsOff) || Types.Has(type, KnownNames.WorkerAttribute) ||
            type is { IsAbstract: true, TypeKind: TypeKind.Class } || IsUnfinished(method, context.CancellationToken))
            return;
        if (performs)
            context.ReportDiagnostic(Diagnostic.Create(JobDiagnostics.PerformOutsideWorker, method.Locations[0], method.Name, type.Name));
        if (backsOff)
            context.ReportDiagnostic(Diagnostic.Create(JobDiagnostics.UnsuitableBackoff, method.Locations[0], method.Name, $"{type.Name} is no worker, so nothing asks it. Mark the class with [Worker]."));
    }

    // The attribute of the class, or the class itself, may be what the parser could not read.
    static bool IsUnfinished(ISymbol method, CancellationToken cancellationToken) =>
        method.DeclaringSyntaxReferences.Any(reference => Unfinished.CannotBeParsed(reference.SyntaxTree.GetRoot(cancellationToken)));
}
