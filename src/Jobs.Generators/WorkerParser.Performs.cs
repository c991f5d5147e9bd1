using Jobs.Generators.Diagnostics;
using Jobs.Generators.Model;
using Microsoft.CodeAnalysis;

namespace Jobs.Generators;

/// <summary>The perform methods.</summary>
sealed partial class WorkerParser
{
    EquatableArray<PerformModel> ParsePerforms(out EquatableArray<MetadataModel> metadata)
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
                Report(JobDiagnostics.SameArgsTwice, Where(method), Name(twin.Method), Name(method), Name(args));
        }

        if (isEmpty && !PerformMethods.MayBeUnfinished(_worker))
            Report(JobDiagnostics.NoPerform, _syntax.Identifier.GetLocation(), _worker.Name);
        metadata = ParseMetadata(performs.Select(static perform => (perform.Model.Args, perform.Args)));
        if (performs.Exists(static perform => perform.Model.NewModifiers is not null))
            CheckName("New", "the method that makes its jobs");
        if (metadata.Count > 0)
            CheckName("Metadata", "the method that makes the metadata of its batches");
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
            NewModifiers = shape.Callback is not null ? null : Modifiers("New", args, static args => args),
            IsCallable = isCallable && shape.IsComplete,
        };
        return (model, args);
    }

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

    // The methods that are added

    /// <summary>Those of a method that takes one argument.</summary>
    /// <param name="name">The method's name.</param>
    /// <param name="argument">What it takes.</param>
    /// <param name="argumentOf">What the method of that name takes that is added for a perform method with these args.</param>
    string Modifiers(string name, ITypeSymbol argument, Func<ITypeSymbol?, ITypeSymbol?> argumentOf)
    {
        var access = Types.IsVisibleOutside(argument) && Types.IsVisibleOutside(_worker) ? "public static" : "internal static";
        return Hides(name, argument, argumentOf) ? access + " new" : access;
    }

    bool Hides(string name, ITypeSymbol argument, Func<ITypeSymbol?, ITypeSymbol?> argumentOf)
    {
        for (var type = _worker.BaseType; type is not null; type = type.BaseType)
        {
            if (type.GetMembers(name).Any(member => IsHiddenBy(member, argument)) || (IsWorkerHere(type) && PerformMethods.Of(type, _compilation).Any(method =>
                    SymbolEqualityComparer.Default.Equals(argumentOf(PerformMethods.Args(method)?.Type), argument))))
                return true;
        }

        return false;
    }

    bool IsHiddenBy(ISymbol member, ITypeSymbol argument) =>
        _compilation.IsSymbolAccessibleWithin(member, _worker) && (member is not IMethodSymbol { Parameters: var parameters } ||
            (parameters is [var only] && SymbolEqualityComparer.Default.Equals(only.Type, argument)));

    // What is added to a worker of this assembly is being generated too, so it is no member yet.
    bool IsWorkerHere(INamedTypeSymbol type) =>
        SymbolEqualityComparer.Default.Equals(type.ContainingAssembly, _worker.ContainingAssembly) && Types.Has(type, KnownNames.WorkerAttribute);

    void CheckName(string name, string what)
    {
        if (_worker.GetMembers(name).FirstOrDefault() is { } taken)
            Report(JobDiagnostics.NameIsTaken, Where(taken), _worker.Name, name, what);
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
                    Report(JobDiagnostics.ShapesClash, Where(later.Method), Name(earlier.Method), Name(earlier.Args), Name(later.Method), Name(later.Args), clash.Why, clash.Advice);
            }
        }
    }
}
