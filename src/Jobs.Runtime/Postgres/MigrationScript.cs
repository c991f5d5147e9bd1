using System.Globalization;
using System.Text;

namespace Jobs.Postgres;

/// <summary>Migrations as a script that a person reads and runs.</summary>
static class MigrationScript
{
    public static string Write(int from, int to, SchemaName schema)
    {
        var script = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"""
            -- The schema "{schema.Name}" of Jobs, from version {from} to {to}. Run it with: psql -v ON_ERROR_STOP=1 -f FILE
            -- A statement that waits for a lock for more than a second fails, so that nobody waits for long behind it. Then run the script that
            -- begins at the version reached: SELECT max(version) FROM {schema.Qualify(":schema")}.migrations.

            """));
        foreach (var step in Migration.Between(from, to))
            Write(script, step, schema);
        return script.ToString().ReplaceLineEndings("\n");
    }

    static void Write(StringBuilder script, MigrationStep step, SchemaName schema)
    {
        script.Append(CultureInfo.InvariantCulture, $"\n-- From version {step.From} to {step.To}: {step.Migration.Name}\n");
        if (!step.IsInTransaction)
        {
            foreach (var sql in step.Sql)
                script.Append(schema.Qualify(sql)).Append(";\n");
        }

        script.Append("BEGIN;\nSET LOCAL lock_timeout = '1s';\n");
        if (step is { IsUp: true, From: Migration.None })
            script.Append(schema.Qualify(Migrator.PrepareSql)).Append('\n');
        script.Append(schema.Qualify(Guard(step))).Append('\n');
        if (step.IsInTransaction)
            script.Append(schema.Qualify(step.Sql[0]).TrimEnd()).Append('\n');
        script.Append(schema.Qualify(Record(step))).Append("\nCOMMIT;\n");
    }

    static string Guard(MigrationStep step) => string.Create(CultureInfo.InvariantCulture, $"""
        DO $guard$
        BEGIN
            IF (SELECT coalesce(max(version), 0) FROM :schema.migrations) <> {step.From} THEN
                RAISE EXCEPTION 'The schema has version %, and this step is for {step.From}.', (SELECT coalesce(max(version), 0) FROM :schema.migrations);
            END IF;
        END $guard$;
        """);

    static string Record(MigrationStep step) => step switch
    {
        { IsUp: true } => string.Create(CultureInfo.InvariantCulture, $"INSERT INTO :schema.migrations (version, name) VALUES ({step.Migration.Version}, '{step.Migration.Name}');"),
        { To: Migration.None } => $"{Migrator.RemoveSql};",
        _ => string.Create(CultureInfo.InvariantCulture, $"DELETE FROM :schema.migrations WHERE version = {step.Migration.Version};"),
    };
}
