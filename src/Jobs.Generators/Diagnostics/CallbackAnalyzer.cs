using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Jobs.Generators.Diagnostics;

/// <summary>Adds a sentence to the compiler's CS0311 where a callback, as in <c>OnComplete&lt;AdminWorker&gt;()</c>, is aimed at a class that could not run it.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class CallbackAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => [JobDiagnostics.UnsuitableCallback];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterSyntaxNodeAction(Check, SyntaxKind.GenericName);
    }

    static void Check(SyntaxNodeAnalysisContext context)
    {
        var name = (GenericNameSyntax)context.Node;
        var info = context.SemanticModel.GetSymbolInfo(name, context.CancellationToken);
        if ((info.Symbol ?? info.CandidateSymbols.FirstOrDefault()) is not IMethodSymbol method)
            return;

        var arguments = name.TypeArgumentList.Arguments;
        for (var i = 0; i < method.TypeParameters.Length && i < arguments.Count; i++)
        {
            if (CallbackOf(method.TypeParameters[i]) is not { } callback ||
                context.SemanticModel.GetTypeInfo(arguments[i], context.CancellationToken).Type is not INamedTypeSymbol { TypeKind: not TypeKind.Error } type ||
                Advice(type, callback) is not { } advice)
                continue;
            context.ReportDiagnostic(Diagnostic.Create(JobDiagnostics.UnsuitableCallback, arguments[i].GetLocation(), type.Name, callback.Name, advice));
        }
    }

    static ITypeSymbol? CallbackOf(ITypeParameterSymbol parameter) =>
        parameter.ConstraintTypes.OfType<INamedTypeSymbol>().Where(IsPerforms).Select(static type => type.TypeArguments[0]).FirstOrDefault();

    static bool IsPerforms(INamedTypeSymbol type) => type.Arity == 1 && Types.IsDefinedAs(type, KnownNames.Performs);

    /// <summary>What to do; <see langword="null"/> where the class runs the callback, or would if the generator's own errors of it were mended.</summary>
    static string? Advice(INamedTypeSymbol type, ITypeSymbol callback)
    {
        if (type.AllInterfaces.Any(found => IsPerforms(found) && Is(found.TypeArguments[0], callback)))
            return null;
        var method = $"[Perform] public Task NotifyAsync({callback.Name} args)";
        if (!Types.Has(type, KnownNames.WorkerAttribute))
            return $"it is no worker. Name one, or mark it with [Worker], make it partial, and add {method}.";
        return Performs(type, callback)
            ? null
            : $"it has no [Perform] method for it. Add {method}, or name a worker that has one.";
    }

    static bool Performs(INamedTypeSymbol worker, ITypeSymbol callback) => worker.GetMembers().OfType<IMethodSymbol>().Any(method =>
        Types.Has(method, KnownNames.PerformAttribute) && method.Parameters.Any(parameter => Takes(parameter.Type, callback)));

    // Whatever its metadata is.
    static bool Takes(ITypeSymbol args, ITypeSymbol callback) =>
        Is(args, callback) || (Callbacks.KindOf(callback) is { } kind && Callbacks.KindOf(args) == kind);

    static bool Is(ITypeSymbol type, ITypeSymbol other) => SymbolEqualityComparer.Default.Equals(type, other);
}
