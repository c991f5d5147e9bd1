using Npgsql;

namespace Jobs.Runtime.Tests.Maintenance;

/// <summary>What is in a schema, as PostgreSQL tells it: what two databases must have in common to be alike.</summary>
static class SchemaFingerprint
{
    const string Sql = """
        SELECT 'column ' || c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
            || coalesce(' ' || pg_get_expr(d.adbin, d.adrelid), '') || ' ' || a.attidentity::text || a.attgenerated::text
        FROM pg_class AS c
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = $1::regnamespace AND c.relkind = 'r'
        UNION ALL
        SELECT 'index ' || pg_get_indexdef(i.indexrelid) || CASE WHEN i.indisvalid THEN '' ELSE ' invalid' END
        FROM pg_index AS i
        JOIN pg_class AS c ON c.oid = i.indexrelid
        WHERE c.relnamespace = $1::regnamespace
        UNION ALL
        SELECT 'constraint ' || conrelid::regclass::text || ' ' || conname || ' ' || pg_get_constraintdef(oid)
        FROM pg_constraint
        WHERE connamespace = $1::regnamespace
        UNION ALL
        SELECT 'function ' || pg_get_functiondef(oid)
        FROM pg_proc
        WHERE pronamespace = $1::regnamespace
        UNION ALL
        SELECT 'type ' || t.typname || ' ' || string_agg(e.enumlabel, ' ' ORDER BY e.enumsortorder)
        FROM pg_type AS t
        JOIN pg_enum AS e ON e.enumtypid = t.oid
        WHERE t.typnamespace = $1::regnamespace
        GROUP BY t.typname
        UNION ALL
        SELECT 'sequence ' || relname
        FROM pg_class
        WHERE relnamespace = $1::regnamespace AND relkind = 'S'
        ORDER BY 1
        """;

    public static async Task<IReadOnlyList<string>> ReadAsync(string connectionString, string schema = "jobs")
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(Sql, connection) { Parameters = { new() { Value = schema } } };
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var lines = new List<string>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
            lines.Add(reader.GetString(0));
        return lines;
    }
}
