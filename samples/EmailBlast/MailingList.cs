using System.Text;
using System.Text.Unicode;
using CsvHelper;

namespace EmailBlast;

/// <summary>Somebody on the list.</summary>
sealed record Recipient(string Email, string? Name);

/// <summary>A row that gets no mail.</summary>
/// <param name="Line">The line of the file on which the row starts, from 1.</param>
/// <param name="Reason">A sentence without its full stop.</param>
sealed record SkippedRow(long Line, string Reason);

/// <summary>No mailing can be made of a list: the message says why, and what to do.</summary>
sealed class ListRefusedException(string message) : Exception(message);

/// <summary>A list of recipients, read and checked as a whole.</summary>
sealed class MailingList
{
    static readonly byte[] Utf8Mark = [0xEF, 0xBB, 0xBF];

    readonly List<Recipient> _recipients = [];
    readonly List<SkippedRow> _skipped = [];
    readonly Dictionary<string, long> _lines = new(StringComparer.Ordinal);

    MailingList()
    {
    }

    public IReadOnlyList<Recipient> Recipients => _recipients;

    public IReadOnlyList<SkippedRow> Skipped => _skipped;

    /// <summary>Reads a CSV file as RFC 4180 has it, in UTF-8, whose header names the column <c>email</c> and, if it likes, <c>name</c> and others.</summary>
    /// <exception cref="ListRefusedException">The file cannot be read, or is no such list.</exception>
    public static MailingList Load(string path)
    {
        try
        {
            return Directory.Exists(path)
                ? throw new ListRefusedException($"The list {OneLine.Quoted(path)} is a folder. Name a CSV file: --list FILE.csv")
                : Parse(File.ReadAllBytes(path), path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ListRefusedException($"There is no list {OneLine.Quoted(path)}. Name a CSV file: --list FILE.csv");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ListRefusedException($"The list {OneLine.Quoted(path)} cannot be read: {OneLine.Of(exception.Message)}");
        }
    }

    /// <inheritdoc cref="Load"/>
    /// <param name="csv">The bytes of the file.</param>
    /// <param name="path">The file's name, for messages.</param>
    public static MailingList Parse(byte[] csv, string path)
    {
        var file = OneLine.Quoted(path);
        RefuseUnlessUtf8(csv, file);

        var list = new MailingList();
        list.ReadRows(csv, file);
        return list._recipients.Count > 0
            ? list
            : throw new ListRefusedException($"The list {file} has nobody to write to: {Describe(list._skipped)}. Add rows such as: ada@example.com,Ada Lovelace");
    }

    void ReadRows(byte[] csv, string file)
    {
        string? problem = null;
        using var reader = CsvReader.Create(csv, new CsvReaderOptions
        {
            Separator = ',',
            TrackLineNumbers = true,
            FieldCountMismatch = CsvFieldCountHandling.Skip,
            OnMalformedRecord = record =>
            {
                if (record.Reason == CsvMalformedReason.UnterminatedQuote)
                    throw new ListRefusedException($"The list {file} has a quote in the row of line {record.LineNumber} that is never closed, so nobody can tell where that row ends. Close it, or double it (\"\") if it belongs to the text.");
                if (record.Skipped)
                    _skipped.Add(new SkippedRow(record.LineNumber, "The row has not as many columns as the header"));
                else
                    problem = "The row has a quote in a wrong place; a column with quotes is written as \"say \"\"hi\"\"\"";
            },
        });

        var (email, name) = FindColumns(reader.Headers.ToArray(), file);
        while (reader.Read())
        {
            Add(reader.LineNumber, reader.GetString(email), name < 0 ? "" : reader.GetString(name), problem);
            problem = null;
        }
    }

    void Add(long line, string emailAsWritten, string name, string? problem)
    {
        var email = emailAsWritten.Trim();
        var canonical = "";
        if (problem is null && EmailAddress.FindProblem(email, out canonical) is { } reason)
            problem = email.Length == 0 ? "The address is empty" : $"The address {OneLine.Quoted(email)} {reason}";
        if (problem is null && !_lines.TryAdd(canonical, line))
            problem = $"The address {OneLine.Quoted(email)} is a duplicate of line {_lines[canonical]}";

        if (problem is null)
            _recipients.Add(new Recipient(email, OneLine.Of(name) is { Length: > 0 } given ? given : null));
        else
            _skipped.Add(new SkippedRow(line, problem));
    }

    static (int Email, int Name) FindColumns(string[] headers, string file)
    {
        var names = Array.ConvertAll(headers, header => header.Trim());
        var email = Array.FindIndex(names, IsEmail);
        if (email < 0)
            throw new ListRefusedException($"The list {file} has no column \"email\", but {string.Join(", ", names.Take(20).Select(OneLine.Quoted))}. Its first line must name the columns, separated by commas: email,name");
        if (Array.FindLastIndex(names, IsEmail) != email)
            throw new ListRefusedException($"The list {file} has two columns \"email\". Give one of them another name.");
        return (email, Array.FindIndex(names, name => name.Equals("name", StringComparison.OrdinalIgnoreCase)));

        static bool IsEmail(string name) => name.Equals("email", StringComparison.OrdinalIgnoreCase);
    }

    static void RefuseUnlessUtf8(byte[] csv, string file)
    {
        if (csv.AsSpan().TrimStart(Utf8Mark).IsEmpty)
            throw new ListRefusedException($"The list {file} is empty. It needs a header and rows, such as: email,name");
        if (csv is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
            throw new ListRefusedException($"The list {file} is in UTF-16. Save it as \"CSV UTF-8\".");
        if (Utf8.IsValid(csv))
            return;

        var line = 1 + csv.AsSpan(0, FindInvalidByte(csv)).Count((byte)'\n');
        throw new ListRefusedException($"The list {file} is not in UTF-8: line {line} has bytes that are no text. Save it as \"CSV UTF-8\".");
    }

    static int FindInvalidByte(ReadOnlySpan<byte> bytes)
    {
        var position = 0;
        while (Rune.DecodeFromUtf8(bytes[position..], out _, out var length) == System.Buffers.OperationStatus.Done)
            position += length;
        return position;
    }

    static string Describe(List<SkippedRow> skipped) => skipped switch
    {
        [] => "it has no rows",
        [var only] => $"its only row, line {only.Line}, is skipped. {only.Reason}",
        _ => $"all of its {skipped.Count} rows are skipped, the first in line {skipped[0].Line}. {skipped[0].Reason}",
    };
}
