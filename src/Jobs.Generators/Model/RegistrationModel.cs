namespace Jobs.Generators.Model;

/// <summary>What the assembly's registration depends on.</summary>
/// <remarks>Holds no symbol, syntax node or location.</remarks>
sealed record RegistrationModel
{
    /// <summary>An identifier that no other assembly gets.</summary>
    public required string TypeName { get; init; }

    /// <summary>The assembly's name, for the docs of the emitted types.</summary>
    public required string Assembly { get; init; }

    /// <summary>Whether <c>Jobs.JobsBuilder</c> can be seen, so that <c>AddWorkers</c> can be written.</summary>
    public required bool HasBuilder { get; init; }

    /// <summary>The registration types of referenced assemblies, with <c>global::</c>, in ordinal order.</summary>
    public required EquatableArray<string> References { get; init; }

    /// <summary>The assembly's own workers, in ordinal order.</summary>
    public EquatableArray<RegisteredWorker> Workers { get; init; }
}

/// <summary>A worker that an assembly registers.</summary>
/// <param name="FullName">With <c>global::</c>.</param>
/// <param name="Cautions">The warnings that naming it brings.</param>
sealed record RegisteredWorker(string FullName, EquatableArray<string> Cautions);
