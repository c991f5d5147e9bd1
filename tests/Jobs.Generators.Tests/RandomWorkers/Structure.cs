using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json;

namespace Jobs.Generators.Tests.RandomWorkers;

/// <summary>Compares values by what they hold, whatever their collections are.</summary>
static class Structure
{
    static readonly ConcurrentDictionary<Type, PropertyInfo[]> Properties = new();

    /// <summary>Where two values differ first, such as <c>Home.Tags[2]</c>; <see langword="null"/> if they are the same.</summary>
    public static string? Difference(object? one, object? other, string path) => (one, other) switch
    {
        (null, null) => null,
        (null, _) or (_, null) => path,
        (JsonElement a, JsonElement b) => a.ValueKind == b.ValueKind && (a.ValueKind is JsonValueKind.Undefined || JsonElement.DeepEquals(a, b)) ? null : path,
        (Uri a, Uri b) => a == b && a.OriginalString == b.OriginalString ? null : path,
        (DateTime a, DateTime b) => a == b && a.Kind == b.Kind ? null : path,
        (DateTimeOffset a, DateTimeOffset b) => a.EqualsExact(b) ? null : path,
        (HashSet<int> a, HashSet<int> b) => a.SetEquals(b) ? null : path,
        (IDictionary a, IDictionary b) => OfEntries(a, b, path),
        (IEnumerable a and not string, IEnumerable b) => OfItems(a, b, path),
        _ when one.GetType() != other.GetType() => path,
        _ when one is string or Version or IFormattable || one.GetType().IsPrimitive => one.Equals(other) ? null : path,
        _ => PropertiesOf(one.GetType()).Select(property => Difference(property.GetValue(one), property.GetValue(other), $"{path}.{property.Name}")).FirstOrDefault(found => found is not null),
    };

    static PropertyInfo[] PropertiesOf(Type type) => Properties.GetOrAdd(type, static type => type.GetProperties());

    static string? OfEntries(IDictionary one, IDictionary other, string path)
    {
        if (one.Count != other.Count)
            return path;
        foreach (var key in one.Keys)
        {
            if (!other.Contains(key))
                return $"{path}[…]";
            if (Difference(one[key], other[key], $"{path}[…]") is { } found)
                return found;
        }

        return null;
    }

    static string? OfItems(IEnumerable one, IEnumerable other, string path)
    {
        if (IsDefault(one) || IsDefault(other))
            return IsDefault(one) && IsDefault(other) ? null : path;
        var (items, others) = (one.Cast<object?>().ToList(), other.Cast<object?>().ToList());
        if (items.Count != others.Count)
            return path;
        return items.Select((item, i) => Difference(item, others[i], $"{path}[{i}]")).FirstOrDefault(found => found is not null);
    }

    /// <summary>Whether it is an <c>ImmutableArray</c> that was never made.</summary>
    static bool IsDefault(IEnumerable items) => items.GetType().GetProperty("IsDefault") is { } property && (bool)property.GetValue(items)!;
}
