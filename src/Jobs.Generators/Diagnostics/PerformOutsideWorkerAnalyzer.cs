using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Jobs.Generators.Diagnostics;

/// <summary>Finds perform methods of classes that are no workers: no job would ever run them. Those of an abstract class are for the workers that derive from it.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class PerformOutsideWorkerAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => [JobDiagnostics.PerformOutsideWorker];

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
        if (!Types.Has(method, KnownNames.PerformAttribute) || Types.Has(type, KnownNames.WorkerAttribute) ||
            type is { IsAbstract: true, TypeKind: TypeKind.Class } || IsUnfinished(method, context.CancellationToken))
            return;
        context.ReportDiagnostic(Diagnostic.Create(JobDiagnostics.PerformOutsideWorker, method.Locations[0], method.Name, type.Name));
    }

    // The attribute of the class, or the class itself, may be what the parser could not read.
    static bool IsUnfinished(ISymbol method, CancellationToken cancellationToken) =>
        method.DeclaringSyntaxReferences.Any(reference => Unfinished.CannotBeParsed(reference.SyntaxTree.GetRoot(cancellationToken)));
}
