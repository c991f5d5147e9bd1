using Jobs.Generators.Model;
using Jobs.Generators.Text;
using Microsoft.CodeAnalysis;

namespace Jobs.Generators;

/// <summary>The <c>Where</c> of a worker, by which its jobs are found.</summary>
/// <remarks>
/// One for all its args records: of a job that is looked for nobody needs to say which of them it was made of. A worker that has a member of
/// that name keeps it, and its jobs are found by <c>JobFilter.Of</c>.
/// </remarks>
static class FilterParser
{
    const string Name = "Where";

    public static FilterModel? Parse(INamedTypeSymbol worker, Compilation compilation, EquatableArray<PerformModel> performs)
    {
        var enqueued = performs.Where(static perform => perform.NewModifiers is not null).ToList();
        var members = Members(enqueued);
        if (members.Count == 0 || worker.Name == Name || worker.GetMembers(Name).Length > 0)
            return null;

        var access = enqueued.TrueForAll(static perform => perform.NewModifiers!.StartsWith("public", StringComparison.Ordinal)) ? "public static" : "internal static";
        return new FilterModel(Hides(worker, compilation, members) ? access + " new" : access, members);
    }

    static EquatableArray<FilterMember> Members(List<PerformModel> performs)
    {
        var names = new Locals("json");
        var members = new List<FilterMember>();
        foreach (var perform in performs)
        {
            foreach (var member in perform.Args.Stored.Where(static member => !member.Value.IsComposite))
            {
                var twin = members.FindIndex(other => other.Member.Key == member.Key && other.Member.Value.Type == member.Value.Type);
                if (twin < 0)
                    members.Add(new FilterMember(names.Name(Locals.Camel(member.PlainName)), member));
                else if (member.Value.IsNullable)
                    members[twin] = members[twin] with { Member = member };
            }
        }

        return members.ToEquatableArray();
    }

    static bool Hides(INamedTypeSymbol worker, Compilation compilation, EquatableArray<FilterMember> members)
    {
        for (var type = worker.BaseType; type is not null; type = type.BaseType)
        {
            if (type.GetMembers(Name).Any(member => compilation.IsSymbolAccessibleWithin(member, worker) && IsHiddenBy(member, members)))
                return true;

            // The Where of a worker of this assembly is being generated too, so it is no member yet. What it has more than its base, it has of its own args.
            if (SymbolEqualityComparer.Default.Equals(type.ContainingAssembly, worker.ContainingAssembly) && Types.Has(type, KnownNames.WorkerAttribute))
                return Args(type, compilation).SetEquals(Args(worker, compilation));
        }

        return false;
    }

    static bool IsHiddenBy(ISymbol member, EquatableArray<FilterMember> members) => member is not IMethodSymbol method
        || (method.TypeParameters.Length == 0 && method.Parameters.Select(static parameter => parameter.Type.ToDisplayString(Types.QualifiedWithNullability))
            .SequenceEqual(members.Select(static member => $"global::Jobs.ArgValue<{member.Type}>")));

    static HashSet<ISymbol> Args(INamedTypeSymbol worker, Compilation compilation) => new(
        PerformMethods.Of(worker, compilation).Select(static method => PerformMethods.Args(method)?.Type).OfType<ISymbol>(), SymbolEqualityComparer.Default);
}
