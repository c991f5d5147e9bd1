using Npgsql;
using NpgsqlTypes;

namespace Jobs.Postgres;

/// <summary>Positional parameters without boxing.</summary>
static class ParameterExtensions
{
    public static void Bind<T>(this NpgsqlParameterCollection parameters, T value, NpgsqlDbType type) =>
        parameters.Add(new NpgsqlParameter<T> { TypedValue = value, NpgsqlDbType = type });

    public static void BindArray<T>(this NpgsqlParameterCollection parameters, T[]? values, NpgsqlDbType elementType) =>
        parameters.Bind(values, NpgsqlDbType.Array | elementType);
}
