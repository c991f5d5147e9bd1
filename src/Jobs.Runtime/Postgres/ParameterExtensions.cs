using System.Globalization;
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

    /// <summary>How long a statement waits for a lock, as its set_config takes it; null for as long as the role may.</summary>
    public static void BindLockWait(this NpgsqlParameterCollection parameters, TimeSpan? longest) =>
        parameters.Bind(longest is { } wait ? string.Create(CultureInfo.InvariantCulture, $"{(long)wait.TotalMilliseconds}ms") : null, NpgsqlDbType.Text);
}
