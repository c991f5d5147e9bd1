using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Jobs.Generators.Diagnostics;

/// <summary>The length of a <see cref="TimeSpan"/> that is written with constants alone.</summary>
static class ConstantDuration
{
    /// <returns>Ticks of 100 ns; <see langword="null"/> where the length is known at run time only.</returns>
    public static double? Ticks(IOperation operation) => operation.WithoutConversions() switch
    {
        IUnaryOperation { OperatorKind: UnaryOperatorKind.Minus } minus => -Ticks(minus.Operand),
        IFieldReferenceOperation { Field: { IsStatic: true } field } => Ticks(field),
        IDefaultValueOperation value when Types.Is(value.Type, KnownNames.TimeSpan) => 0,
        IInvocationOperation { TargetMethod: { IsStatic: true } method } call when IsFactory(method) =>
            Sum(call.Arguments, method.Name["From".Length..]),
        IObjectCreationOperation creation when Types.Is(creation.Type, KnownNames.TimeSpan) => Sum(creation.Arguments, "Ticks"),
        _ => null,
    };

    static double? Ticks(IFieldSymbol field) => field.Name switch
    {
        nameof(TimeSpan.Zero) when Types.Is(field.ContainingType, KnownNames.TimeSpan) => 0,
        nameof(TimeSpan.MinValue) when Types.Is(field.ContainingType, KnownNames.TimeSpan) => long.MinValue,
        nameof(TimeSpan.MaxValue) when Types.Is(field.ContainingType, KnownNames.TimeSpan) => long.MaxValue,
        nameof(Timeout.InfiniteTimeSpan) when Types.Is(field.ContainingType, KnownNames.Timeout) => -TimeSpan.TicksPerMillisecond,
        _ => null,
    };

    static bool IsFactory(IMethodSymbol method) =>
        Types.Is(method.ContainingType, KnownNames.TimeSpan) && method.Name.StartsWith("From", StringComparison.Ordinal);

    static double? Sum(IEnumerable<IArgumentOperation> arguments, string unit)
    {
        double? sum = 0;
        foreach (var argument in arguments)
        {
            var name = argument.Parameter?.Name ?? "";
            sum += Number(argument.Value) * TicksOf(name == "value" ? unit : name);
        }

        return sum;
    }

    static double? Number(IOperation value) => value.ConstantValue is { HasValue: true, Value: { } constant } && constant is int or long or double
        ? Convert.ToDouble(value.ConstantValue.Value, System.Globalization.CultureInfo.InvariantCulture)
        : null;

    static double? TicksOf(string unit) => unit.ToUpperInvariant() switch
    {
        "DAYS" => TimeSpan.TicksPerDay,
        "HOURS" => TimeSpan.TicksPerHour,
        "MINUTES" => TimeSpan.TicksPerMinute,
        "SECONDS" => TimeSpan.TicksPerSecond,
        "MILLISECONDS" => TimeSpan.TicksPerMillisecond,
        "MICROSECONDS" => 10,
        "TICKS" => 1,
        _ => null,
    };
}
