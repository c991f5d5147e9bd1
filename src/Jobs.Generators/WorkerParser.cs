using System.Collections.Immutable;
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

/// <summary>Symbols in, model and diagnostics out.</summary>
sealed class WorkerParser
{
    const int LongestQueue = 200;
    const int MostAttempts = 1000;
    const int LastPriority = 9;
    const int MostTags = 50;
    const int LongestTag = 100;

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
        var tags = ParseTags();
        var canEmit = CheckClass();
        var nameCautions = _cautions.Ids.ToEquatableArray();
        var (performs, unique) = UniqueParser.Parse(_worker, _compilation, ParsePerforms(), _args.ValueTypes, _diagnostics.Add, _cancellationToken);
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
            Tags = tags,
            Unique = unique,
            Construction = construction,
            Performs = performs,
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

    // Options of the attribute

    T Option<T>(string option, T byDefault, Func<T, bool> isAllowed, string range)
    {
        foreach (var argument in _attribute.NamedArguments)
        {
            if (argument.Key != option || argument.Value.Value is not T value)
                continue;
            if (isAllowed(value))
                return value;
            Report(JobDiagnostics.OptionOutOfRange, OptionLocation(option), option, _worker.Name, range);
        }

        return byDefault;
    }

    EquatableArray<string> ParseAliases(string name)
    {
        var aliases = new List<string>();
        var given = _attribute.NamedArguments.FirstOrDefault(static argument => argument.Key == "Aliases").Value;
        if (given is not { Kind: TypedConstantKind.Array, IsNull: false })
            return EquatableArray<string>.Empty;
        foreach (var alias in given.Values.Select(static value => value.Value as string ?? ""))
        {
            if (AliasMisuse() is { } range)
                Report(JobDiagnostics.OptionOutOfRange, OptionLocation("Aliases"), "Aliases", _worker.Name, range);
            else
                aliases.Add(alias);

            string? AliasMisuse() =>
                !IsText(alias) ? "names of 1 to 200 characters, none of them NUL."
                : alias == name ? $"names that it had before: {Quote(alias)} is its own."
                : aliases.Contains(alias) ? $"different names: {Quote(alias)} is there twice."
                : null;
        }

        return aliases.ToEquatableArray();
    }

    EquatableArray<string> ParseTags()
    {
        var given = _attribute.NamedArguments.FirstOrDefault(static argument => argument.Key == "Tags").Value;
        if (given is not { Kind: TypedConstantKind.Array, IsNull: false })
            return EquatableArray<string>.Empty;
        var tags = given.Values.Select(static value => value.Value as string ?? "").Distinct(StringComparer.Ordinal).ToEquatableArray();
        if (tags.Count <= MostTags && tags.All(static tag => IsText(tag) && tag.Length <= LongestTag))
            return tags;
        Report(JobDiagnostics.OptionOutOfRange, OptionLocation("Tags"), "Tags", _worker.Name, "at most 50 texts of 1 to 100 characters, none of them NUL.");
        return EquatableArray<string>.Empty;
    }

    static string Quote(string text) => SymbolDisplay.FormatLiteral(text, quote: true);

    static bool IsText(string text) => !string.IsNullOrWhiteSpace(text) && text.Length <= LongestQueue && Types.IsStorable(text);

    Location OptionLocation(string option)
    {
        var attribute = _attribute.ApplicationSyntaxReference?.GetSyntax(_cancellationToken) as AttributeSyntax;
        var argument = attribute?.ArgumentList?.Arguments.FirstOrDefault(argument => argument.NameEquals?.Name.Identifier.ValueText == option);
        return argument?.GetLocation() ?? _syntax.Identifier.GetLocation();
    }

    // Perform methods

    EquatableArray<PerformModel> ParsePerforms()
    {
        var performs = new List<(PerformModel Model, IMethodSymbol Method, INamedTypeSymbol Args)>();
        var isEmpty = true;
        foreach (var method in PerformMethods.Of(_worker, _compilation))
        {
            _cancellationToken.ThrowIfCancellationRequested();
            isEmpty = false;
            if (ParsePerform(method) is not var (model, args))
                continue;
            var twin = performs.FirstOrDefault(perform => SymbolEqualityComparer.Default.Equals(perform.Args, args));
            if (twin.Method is null)
                performs.Add((model, method, args));
            else if (!PerformMethods.IsSame(twin.Method, method))
                Report(JobDiagnostics.SameArgsTwice, Where(method), Name(twin.Method), Name(method), args.Name);
        }

        if (isEmpty && !PerformMethods.MayBeUnfinished(_worker))
            Report(JobDiagnostics.NoPerform, _syntax.Identifier.GetLocation(), _worker.Name);
        CheckNew(performs.Select(static perform => perform.Model).Any(static model => model.NewModifiers is not null));
        ReportClashes(performs);
        return performs.Select(static perform => perform.Model).ToEquatableArray();
    }

    (PerformModel, INamedTypeSymbol)? ParsePerform(IMethodSymbol method)
    {
        var before = _diagnostics.Count;
        CheckCallable(method);
        var returns = ParseReturn(method);
        var arguments = ParseArguments(method, out var args);
        if (args is null)
            return null;
        var isCallable = _diagnostics.Count == before && !PerformMethods.IsDeclaredTwice(method) &&
            !Types.IsUnknown(method.ReturnType) && !method.Parameters.Any(PerformMethods.IsUnfinished);
        if (_cautions.NameArgs(args) is { } forbidden)
        {
            Report(JobDiagnostics.ArgsNotStorable, Where(method), forbidden is ITypeSymbol ? forbidden.Name : $"{args.Name}.{forbidden.Name}",
                $"it is {ForbiddenInWords}, and the generated code has to name it. Let it be a warning.");
            return null;
        }

        if (_args.Parse(args, Where(method)) is not { } shape)
            return null;

        var model = new PerformModel
        {
            Method = Escape(method.Name),
            IsStatic = method.IsStatic,
            Returns = returns,
            Arguments = arguments,
            Args = shape,
            NewModifiers = shape.IsCallback ? null : NewModifiers(args),
            IsCallable = isCallable && shape.IsComplete,
        };
        return (model, args);
    }

    const string ForbiddenInWords = "[Obsolete] as an error";

    void CheckCallable(IMethodSymbol method)
    {
        if (Uncallable(method) is { } reason)
            Report(JobDiagnostics.WrongParameters, Where(method), Name(method), reason);
    }

    string? Uncallable(IMethodSymbol method)
    {
        if (method.MethodKind is MethodKind.ExplicitInterfaceImplementation)
            return "it implements an interface explicitly, so only the interface can call it. Mark a method of the class.";
        if (method.MethodKind is not MethodKind.Ordinary)
            return "it is an accessor or an operator. Mark an ordinary method.";
        if (!_compilation.IsSymbolAccessibleWithin(method, _worker, _worker))
            return $"it is private there, so {_worker.Name} cannot call it. Make it protected.";
        if (PerformMethods.Captor(method, _worker, _compilation) is { } captor)
            return $"{captor.ContainingType.Name} has a {captor.Name} of its own, which a call with these arguments reaches instead. Rename one of them.";
        if (method is { IsPartialDefinition: true, PartialImplementationPart: null, ReturnsVoid: true })
            return "it is partial without a body, and the compiler leaves out calls of such a method. Give it a body.";
        if (Types.Has(method, KnownNames.ConditionalAttribute))
            return "it is [Conditional], so the compiler may leave out its call. Remove that.";
        if (_cautions.Name(method) is not null)
            return $"it is {ForbiddenInWords}, and the generated code has to call it. Let it be a warning.";
        return null;
    }

    /// <summary>The method's name, with its class where that is not the worker.</summary>
    string Name(IMethodSymbol method) =>
        IsOwn(method) ? method.Name : $"{InWords(method.ContainingType)}.{method.Name}";

    ReturnKind ParseReturn(IMethodSymbol method)
    {
        var returned = method.ReturnType;
        if (method.ReturnsVoid)
        {
            if (method.IsAsync)
                Report(JobDiagnostics.WrongReturn, Where(method), Name(method), "async void", "; nobody could wait for an async void");
            return ReturnKind.Void;
        }

        if (!method.ReturnsByRef && !method.ReturnsByRefReadonly)
        {
            if (Types.Is(returned, KnownNames.JobOutcome))
                return ReturnKind.Outcome;
            if (Types.Is(returned, KnownNames.Task) || Types.Is(returned, KnownNames.ValueTask))
                return ReturnKind.Awaitable;
            if (returned is INamedTypeSymbol { TypeArguments: [var result] } generic && Types.Is(result, KnownNames.JobOutcome) &&
                (Types.IsDefinedAs(generic, KnownNames.Task) || Types.IsDefinedAs(generic, KnownNames.ValueTask)))
                return ReturnKind.AwaitableOutcome;
        }

        if (!Types.IsUnknown(returned))
            Report(JobDiagnostics.WrongReturn, Where(method), Name(method), InWords(returned) + (method.RefKind is RefKind.None ? "" : " by reference"), "");
        return ReturnKind.Void;
    }

    EquatableArray<ArgumentModel> ParseArguments(IMethodSymbol method, out INamedTypeSymbol? args)
    {
        var arguments = new List<ArgumentModel>();
        var taken = PerformMethods.Args(method);
        args = (INamedTypeSymbol?)taken?.Type.WithNullableAnnotation(NullableAnnotation.NotAnnotated);
        if (method.IsGenericMethod)
            Wrong(method, "it is generic, and a stored job does not say which type arguments to use. Remove its type parameters.");
        foreach (var parameter in method.Parameters)
        {
            if (parameter.RefKind is not RefKind.None)
                Wrong(parameter, $"{parameter.Name} is passed by reference. Take it by value.");
            if (SymbolEqualityComparer.Default.Equals(parameter, taken))
                arguments.Add(new ArgumentModel(ArgumentKind.Args));
            else if (PerformMethods.IsRecord(parameter))
                Wrong(parameter, $"it takes two args records, {args!.Name} and {parameter.Type.Name}, and a job has one. Put the members into one record.");
            else if (ParseArgument(parameter) is { } argument)
                arguments.Add(argument);
            else if (!Types.IsUnknown(parameter.Type))
                Wrong(parameter, $"{parameter.Name} is {Types.WithArticle(InWords(parameter.Type))}. " +
                    "A [Perform] method takes its args (a record, or else a class with public properties) and, as it likes, a JobContext, a BatchRef, a CancellationToken and services (interfaces and classes).");
            if (!Types.IsUnknown(parameter.Type) && !ReferenceEquals(parameter, taken) && _cautions.Name(parameter.Type) is not null)
                Wrong(parameter, $"{parameter.Name} is {Types.WithArticle(InWords(parameter.Type))}, which is {ForbiddenInWords}, and the generated code has to name it. Let it be a warning.");
        }

        if (args is null && !method.Parameters.Any(PerformMethods.IsUnfinished) && arguments.Count == method.Parameters.Length)
            Wrong(method, "it takes no args, so nothing says which jobs it runs. Args are a record, or else a class with public properties: sealed record MyArgs(string Email).");
        return arguments.ToEquatableArray();

        void Wrong(ISymbol where, string reason) => Report(JobDiagnostics.WrongParameters, Where(where), Name(method), reason);
    }

    static ArgumentModel? ParseArgument(IParameterSymbol parameter)
    {
        var type = parameter.Type;
        if (Types.Is(type, KnownNames.CancellationToken))
            return new ArgumentModel(ArgumentKind.CancellationToken);
        if (Types.Is(type, KnownNames.JobContext))
            return new ArgumentModel(ArgumentKind.Job);
        if (Types.Is(type, KnownNames.BatchRef))
            return new ArgumentModel(type.NullableAnnotation is NullableAnnotation.NotAnnotated ? ArgumentKind.Batch : ArgumentKind.OptionalBatch);
        return ParseService(parameter);
    }

    static ArgumentModel? ParseService(IParameterSymbol parameter)
    {
        var key = Types.Find(parameter, KnownNames.FromKeyedServicesAttribute);
        return ParseService(parameter.Type, parameter.HasExplicitDefaultValue, key is { ConstructorArguments: [var constant] } ? Types.Literal(constant) : null);
    }

    static ArgumentModel? ParseService(ITypeSymbol type, bool hasDefault = false, string? key = null)
    {
        var isService = type.TypeKind is TypeKind.Interface or TypeKind.Class or TypeKind.Delegate && type.SpecialType is SpecialType.None;
        if (!isService)
            return null;
        if (Types.Is(type, KnownNames.ServiceProvider) && key is null)
            return new ArgumentModel(ArgumentKind.Services);

        var isOptional = hasDefault || type.NullableAnnotation is NullableAnnotation.Annotated;
        return new ArgumentModel(
            isOptional ? ArgumentKind.OptionalService : ArgumentKind.Service,
            type.WithNullableAnnotation(NullableAnnotation.NotAnnotated).ToDisplayString(Types.QualifiedWithNullability),
            key,
            ForgivesNull: isOptional && type.NullableAnnotation is NullableAnnotation.NotAnnotated);
    }

    static string InWords(ITypeSymbol type) => type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat);

    // New

    string NewModifiers(INamedTypeSymbol args)
    {
        var access = Types.IsVisibleOutside(args) && Types.IsVisibleOutside(_worker) ? "public static" : "internal static";
        return HidesNew(args) ? access + " new" : access;
    }

    bool HidesNew(INamedTypeSymbol args)
    {
        for (var type = _worker.BaseType; type is not null; type = type.BaseType)
        {
            if (type.GetMembers("New").Any(member => HidesNew(member, args)) || (IsWorkerHere(type) && PerformMethods.Of(type, _compilation).Any(method =>
                    SymbolEqualityComparer.Default.Equals(PerformMethods.Args(method)?.Type, args))))
                return true;
        }

        return false;
    }

    bool HidesNew(ISymbol member, INamedTypeSymbol args) =>
        _compilation.IsSymbolAccessibleWithin(member, _worker) && (member is not IMethodSymbol { Parameters: var parameters } ||
            (parameters is [var only] && SymbolEqualityComparer.Default.Equals(only.Type, args)));

    // The New of a worker of this assembly is being generated too, so it is no member yet.
    bool IsWorkerHere(INamedTypeSymbol type) =>
        SymbolEqualityComparer.Default.Equals(type.ContainingAssembly, _worker.ContainingAssembly) && Types.Has(type, KnownNames.WorkerAttribute);

    void CheckNew(bool emitsNew)
    {
        if (emitsNew && _worker.GetMembers("New").FirstOrDefault() is { } taken)
            Report(JobDiagnostics.NewIsTaken, Where(taken), _worker.Name, "New");
    }

    // Clashes

    void ReportClashes(List<(PerformModel Model, IMethodSymbol Method, INamedTypeSymbol Args)> performs)
    {
        for (var i = 0; i < performs.Count; i++)
        {
            for (var j = 0; j < i; j++)
            {
                var (earlier, later) = (performs[j], performs[i]);
                if (earlier.Model.Args.IsComplete && later.Model.Args.IsComplete &&
                    ShapeClash.Find(earlier.Model.Args, later.Model.Args) is { } clash)
                    Report(JobDiagnostics.ShapesClash, Where(later.Method), Name(earlier.Method), earlier.Args.Name, Name(later.Method), later.Args.Name, clash.Why, clash.Advice);
            }
        }
    }

    // The constructor

    ConstructionModel? ParseConstruction()
    {
        var before = _diagnostics.Count;
        if (ChooseConstructor() is not { } constructor)
            return null;

        if (!IsTyped(constructor))
            return null;
        if (_cautions.Name(constructor) is not null)
            Unsuitable(constructor, $"its constructor is {ForbiddenInWords}, and the generated code has to call it. Let it be a warning.");
        var arguments = new List<ArgumentModel>();
        var isSkipped = false;
        foreach (var parameter in constructor.Parameters)
        {
            if (parameter.RefKind is RefKind.None && !PerformMethods.OfTheJob(parameter.Type) && ParseService(parameter) is { } service)
            {
                CheckService(parameter, parameter.Type);
                arguments.Add(isSkipped ? service with { Name = Escape(parameter.Name) } : service);
            }
            else if (parameter.HasExplicitDefaultValue)
            {
                isSkipped = true;
            }
            else
            {
                ReportNoService(parameter, parameter.Type);
            }
        }

        var members = Types.Has(constructor, KnownNames.SetsRequiredMembersAttribute) ? [] : ParseRequiredMembers();
        return _diagnostics.Count == before && members is not null ? new ConstructionModel(arguments.ToEquatableArray(), members.ToEquatableArray()) : null;
    }

    /// <summary>Whether each parameter has a name, and a type that the compiler knows.</summary>
    static bool IsTyped(IMethodSymbol constructor) => constructor.Parameters.All(static parameter => parameter.Name.Length > 0 && !Types.IsUnknown(parameter.Type));

    IMethodSymbol? ChooseConstructor()
    {
        var constructors = _worker.InstanceConstructors;
        var marked = constructors.Where(static constructor => Types.Has(constructor, KnownNames.ActivatorUtilitiesConstructorAttribute)).ToList();
        var visible = constructors.Where(Types.IsVisibleInside).ToList();
        if (marked.Count > 1)
            Unsuitable(marked[1], "two constructors are marked [ActivatorUtilitiesConstructor]. Mark one.");
        else if (marked.Count == 1 && !Types.IsVisibleInside(marked[0]))
            Unsuitable(marked[0], "the constructor marked [ActivatorUtilitiesConstructor] is private or protected. Make it internal or public.");
        else if (visible.Count == 0)
            Unsuitable(_worker, "it has no constructor that is internal or public. Make one so.");
        else if ((marked.FirstOrDefault() ?? OnlyOrPrimary(visible)) is { } chosen)
            return chosen;
        else
            Unsuitable(_worker, $"it has {visible.Count.ToString(CultureInfo.InvariantCulture)} constructors, and nothing says which to use. " +
                "Keep one, make one the primary constructor, or mark one with [ActivatorUtilitiesConstructor].");
        return null;
    }

    IMethodSymbol? OnlyOrPrimary(List<IMethodSymbol> constructors) =>
        constructors.Count == 1 ? constructors[0] : constructors.FirstOrDefault(constructor => Types.IsPrimary(constructor, _cancellationToken));

    /// <summary>
    /// The required members of the worker and of its base classes; of one that is overridden, the override. <see langword="null"/> while one
    /// has no name, is of an unknown type or cannot be set.
    /// </summary>
    List<MemberArgument>? ParseRequiredMembers()
    {
        var members = new List<MemberArgument>();
        for (var type = _worker; type is not null; type = type.BaseType)
        {
            foreach (var member in type.GetMembers())
            {
                var required = member switch
                {
                    IPropertySymbol { IsRequired: true } property => property.Type,
                    IFieldSymbol { IsRequired: true } field => field.Type,
                    _ => null,
                };
                if (required is null || members.Any(known => known.Name == Escape(member.Name)))
                    continue;
                if (member.Name.Length == 0 || Types.IsUnknown(required) || !CanBeSet(member))
                    return null;
                if (PerformMethods.OfTheJob(required) || ParseService(required) is not { } service)
                {
                    ReportNoService(member, required);
                    continue;
                }

                CheckService(member, required);
                if (_cautions.Name(member) is not null)
                    Unsuitable(member, $"{member.Name} is required and {ForbiddenInWords}, and the generated code has to set it. Let it be a warning.");
                members.Add(new MemberArgument(Escape(member.Name), service));
            }
        }

        return members;
    }

    // The compiler refuses a required member that cannot be.
    bool CanBeSet(ISymbol member) =>
        (member is IPropertySymbol property ? property.SetMethod : member is IFieldSymbol { IsReadOnly: true } ? null : member) is { } set &&
        _compilation.IsSymbolAccessibleWithin(member, _compilation.Assembly) && _compilation.IsSymbolAccessibleWithin(set, _compilation.Assembly);

    void CheckService(ISymbol taker, ITypeSymbol type)
    {
        if (_cautions.Name(type) is not null)
            Unsuitable(taker, $"{taker.Name} is a {InWords(type)}, which is {ForbiddenInWords}, and the generated code has to name it. Let it be a warning.");
    }

    void ReportNoService(ISymbol taker, ITypeSymbol type)
    {
        var what = taker is IParameterSymbol ? taker.Name : $"the required member {taker.Name}";
        Unsuitable(taker, PerformMethods.OfTheJob(type)
            ? $"{what} is a {InWords(type)}, which belongs to a job. Take it in the [Perform] method."
            : $"{what} is a {InWords(type)}, and services are interfaces or classes. Take a class that holds it, such as options.");
    }

    void Unsuitable(ISymbol where, string reason) => Report(JobDiagnostics.UnsuitableConstructor, Where(where), _worker.Name, reason);

    static string Escape(string name) => Types.Escape(name);

    /// <summary>Where a member of the worker is; for one of a base class, which may be another assembly's, the worker.</summary>
    Location Where(ISymbol symbol) =>
        IsOwn(symbol) ? symbol.Locations.FirstOrDefault(static location => location.IsInSource) ?? _syntax.Identifier.GetLocation() : _syntax.Identifier.GetLocation();

    bool IsOwn(ISymbol symbol) => SymbolEqualityComparer.Default.Equals(symbol.ContainingType, _worker);

    void Report(DiagnosticDescriptor descriptor, Location location, params object[] arguments) =>
        _diagnostics.Add(Diagnostic.Create(descriptor, location, arguments));
}
