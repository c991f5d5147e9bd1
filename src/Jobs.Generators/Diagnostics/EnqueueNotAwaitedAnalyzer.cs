using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Jobs.Generators.Diagnostics;

/// <summary>Finds enqueues whose task is dropped in a method that is not async. In one that is, the compiler says so: CS4014.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class EnqueueNotAwaitedAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => [JobDiagnostics.EnqueueNotAwaited];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterOperationAction(Check, OperationKind.ExpressionStatement);
    }

    static void Check(OperationAnalysisContext context)
    {
        var statement = (IExpressionStatementOperation)context.Operation;
        if (EnqueueOf(statement.Operation) is not { TargetMethod: var enqueue } call ||
            enqueue.IsAsync || statement.Function(context.ContainingSymbol) is { IsAsync: true })
            return;
        context.ReportDiagnostic(Diagnostic.Create(JobDiagnostics.EnqueueNotAwaited, call.Syntax.GetLocation(), enqueue.Name));
    }

    static IInvocationOperation? EnqueueOf(IOperation operation) => operation switch
    {
        IConditionalAccessOperation access => EnqueueOf(access.WhenNotNull),
        IInvocationOperation { TargetMethod.Name: "ConfigureAwait", Instance: { } task } => EnqueueOf(task),
        IInvocationOperation { TargetMethod: { IsStatic: false } method } call
            when method.Name.StartsWith("Enqueue", StringComparison.Ordinal) && Types.Is(method.ContainingType, KnownNames.JobClient) => call,
        _ => null,
    };
}
