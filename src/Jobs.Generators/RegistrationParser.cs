using System.Globalization;
using System.Text;
using Jobs.Generators.Model;
using Microsoft.CodeAnalysis;

namespace Jobs.Generators;

/// <summary>Finds what a host can register: the registration types of the assemblies it references.</summary>
static class RegistrationParser
{
    public static RegistrationModel Parse(Compilation compilation, CancellationToken cancellationToken)
    {
        var hasBuilder = DeclaresBuilder(compilation.Assembly);
        var references = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var assembly in compilation.SourceModule.ReferencedAssemblySymbols)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!ReferencesAbstractions(assembly) || !IsGlobal(compilation, assembly))
                continue;
            hasBuilder |= DeclaresBuilder(assembly);
            foreach (var attribute in assembly.GetAttributes())
            {
                if (attribute.AttributeClass?.ToDisplayString() == KnownNames.WorkerAssemblyAttribute &&
                    attribute.ConstructorArguments is [{ Value: INamedTypeSymbol { DeclaredAccessibility: Accessibility.Public } type }])
                    references.Add(type.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat));
            }
        }

        var name = compilation.AssemblyName ?? "";
        return new RegistrationModel
        {
            TypeName = TypeNameOf(name),
            Assembly = name,
            HasBuilder = hasBuilder,
            References = references.ToEquatableArray(),
        };
    }

    static bool ReferencesAbstractions(IAssemblySymbol assembly) =>
        assembly.Modules.Any(static module => module.ReferencedAssemblies.Any(static name => name.Name == KnownNames.Abstractions));

    // A reference with an alias of its own cannot be named by global::.
    static bool IsGlobal(Compilation compilation, IAssemblySymbol assembly) =>
        compilation.GetMetadataReference(assembly) is not { Properties.Aliases: { IsEmpty: false } aliases } || aliases.Contains("global");

    static bool DeclaresBuilder(IAssemblySymbol assembly) =>
        assembly.GlobalNamespace.GetNamespaceMembers().FirstOrDefault(static space => space.Name == "Jobs")
            ?.GetTypeMembers("JobsBuilder").Any(static type => type.Arity == 0) ?? false;

    /// <summary><c>My.App</c> as <c>My_App_Workers</c>. Where that could be another assembly's too, a hash of the name is added.</summary>
    static string TypeNameOf(string assembly)
    {
        var name = new StringBuilder();
        var isExact = true;
        foreach (var c in assembly)
        {
            isExact &= c == '.' || char.IsLetterOrDigit(c);
            name.Append(char.IsLetterOrDigit(c) ? c : '_');
        }

        if (name.Length == 0 || char.IsDigit(name[0]))
            name.Insert(0, '_');
        if (!isExact)
            name.Append('_').Append(Hash(assembly).ToString("x8", CultureInfo.InvariantCulture));
        return name.Append("_Workers").ToString();
    }

    static uint Hash(string text)
    {
        var hash = 2166136261u;
        foreach (var c in text)
            hash = unchecked((hash ^ c) * 16777619u);
        return hash;
    }
}
