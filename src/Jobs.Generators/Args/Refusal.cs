using Jobs.Generators.Diagnostics;
using Microsoft.CodeAnalysis;

namespace Jobs.Generators;

/// <summary>Why something cannot be stored.</summary>
/// <remarks>Holds symbols, so it does not outlive the parse.</remarks>
/// <param name="Subject">What cannot be stored, such as <c>EmailArgs.Sender</c>.</param>
/// <param name="Reason">Why, and what to do instead: one or two sentences.</param>
/// <param name="Where">The member; <see langword="null"/> for the record itself.</param>
sealed record Refusal(string Subject, string Reason, ISymbol? Where)
{
    public DiagnosticDescriptor Descriptor { get; init; } = JobDiagnostics.ArgsNotStorable;

    /// <summary>The type that a serializer context could cover, so that it can be stored after all.</summary>
    public ITypeSymbol? Uncovered { get; init; }

    /// <summary>Whether the compiler says it already.</summary>
    public bool IsKnown { get; init; }

    public Diagnostic At(Location location) => Uncovered is null
        ? Diagnostic.Create(Descriptor, location, Subject, Reason)
        : Diagnostic.Create(
            Descriptor,
            location,
            System.Collections.Immutable.ImmutableDictionary<string, string?>.Empty.Add("Type", Uncovered.ToDisplayString(Types.Qualified)),
            Subject,
            Reason);
}
