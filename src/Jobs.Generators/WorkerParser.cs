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
/// <param name="Name">The name its jobs are stored under.</param>
/// <param name="Diagnostics">What is wrong with it.</param>
sealed record ParsedWorker(WorkerModel? Model, WorkerName Name, EquatableArray<Diagnostic> Diagnostics);

/// <summary>Symbols in, model and diagnostics out.</summary>
sealed class WorkerParser
{
    const int LongestQueue = 200;
    const int MostAttempts = 1000;
    const int LastPriority = 9;

    readonly INamedTypeSymbol _worker;
    readonly TypeDeclarationSyntax _syntax;
    readonly AttributeData _attribute;
    readonly CancellationToken _cancellationToken;
    readonly ArgsParser _args;
    readonly List<Diagnostic> _diagnostics = [];

    WorkerParser(GeneratorAttributeSyntaxContext context, CancellationToken cancellationToken)
    {
        _worker = (INamedTypeSymbol)context.TargetSymbol;
        _syntax = (TypeDeclarationSyntax)context.TargetNode;
        _attribute = context.Attributes[0];
        _cancellationToken = cancellationToken;
        _args = new ArgsParser(context.SemanticModel.Compilation, _diagnostics.Add);
    }

    public static ParsedWorker Parse(GeneratorAttributeSyntaxContext context, CancellationToken cancellationToken) =>
        new WorkerParser(context, cancellationToken).Parse();

    ParsedWorker Parse()
    {
        var name = Option("Name", _worker.ToDisplayString(Plain), IsText, "a name of 1 to 200 characters, none of them NUL.");
        var queue = Option("Queue", "default", IsText, "a name of 1 to 200 characters, none of them NUL.");
        var attempts = Option("MaxAttempts", 20, static value => value is >= 1 and <= MostAttempts, "from 1 to 1000.");
        var priority = Option("Priority", 0, static value => value is >= 0 and <= LastPriority, "from 0, the most urgent, to 9.");
        var canEmit = CheckClass();
        var performs = ParsePerforms();
        var construction = canEmit ? ParseConstructor() : null;

        var model = !canEmit ? null : new WorkerModel
        {
            HintName = HintName(),
            Namespace = _worker.ContainingNamespace.IsGlobalNamespace ? "" : _worker.ContainingNamespace.ToDisplayString(Escaped),
            ContainingTypes = ContainingTypes().Select(Header).ToEquatableArray(),
            ClassName = Escape(_worker.Name),
            FullName = _worker.ToDisplayString(Types.Qualified),
            IsPublic = Types.IsVisibleOutside(_worker),
            StoredName = name,
            Queue = queue,
            MaxAttempts = attempts,
            Priority = priority,
            Construction = construction,
            Performs = performs,
            ValueTypes = _args.ValueTypes,
            HelperSuffix = HelperSuffix(),
        };
        return new ParsedWorker(model, new WorkerName(name, _worker.Name, _syntax.Identifier.GetLocation()), _diagnostics.ToEquatableArray());
    }

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

    /// <summary><c>Namespace.Outer.Worker.g.cs</c>; a class whose neighbour differs in case only gets its own by a number.</summary>
    string HintName()
    {
        var neighbours = _worker.ContainingSymbol is INamespaceOrTypeSymbol container
            ? container.GetTypeMembers().Where(type => string.Equals(type.Name, _worker.Name, StringComparison.OrdinalIgnoreCase))
                .Select(static type => type.Name).Distinct(StringComparer.Ordinal).OrderBy(static name => name, StringComparer.Ordinal).ToList()
            : [];
        var number = neighbours.IndexOf(_worker.Name);
        return _worker.ToDisplayString(Plain) + (number > 0 ? $".{(number + 1).ToString(CultureInfo.InvariantCulture)}" : "") + ".g.cs";
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
        while (WorkerEmitter.HelperTypes.Any(helper => taken.Contains(helper + suffix)))
            suffix += "_";
        return suffix;
    }

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
        foreach (var method in _worker.GetMembers().OfType<IMethodSymbol>().Where(IsPerform))
        {
            _cancellationToken.ThrowIfCancellationRequested();
            isEmpty = false;
            if (ParsePerform(method) is not var (model, args))
                continue;
            var twin = performs.FirstOrDefault(perform => SymbolEqualityComparer.Default.Equals(perform.Args, args));
            if (twin.Method is not null)
                Report(JobDiagnostics.SameArgsTwice, Where(method), twin.Method.Name, method.Name, args.Name);
            else
                performs.Add((model, method, args));
        }

        if (isEmpty)
            Report(JobDiagnostics.NoPerform, _syntax.Identifier.GetLocation(), _worker.Name);
        CheckNew(performs.Select(static perform => perform.Model).Any(static model => model.NewModifiers is not null));
        ReportClashes(performs);
        return performs.Select(static perform => perform.Model).ToEquatableArray();
    }

    static bool IsPerform(IMethodSymbol method) => Types.Has(method, KnownNames.PerformAttribute);

    (PerformModel, INamedTypeSymbol)? ParsePerform(IMethodSymbol method)
    {
        var before = _diagnostics.Count;
        var returns = ParseReturn(method);
        var arguments = ParseArguments(method, out var args);
        if (args is null)
            return null;
        var isCallable = _diagnostics.Count == before;
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

    ReturnKind ParseReturn(IMethodSymbol method)
    {
        var returned = method.ReturnType;
        if (method.ReturnsVoid)
        {
            if (method.IsAsync)
                Report(JobDiagnostics.WrongReturn, Where(method), method.Name, "async void", "; nobody could wait for an async void");
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

        if (returned.TypeKind is not TypeKind.Error)
            Report(JobDiagnostics.WrongReturn, Where(method), method.Name, returned.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat), "");
        return ReturnKind.Void;
    }

    EquatableArray<ArgumentModel> ParseArguments(IMethodSymbol method, out INamedTypeSymbol? args)
    {
        args = null;
        var arguments = new List<ArgumentModel>();
        if (method.IsGenericMethod)
            Report(JobDiagnostics.WrongParameters, Where(method), method.Name, "it is generic, and a stored job does not say which type arguments to use.");
        foreach (var parameter in method.Parameters)
        {
            if (parameter.RefKind is not RefKind.None)
                Report(JobDiagnostics.WrongParameters, Where(parameter), method.Name, $"{parameter.Name} is passed by reference. Take it by value.");
            if (ParseArgument(parameter) is not { } argument)
            {
                if (parameter.Type.TypeKind is not TypeKind.Error)
                    Report(JobDiagnostics.WrongParameters, Where(parameter), method.Name,
                        $"{parameter.Name} is a {parameter.Type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat)}. " +
                        "It takes one args record and, as it likes, a JobContext, a BatchRef, a CancellationToken and services (interfaces and classes).");
                continue;
            }

            arguments.Add(argument);
            if (argument.Kind is not ArgumentKind.Args)
                continue;
            if (args is not null)
                Report(JobDiagnostics.WrongParameters, Where(parameter), method.Name, $"it takes two args records, {args.Name} and {parameter.Type.Name}, and a job has one. Put the members into one record.");
            args ??= (INamedTypeSymbol)parameter.Type.WithNullableAnnotation(NullableAnnotation.NotAnnotated);
        }

        var isUnfinished = method.Parameters.Any(static parameter => parameter.Type.TypeKind is TypeKind.Error);
        if (args is null && !isUnfinished && arguments.Count == method.Parameters.Length)
            Report(JobDiagnostics.WrongParameters, Where(method), method.Name, "it takes no args record, so nothing says which jobs it runs. Args are records: sealed record MyArgs(string Email).");
        return arguments.ToEquatableArray();
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
        if (type is INamedTypeSymbol { IsRecord: true })
            return new ArgumentModel(ArgumentKind.Args);
        return ParseService(parameter);
    }

    static ArgumentModel? ParseService(IParameterSymbol parameter)
    {
        var type = parameter.Type;
        var isService = type.TypeKind is TypeKind.Interface or TypeKind.Class or TypeKind.Delegate && type.SpecialType is SpecialType.None;
        if (!isService)
            return null;
        if (Types.Is(type, KnownNames.ServiceProvider))
            return new ArgumentModel(ArgumentKind.Services);

        var isOptional = parameter.HasExplicitDefaultValue || type.NullableAnnotation is NullableAnnotation.Annotated;
        var key = parameter.GetAttributes().FirstOrDefault(static attribute => attribute.AttributeClass?.ToDisplayString() == KnownNames.FromKeyedServicesAttribute);
        return new ArgumentModel(
            isOptional ? ArgumentKind.OptionalService : ArgumentKind.Service,
            type.WithNullableAnnotation(NullableAnnotation.NotAnnotated).ToDisplayString(Types.QualifiedWithNullability),
            key is { ConstructorArguments: [var constant] } ? Types.Literal(constant) : null,
            ForgivesNull: isOptional && type.NullableAnnotation is NullableAnnotation.NotAnnotated);
    }

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
            var isWorker = Types.Has(type, KnownNames.WorkerAttribute);
            foreach (var member in type.GetMembers())
            {
                if (member.Name == "New" && (member is not IMethodSymbol { Parameters: var parameters } ||
                        (parameters.Length == 1 && SymbolEqualityComparer.Default.Equals(parameters[0].Type, args))))
                    return true;
                if (isWorker && member is IMethodSymbol method && IsPerform(method) &&
                    method.Parameters.Any(parameter => SymbolEqualityComparer.Default.Equals(parameter.Type, args)))
                    return true;
            }
        }

        return false;
    }

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
                    Report(JobDiagnostics.ShapesClash, Where(later.Method), earlier.Method.Name, earlier.Args.Name, later.Method.Name, later.Args.Name, clash.Why, clash.Advice);
            }
        }
    }

    // The constructor

    EquatableArray<ArgumentModel>? ParseConstructor()
    {
        var before = _diagnostics.Count;
        if (ChooseConstructor() is not { } constructor)
            return null;

        var arguments = new List<ArgumentModel>();
        var isSkipped = false;
        foreach (var parameter in constructor.Parameters)
        {
            if (parameter.RefKind is RefKind.None && !OfTheJob(parameter.Type) && ParseService(parameter) is { } service)
            {
                arguments.Add(isSkipped ? service with { Name = Escape(parameter.Name) } : service);
            }
            else if (parameter.HasExplicitDefaultValue)
            {
                isSkipped = true;
            }
            else if (parameter.Type.TypeKind is not TypeKind.Error)
            {
                var type = parameter.Type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat);
                Report(JobDiagnostics.UnsuitableConstructor, Where(parameter), _worker.Name, OfTheJob(parameter.Type)
                    ? $"{parameter.Name} is a {type}, which belongs to a job. Take it in the [Perform] method."
                    : $"{parameter.Name} is a {type}, and services are interfaces or classes. Take a class that holds it, such as options.");
            }
        }

        CheckRequiredMembers(constructor);
        return _diagnostics.Count == before ? arguments.ToEquatableArray() : null;
    }

    static bool OfTheJob(ITypeSymbol type) =>
        Types.Is(type, KnownNames.JobContext) || Types.Is(type, KnownNames.BatchRef) || Types.Is(type, KnownNames.CancellationToken);

    IMethodSymbol? ChooseConstructor()
    {
        var constructors = _worker.InstanceConstructors.Where(Types.IsVisibleInside).ToList();
        var chosen = constructors.Count == 1
            ? constructors[0]
            : constructors.FirstOrDefault(constructor => Types.IsPrimary(constructor, _cancellationToken));
        if (chosen is null)
            Report(JobDiagnostics.UnsuitableConstructor, _syntax.Identifier.GetLocation(), _worker.Name, constructors.Count == 0
                ? "it has no constructor that is internal or public. Make one so."
                : $"it has {constructors.Count.ToString(CultureInfo.InvariantCulture)} constructors, and nothing says which to use. Keep one, or make one the primary constructor.");
        return chosen;
    }

    void CheckRequiredMembers(IMethodSymbol constructor)
    {
        if (Types.Has(constructor, KnownNames.SetsRequiredMembersAttribute))
            return;
        for (var type = _worker; type is not null; type = type.BaseType)
        {
            foreach (var member in type.GetMembers().Where(static member => member is IPropertySymbol { IsRequired: true } or IFieldSymbol { IsRequired: true }))
                Report(JobDiagnostics.UnsuitableConstructor, type.Equals(_worker, SymbolEqualityComparer.Default) ? Where(member) : _syntax.Identifier.GetLocation(),
                    _worker.Name, $"{member.Name} is required, and only a constructor is given services. Take it through the constructor.");
        }
    }

    static string Escape(string name) => Types.Escape(name);

    Location Where(ISymbol symbol) => symbol.Locations.FirstOrDefault(static location => location.IsInSource) ?? _syntax.Identifier.GetLocation();

    void Report(DiagnosticDescriptor descriptor, Location location, params object[] arguments) =>
        _diagnostics.Add(Diagnostic.Create(descriptor, location, arguments));
}
