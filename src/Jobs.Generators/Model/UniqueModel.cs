namespace Jobs.Generators.Model;

/// <summary>On which terms a worker's equal jobs are one.</summary>
/// <remarks>Holds no symbol, syntax node or location.</remarks>
/// <param name="Settings">The C# of what differs from the default, such as <c>States = global::Jobs.UniqueStates.All</c>.</param>
sealed record UniqueModel(EquatableArray<string> Settings);
