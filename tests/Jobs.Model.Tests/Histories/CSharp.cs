using System.Collections;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Jobs.Model.Tests.Histories;

/// <summary>Writes records as the expressions that make them.</summary>
static class CSharp
{
    public static string Of(object? value) => value switch
    {
        null => "null",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        TimeSpan time => string.Create(CultureInfo.InvariantCulture, $"TimeSpan.FromSeconds({time.TotalSeconds})"),
        Enum constant => string.Join(" | ", constant.ToString().Split(", ").Select(name => $"{constant.GetType().Name}.{name}")),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        ITuple tuple => $"({string.Join(", ", Enumerable.Range(0, tuple.Length).Select(i => Of(tuple[i])))})",
        IEnumerable items => $"[{string.Join(", ", items.Cast<object?>().Select(Of))}]",
        _ => OfRecord(value),
    };

    static string OfRecord(object record)
    {
        var type = record.GetType();
        var parameters = type.GetConstructors()[0].GetParameters();
        return $"new {type.Name}({string.Join(", ", parameters.Select(parameter => Of(type.GetProperty(parameter.Name!)!.GetValue(record))))})";
    }
}
