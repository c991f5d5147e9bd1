using System.Globalization;
using CsvHelper;
using EmailBlast.Mail;
using Npgsql;

namespace EmailBlast;

/// <summary>The addresses of a mailing that got no mail, and why: a file for whoever mends the list.</summary>
static class DiscardedList
{
    const string FileName = "discarded.csv";

    const string DiscardedSql = """
        SELECT coalesce(args->>'email', ''), coalesce(errors->-1->>'error', ''), attempt::int
        FROM jobs.jobs
        WHERE batch = (SELECT key FROM jobs.batches WHERE id = $1) AND state IN ('discarded', 'cancelled')
        ORDER BY id
        """;

    /// <summary>Writes <c>discarded.csv</c> into the folder of the mailing: whole or not at all, in place of an older one.</summary>
    /// <returns>Where it is.</returns>
    /// <exception cref="NpgsqlException">The jobs could not be read.</exception>
    /// <exception cref="IOException">The file could not be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder takes no file.</exception>
    public static async Task<string> WriteAsync(string database, string batch, PickupFolder folder, CancellationToken cancellationToken)
    {
        var settings = new NpgsqlSlimDataSourceBuilder(database);
        settings.EnableTransportSecurity();
        settings.EnableIntegratedSecurity();
        await using var source = settings.Build();
        await using var command = source.CreateCommand(DiscardedSql);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = batch });
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        await folder.WriteAsync(batch, FileName, file => WriteAsync(rows, file, cancellationToken), cancellationToken);
        return Path.GetFullPath(Path.Combine(folder.OfBatch(batch), FileName));
    }

    static async Task WriteAsync(NpgsqlDataReader rows, Stream file, CancellationToken cancellationToken)
    {
        // Addresses and a server's answers are other people's text: a spreadsheet must not run one that starts like a formula.
        await using var csv = CsvWriter.Create(file, new CsvWriterOptions { Injection = CsvInjection.Escape }, leaveOpen: true);
        csv.WriteHeader("email", "reason", "attempts");
        while (await rows.ReadAsync(cancellationToken))
            await csv.WriteRecordAsync([rows.GetString(0), FirstLine(rows.GetString(1)), rows.GetInt32(2).ToString(CultureInfo.InvariantCulture)], cancellationToken);
    }

    // The error of a job that threw is the exception with its stack.
    static string FirstLine(string error) => OneLine.Of(error.Split('\n', 2)[0]);
}
