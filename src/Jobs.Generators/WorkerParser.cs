using System.Globalization;
using Jobs.Generators.Diagnostics;
using Jobs.Generators.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Jobs.Generators;

/// <summary>What one <c>[Worker]</c> class came to. The diagnostics and the name hold locations, and change with every moved line.</summary>
/// <param name="Model">What to emit; <see langword="null"/> where no part of the class could be added.</param>
/// <param name="Names">The names its jobs are stored under: its own first, then its aliases.</param>
/// <param name="Diagnostics">What is wrong with it.</param>
sealed record ParsedWorker(WorkerModel? Model, EquatableArray<WorkerName> Names, EquatableArray<Diagnostic> Diagnostics)
{
    /// <summary>What a further part that carries <c>[Worker]</c> comes to: the compiler reports the attribute, and the first part is the worker.</summary>
    public static readonly ParsedWorker None = new(null, EquatableArray<WorkerName>.Empty, EquatableArray<Diagnostic>.Empty);

    /// <summary>Where it, and what is wrong with it, is declared.</summary>
    public IEnumerable<Location> Locations => Diagnostics.Select(static diagnostic => diagnostic.Location).Concat(Names.Select(static name => name.Location));
}

/// <summary>Symbols in, model and diagnostics out. Each file parses one part of the worker; this one the class.</summary>
sealed partial class WorkerParser
{
    readonly INamedTypeSymbol _worker;
    readonly TypeDeclarationSyntax _syntax;
    readonly AttributeData _attribute;
    readonly CancellationToken _cancellationToken;
    readonly Compilation _compilation;
    readonly ArgsParser _args;
    readonly Cautions _cautions = new();
    readonly List<Diagnostic> _diagnostics = [];

    WorkerParser(AttributedType context, CancellationToken cancellationToken)
    {
        _worker = context.TargetSymbol;
        _syntax = context.TargetNode;
        _attribute = context.Attributes[0];
        _cancellationToken = cancellationToken;
        _compilation = context.SemanticModel.Compilation;
        _args = new ArgsParser(_compilation, _diagnostics.Add);
    }

    public static ParsedWorker Parse(AttributedType context, CancellationToken cancellationToken) =>
        new WorkerParser(context, cancellationToken).Parse();

    ParsedWorker Parse()
    {
        if (!IsFirstPart() || !HasName())
            return ParsedWorker.None;

        var name = Option("Name", _worker.ToDisplayString(Plain), IsText, "a name of 1 to 200 characters, none of them NUL.");
        var aliases = ParseAliases(name);
        var queue = Option("Queue", "default", IsText, "a name of 1 to 200 characters, none of them NUL.");
        var attempts = Option("MaxAttempts", 20, static value => value is >= 1 and <= MostAttempts, "from 1 to 1000.");
        var priority = Option("Priority", 0, static value => value is >= 0 and <= LastPriority, "from 0, the most urgent, to 9.");
        var timeout = Option("TimeoutSeconds", 0, static value => value is >= 0 and <= LongestTimeout, "from 1 to 604800, a week, or 0 for none.");
        var tags = ParseTags();
        var canEmit = CheckClass();
        var nameCautions = _cautions.Ids.ToEquatableArray();
        var (performs, unique) = UniqueParser.Parse(_worker, _compilation, ParsePerforms(out var metadata), _args.ValueTypes, _diagnostics.Add, _cancellationToken);
        var backoff = ParseBackoff();
        var construction = canEmit ? ParseConstruction() : null;

        var model = !canEmit ? null : new WorkerModel
        {
            HintName = HintName(),
            Namespace = _worker.ContainingNamespace.IsGlobalNamespace ? "" : _worker.ContainingNamespace.ToDisplayString(Escaped),
            ContainingTypes = ContainingTypes().Select(Header).ToEquatableArray(),
            ClassName = Escape(_worker.Name),
            FullName = _worker.ToDisplayString(Types.Qualified),
            IsPublic = Types.IsVisibleOutside(_worker),
            StoredName = name,
            Aliases = aliases,
            Queue = queue,
            MaxAttempts = attempts,
            Priority = priority,
            TimeoutSeconds = timeout,
            Tags = tags,
            Unique = unique,
            Backoff = backoff,
            Construction = construction,
            Performs = performs,
            Filter = FilterParser.Parse(_worker, _compilation, performs),
            Metadata = metadata,
            ValueTypes = _args.ValueTypes,
            HelperSuffix = HelperSuffix(),
            NameCautions = nameCautions,
            Cautions = _cautions.Ids.ToEquatableArray(),
        };
        return new ParsedWorker(model, Names(name, aliases).ToEquatableArray(), Told().ToEquatableArray());
    }

    /// <summary>What is wrong, without what may follow from a syntax error. All that can be emitted is emitted nevertheless, or callers would show further errors.</summary>
    IEnumerable<Diagnostic> Told() => PerformMethods.Classes(_worker).Any(type => Unfinished.Is(type, _cancellationToken))
        ? []
        : _diagnostics.Where(diagnostic => !Unfinished.Is(diagnostic.Location, _cancellationToken));

    /// <summary>Whether all of its name is typed, with those of the types and namespaces around it.</summary>
    bool HasName()
    {
        for (ISymbol part = _worker; part is not INamespaceSymbol { IsGlobalNamespace: true }; part = part.ContainingSymbol)
        {
            if (part.Name.Length == 0)
                return false;
        }

        return true;
    }

    bool IsFirstPart() =>
        _worker.GetAttributes().First(static attribute => Types.Is(attribute.AttributeClass, KnownNames.WorkerAttribute)).ApplicationSyntaxReference is not { } first ||
        (first.SyntaxTree == _syntax.SyntaxTree && _syntax.Span.Contains(first.Span));

    IEnumerable<WorkerName> Names(string name, EquatableArray<string> aliases) =>
        aliases.Select(alias => new WorkerName(alias, IsAlias: true, _worker.Name, OptionLocation("Aliases")))
            .Prepend(new WorkerName(name, IsAlias: false, _worker.Name, _syntax.Identifier.GetLocation()));

    // The name as the runtime knows it: @event is event.
    static readonly SymbolDisplayFormat Plain = new(typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypesAndNamespaces);

    static readonly SymbolDisplayFormat Escaped = SymbolDisplayFormat.FullyQualifiedFormat
        .WithGlobalNamespaceStyle(SymbolDisplayGlobalNamespaceStyle.Omitted);

    // The class

    bool CheckClass()
    {
        var where = _syntax.Identifier.GetLocation();
        var before = _diagnostics.Count;
        if (Unsuitable() is var (what, advice))
            Report(JobDiagnostics.UnsuitableClass, where, _worker.Name, what, advice);
        else if (!_syntax.Modifiers.Any(SyntaxKind.PartialKeyword))
            Report(JobDiagnostics.NotPartial, where, _worker.Name);

        foreach (var container in ContainingTypes())
        {
            if (container.Arity > 0)
                Report(JobDiagnostics.ContainerNotPartial, where, _worker.Name, container.Name, "generic", "Move the worker out of it.");
            else if (!IsPartial(container))
                Report(JobDiagnostics.ContainerNotPartial, where, _worker.Name, container.Name, "not partial", $"Make {container.Name} partial, or move the worker out of it.");
        }

        return _diagnostics.Count == before;
    }

    (string What, string Advice)? Unsuitable()
    {
        if (_syntax is not ClassDeclarationSyntax)
            return ("a record", "A worker has no value: make it a class.");
        if (_worker.IsStatic)
            return ("static", "Each job gets a worker of its own: remove static.");
        if (_worker.IsAbstract)
            return ("abstract", "Mark the classes that derive from it instead.");
        if (_worker.Arity > 0)
            return ("generic", "A stored job does not say which type arguments to use: derive a class that closes it, and mark that one.");
        if (_worker.IsFileLocal)
            return ("local to its file", "The generated part is another file: make it internal or public.");
        if (!Types.IsVisibleInside(_worker))
            return ("private or protected", "The registration cannot see it: make it internal or public.");
        if (_cautions.Name(_worker) is { } forbidden)
            return (forbidden.Equals(_worker, SymbolEqualityComparer.Default) ? ForbiddenInWords : $"inside {forbidden.Name}, which is {ForbiddenInWords}",
                "The registration has to name it: let it be a warning.");
        return null;
    }

    IEnumerable<INamedTypeSymbol> ContainingTypes()
    {
        var types = new Stack<INamedTypeSymbol>();
        for (var type = _worker.ContainingType; type is not null; type = type.ContainingType)
            types.Push(type);
        return types;
    }

    bool IsPartial(INamedTypeSymbol type) => type.DeclaringSyntaxReferences.Any(
        reference => reference.GetSyntax(_cancellationToken) is TypeDeclarationSyntax syntax && syntax.Modifiers.Any(SyntaxKind.PartialKeyword));

    static string Header(INamedTypeSymbol type)
    {
        var kind = type switch
        {
            { TypeKind: TypeKind.Interface } => "interface",
            { IsRecord: true, IsValueType: true } => "record struct",
            { IsRecord: true } => "record",
            { IsValueType: true } => "struct",
            _ => "class",
        };
        return $"partial {kind} {Escape(type.Name)}";
    }

    /// <summary><c>Namespace.Outer.Worker.g.cs</c>. The names of generated files differ in more than case, so what differs in case only gets a number.</summary>
    string HintName()
    {
        var parts = new Stack<string>();
        for (ISymbol part = _worker; part is INamespaceOrTypeSymbol and not INamespaceSymbol { IsGlobalNamespace: true }; part = part.ContainingSymbol)
            parts.Push(HintPart(part));
        return string.Join(".", parts) + ".g.cs";
    }

    static string HintPart(ISymbol part)
    {
        var alike = ((INamespaceOrTypeSymbol)part.ContainingSymbol).GetMembers().OfType<INamespaceOrTypeSymbol>()
            .Where(member => string.Equals(member.Name, part.Name, StringComparison.OrdinalIgnoreCase))
            .Select(static member => (member.IsType, member.Name)).Distinct()
            .OrderBy(static member => member.IsType).ThenBy(static member => member.Name, StringComparer.Ordinal)
            .ToList();
        var number = alike.IndexOf((part is ITypeSymbol, part.Name));
        var name = string.Concat(part.Name.Select(static c => c is '_' || char.IsLetterOrDigit(c) ? c.ToString() : $"-{(int)c:x4}"));
        return name + (number > 0 ? $".{(number + 1).ToString(CultureInfo.InvariantCulture)}" : "");
    }

    /// <summary>Members of the worker and of the types around it, and namespaces beside it, would hide the helper types.</summary>
    string HelperSuffix()
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        for (var outer = _worker; outer is not null; outer = outer.ContainingType)
        {
            taken.Add(outer.Name);
            for (var type = outer; type is not null; type = type.BaseType)
                taken.UnionWith(type.GetMembers().Select(static member => member.Name));
        }

        taken.UnionWith(_worker.ContainingNamespace.GetNamespaceMembers().Select(static space => space.Name));
        var suffix = "";
        while (WorkerEmitter.HelperTypes.Any(helper => taken.Contains(helper + suffix) || IsBeside(helper + suffix)))
            suffix += "_";
        return suffix;
    }

    bool IsBeside(string type) => _compilation.GetCompilationNamespace(_worker.ContainingNamespace)?.GetTypeMembers(type).Any(static type => !type.IsFileLocal) is true;

    const string ForbiddenInWords = "[Obsolete] as an error";

    /// <summary>The method's name, with its class where that is not the worker.</summary>
    string Name(IMethodSymbol method) =>
        IsOwn(method) ? method.Name : $"{InWords(method.ContainingType)}.{method.Name}";

    /// <summary>The record's name, with its type arguments.</summary>
    static string Name(INamedTypeSymbol args) => args.IsGenericType ? InWords(args) : args.Name;

    static string InWords(ITypeSymbol type) => type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat);

    static string Escape(string name) => Types.Escape(name);

    /// <summary>Where a member of the worker is; for one of a base class, which may be another assembly's, the worker.</summary>
    Location Where(ISymbol symbol) =>
        IsOwn(symbol) ? symbol.Locations.FirstOrDefault(static location => location.IsInSource) ?? _syntax.Identifier.GetLocation() : _syntax.Identifier.GetLocation();

    bool IsOwn(ISymbol symbol) => SymbolEqualityComparer.Default.Equals(symbol.ContainingType, _worker);

    void Report(DiagnosticDescriptor descriptor, Location location, params object[] arguments) =>
        _diagnostics.Add(Diagnostic.Create(descriptor, location, arguments));
}
