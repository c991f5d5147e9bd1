using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Jobs.Generators.Diagnostics;

/// <summary>Finds constants that the run time would refuse, and jobs with two schedules.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class SettingAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => [JobDiagnostics.ArgumentOutOfRange];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterOperationAction(CheckAssignment, OperationKind.SimpleAssignment);
        context.RegisterOperationAction(CheckArgument, OperationKind.Argument);
        context.RegisterOperationAction(CheckSchedules, OperationKind.With);
    }

    static void CheckAssignment(OperationAnalysisContext context)
    {
        var assignment = (ISimpleAssignmentOperation)context.Operation;
        if (assignment.Target is IPropertyReferenceOperation { Property: var property } && Setting.Of(property) is { } setting)
            Check(context, setting, assignment.Value);
    }

    static void CheckArgument(OperationAnalysisContext context)
    {
        var argument = (IArgumentOperation)context.Operation;
        if (argument.Parameter is { } parameter && Setting.Of(parameter) is { } setting)
            Check(context, setting, argument.Value);
    }

    static void Check(OperationAnalysisContext context, Setting setting, IOperation value)
    {
        if (setting.IsRefused(value))
            context.ReportDiagnostic(Diagnostic.Create(JobDiagnostics.ArgumentOutOfRange, value.Syntax.GetLocation(), setting.Words, setting.Range, setting.Else));
    }

    static void CheckSchedules(OperationAnalysisContext context)
    {
        var with = (IWithOperation)context.Operation;
        if (!Types.Is(with.Type, KnownNames.NewJob) || Scheduled(with, "ScheduleIn") is not { } first || Scheduled(with, "ScheduleAt") is not { } second)
            return;
        var later = first.Syntax.SpanStart > second.Syntax.SpanStart ? first : second;
        if (later.Parent?.Parent == with)
            context.ReportDiagnostic(Diagnostic.Create(JobDiagnostics.ArgumentOutOfRange, later.Syntax.GetLocation(), "Either ScheduleIn or ScheduleAt", "left out", "the job cannot be enqueued."));
    }

    /// <summary>Where the job gets that schedule, if it is sure to get one: by this <c>with</c> or one before it.</summary>
    static ISimpleAssignmentOperation? Scheduled(IWithOperation with, string schedule)
    {
        for (IOperation job = with; job.WithoutConversions() is IWithOperation current; job = current.Operand)
        {
            var assigned = current.Initializer.Initializers.OfType<ISimpleAssignmentOperation>()
                .LastOrDefault(assignment => assignment.Target is IPropertyReferenceOperation { Property.Name: var name } && name == schedule);
            if (assigned is not null)
                return IsSurelySet(assigned.Value.WithoutConversions()) ? assigned : null;
        }

        return null;
    }

    static bool IsSurelySet(IOperation value) => value.Type is { IsValueType: true, OriginalDefinition.SpecialType: not SpecialType.System_Nullable_T };
}
