using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Jobs.Generators.Diagnostics;

/// <summary>Adds a sentence to the compiler's CS1503 where <c>New</c> is given args that the worker has no perform method for.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class UnknownArgsAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => [JobDiagnostics.UnknownArgs];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterSyntaxNodeAction(Check, SyntaxKind.InvocationExpression);
    }

    static void Check(SyntaxNodeAnalysisContext context)
    {
        var invocation = (InvocationExpressionSyntax)context.Node;
        if (invocation is not
            {
                Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "New" } access,
                ArgumentList.Arguments: [var argument],
            })
            return;

        var model = context.SemanticModel;
        if (model.GetSymbolInfo(access.Expression, context.CancellationToken).Symbol is not INamedTypeSymbol worker ||
            !Types.Has(worker, KnownNames.WorkerAttribute) ||
            model.GetSymbolInfo(invocation, context.CancellationToken).Symbol is not null ||
            model.GetTypeInfo(argument.Expression, context.CancellationToken).Type is not { TypeKind: not TypeKind.Error } args)
            return;

        var accepted = Accepted(worker);
        if (accepted.Count > 0 && accepted.Any(type => SymbolEqualityComparer.Default.Equals(type, args)))
            return;
        context.ReportDiagnostic(Diagnostic.Create(
            JobDiagnostics.UnknownArgs,
            argument.GetLocation(),
            worker.Name,
            Name(args),
            Advice(worker, args, accepted)));
    }

    /// <summary>What <c>New</c> takes. Asked of the methods and not of <c>[Perform]</c>, which is private in a worker of another assembly.</summary>
    static List<ITypeSymbol> Accepted(INamedTypeSymbol worker) =>
        [.. worker.GetMembers("New").OfType<IMethodSymbol>().Where(static method => method.Parameters.Length == 1).Select(static method => method.Parameters[0].Type)];

    static string Advice(INamedTypeSymbol worker, ITypeSymbol args, List<ITypeSymbol> accepted)
    {
        if (Callbacks.KindOf(args) is not null)
            return "A batch enqueues its callbacks itself, when their conditions hold.";
        var types = accepted.Select(Name).ToList();
        return types.Count == 0
            ? $"Add one that takes it to {worker.Name}."
            : $"It accepts {string.Join(" or ", types)}. Pass that, or add a [Perform] method that takes {Name(args)} to {worker.Name}.";
    }

    static string Name(ITypeSymbol type) => type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat);
}
