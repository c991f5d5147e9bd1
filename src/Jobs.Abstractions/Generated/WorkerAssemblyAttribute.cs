using System.ComponentModel;

namespace Jobs.Generated;

/// <summary>Names the type by which an assembly registers its workers, so that a host that references the assembly finds it at compile time.</summary>
/// <remarks>The type is public, static, hidden, and has a method <c>static void Register(WorkerRegistry workers)</c>.</remarks>
[AttributeUsage(AttributeTargets.Assembly)]
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class WorkerAssemblyAttribute(Type registration) : Attribute
{
    /// <summary>The type that registers the assembly's workers.</summary>
    public Type Registration { get; } = registration;
}
