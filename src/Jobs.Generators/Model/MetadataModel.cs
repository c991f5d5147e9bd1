namespace Jobs.Generators.Model;

/// <summary>The <c>Metadata</c> of a worker: what its callbacks read, made for a batch.</summary>
/// <remarks>Holds no symbol, syntax node or location.</remarks>
/// <param name="Modifiers">Its accessibility, and <c>new</c> where it hides one of a base class.</param>
/// <param name="Type">What it takes, with <c>global::</c>.</param>
/// <param name="Record">The identifier of the record that it is stored as; <see langword="null"/> while it cannot be stored.</param>
sealed record MetadataModel(string Modifiers, string Type, string? Record);
