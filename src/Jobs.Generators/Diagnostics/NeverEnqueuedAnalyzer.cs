using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Jobs.Generators.Diagnostics;

/// <summary>Finds jobs that are made and go nowhere: as a statement, into a discard, or into a local that nobody reads.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class NeverEnqueuedAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => [JobDiagnostics.NeverEnqueued];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterOperationAction(CheckStatement, OperationKind.ExpressionStatement);
        context.RegisterOperationBlockAction(CheckLocals);
    }

    static void CheckStatement(OperationAnalysisContext context)
    {
        var statement = (IExpressionStatementOperation)context.Operation;
        var value = statement.Operation is ISimpleAssignmentOperation { Target: IDiscardOperation } discarded ? discarded.Value : statement.Operation;
        value = value.WithoutConversions();
        if (MakesJob(value) && !MayBeExpectedToThrow(statement))
            context.ReportDiagnostic(Diagnostic.Create(JobDiagnostics.NeverEnqueued, value.Syntax.GetLocation(), Job(value), Shortened(value)));
    }

    static bool MakesJob(IOperation value) => value switch
    {
        IWithOperation with => Types.Is(with.Type, KnownNames.NewJob),
        IInvocationOperation { TargetMethod: { Name: "New", IsStatic: true } method } =>
            Types.Is(method.ReturnType, KnownNames.NewJob) && Types.Has(method.ContainingType, KnownNames.WorkerAttribute),
        _ => false,
    };

    // () => Mailer.New(args) is what a test hands to an assertion that the args are refused.
    static bool MayBeExpectedToThrow(IExpressionStatementOperation statement) =>
        statement is { IsImplicit: true, Parent: IBlockOperation { Parent: IAnonymousFunctionOperation { Symbol.Parameters.IsEmpty: true } } };

    static string Job(IOperation value)
    {
        while (value is IWithOperation with)
            value = with.Operand.WithoutConversions();
        return value is IInvocationOperation { TargetMethod: { Name: "New", ContainingType: { } worker } } && MakesJob(value) ? $"A job of {worker.Name}" : "A job";
    }

    /// <summary><c>Mailer.New(…) with { … }</c></summary>
    static string Shortened(IOperation value) => value switch
    {
        IWithOperation with => Shortened(with.Operand.WithoutConversions()) + " with { … }",
        IInvocationOperation { Syntax: InvocationExpressionSyntax call } => $"{call.Expression}({(call.ArgumentList.Arguments.Count > 0 ? "…" : "")})",
        ILocalReferenceOperation local => local.Local.Name,
        IParameterReferenceOperation parameter => parameter.Parameter.Name,
        _ => "job",
    };

    static void CheckLocals(OperationBlockAnalysisContext context)
    {
        foreach (var block in context.OperationBlocks)
        {
            // What the parser skipped may be the read that is missed.
            if (block.Syntax.ContainsDiagnostics)
                continue;
            var made = block.Descendants().OfType<IVariableDeclaratorOperation>().Where(DeclaresJob).ToList();
            if (made.Count == 0)
                continue;
            var read = new HashSet<ISymbol>(Reads(block), SymbolEqualityComparer.Default);
            foreach (var local in made.Where(local => !read.Contains(local.Symbol)))
                context.ReportDiagnostic(Diagnostic.Create(JobDiagnostics.NeverEnqueued, local.Symbol.Locations[0], Job(local.Initializer!.Value.WithoutConversions()), local.Symbol.Name));
        }
    }

    static bool DeclaresJob(IVariableDeclaratorOperation local) => local.Initializer is { } initializer && MakesJob(initializer.Value.WithoutConversions());

    static IEnumerable<ISymbol> Reads(IOperation block) =>
        from reference in block.Descendants().OfType<ILocalReferenceOperation>()
        where !IsTarget(reference) && !OnlyChangesItself(reference)
        select reference.Local;

    static bool IsTarget(IOperation reference) => reference.Parent is ISimpleAssignmentOperation assignment && assignment.Target == reference;

    // job = job with { Priority = 1 };
    static bool OnlyChangesItself(ILocalReferenceOperation reference)
    {
        IOperation value = reference;
        while (value.Parent is IWithOperation with && with.Operand == value)
            value = with;
        return value != reference &&
            value.Parent is ISimpleAssignmentOperation { Target: ILocalReferenceOperation target, Parent: IExpressionStatementOperation } &&
            SymbolEqualityComparer.Default.Equals(target.Local, reference.Local);
    }
}
