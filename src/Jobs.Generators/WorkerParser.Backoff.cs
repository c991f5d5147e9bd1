using Jobs.Generators.Diagnostics;
using Microsoft.CodeAnalysis;

namespace Jobs.Generators;

/// <summary>The method that says how long a job waits after a failed attempt.</summary>
sealed partial class WorkerParser
{
    /// <summary>How the marked method of the worker is called, else that of its nearest base class; <see langword="null"/> where there is none that can be.</summary>
    string? ParseBackoff()
    {
        var marked = PerformMethods.Classes(_worker).Select(MarkedBackoffs).FirstOrDefault(static methods => methods.Count > 0);
        if (marked is not [var method, ..])
            return null;
        if (marked is [_, var second, ..])
        {
            Report(JobDiagnostics.TwoBackoffs, Where(second), _worker.Name, Name(method), Name(second));
            return null;
        }

        if (BackoffMisuse(method) is { } reason)
        {
            Report(JobDiagnostics.UnsuitableBackoff, Where(method), Name(method), reason);
            return null;
        }

        return IsFinished(method) ? $"{method.ContainingType.ToDisplayString(Types.Qualified)}.{Escape(method.Name)}" : null;
    }

    static List<IMethodSymbol> MarkedBackoffs(INamedTypeSymbol type) =>
        [.. type.GetMembers().OfType<IMethodSymbol>().Where(static method => Types.Has(method, KnownNames.BackoffAttribute))];

    string? BackoffMisuse(IMethodSymbol method)
    {
        if (method.MethodKind is not MethodKind.Ordinary)
            return "it is no ordinary method.";
        if (!method.IsStatic)
            return "it is not static, and the worker is gone when an attempt has failed. Make it static.";
        if (method.IsGenericMethod)
            return "it is generic, and nothing says which type arguments to use. Remove its type parameters.";
        if (method.Parameters is not [{ RefKind: RefKind.None, Type: var taken }] || !(Types.Is(taken, KnownNames.FailedAttempt) || Types.IsUnknown(taken)))
            return method.Parameters.Any(static parameter => Types.IsUnknown(parameter.Type)) ? null : "it does not take one FailedAttempt, by value, and nothing else.";
        if (!Types.IsUnknown(method.ReturnType) && (method.RefKind is not RefKind.None || !Types.Is(method.ReturnType, KnownNames.TimeSpan)))
            return $"it returns {InWords(method.ReturnType)}{(method.RefKind is RefKind.None ? "" : " by reference")}. Return a TimeSpan.";
        if (!_compilation.IsSymbolAccessibleWithin(method, _worker))
            return $"it is private there, so {_worker.Name} cannot call it. Make it protected.";
        return _cautions.Name(method) is null ? null : $"it is {ForbiddenInWords}, and the generated code has to call it. Let it be a warning.";
    }

    /// <summary>Whether a call of it compiles.</summary>
    static bool IsFinished(IMethodSymbol method) =>
        method.Name.Length > 0 && !PerformMethods.IsDeclaredTwice(method) && !Types.IsUnknown(method.ReturnType) &&
        !method.Parameters.Any(static parameter => Types.IsUnknown(parameter.Type));
}
