using System.Reflection;
using Jobs.Generators.Model;

namespace Jobs.Generators.Tests;

public class ModelShapeTests
{
    [Fact]
    public void The_models_hold_no_symbols_syntax_or_locations()
    {
        var seen = new HashSet<Type>();

        Visit(typeof(WorkerModel), seen);
        Visit(typeof(RegistrationModel), seen);

        Assert.Contains(typeof(EnumMemberModel), seen);
    }

    static void Visit(Type type, HashSet<Type> seen)
    {
        if (type == typeof(string) || type == typeof(bool) || type == typeof(int) || type.IsEnum || !seen.Add(type))
            return;
        if (Nullable.GetUnderlyingType(type) is { } inner)
        {
            Visit(inner, seen);
            return;
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(EquatableArray<>))
        {
            Visit(type.GetGenericArguments()[0], seen);
            return;
        }

        Assert.True(type.Namespace == typeof(WorkerModel).Namespace, $"{type} is held by a model.");
        foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public))
            Visit(field.FieldType, seen);
    }
}
