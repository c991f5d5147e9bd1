using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace EmailBlast.Mail;

/// <summary>A folder from which a mail server picks up files: one folder for each batch, one file for each mail.</summary>
sealed class PickupFolder(string path)
{
    const int LongestPlainName = 100;

    static readonly SearchValues<char> PlainCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_");

    /// <summary>The folder of a batch, inside this one whatever the batch's id is, and shared with no other batch.</summary>
    public string OfBatch(string? batchId) => Path.Combine(path, NameOf(batchId));

    /// <summary>The name of a batch's folder.</summary>
    /// <remarks>
    /// An id of lower-case letters, digits, <c>-</c> and <c>_</c> is the folder's name. Of any other, which may hold <c>../</c> or differ from
    /// another only in case, the plain characters are kept to be recognized, and a hash after a <c>~</c>, which no plain id has, tells it apart.
    /// </remarks>
    public static string NameOf(string? batchId)
    {
        if (batchId is null)
            return "~no-batch";
        if (batchId.Length <= LongestPlainName && !batchId.AsSpan().ContainsAnyExcept(PlainCharacters) && !IsDeviceOfWindows(batchId))
            return batchId;

        var hint = new string([.. batchId.Where(PlainCharacters.Contains).Take(40)]);
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(batchId)).AsSpan(0, 16));
        return $"{hint}~{hash}";
    }

    /// <summary>Writes a file of a batch. Whoever looks sees the whole file or none, and the same name again replaces it.</summary>
    public async Task WriteAsync(string? batchId, string name, Func<Stream, Task> write, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateDirectory(OfBatch(batchId)).FullName;
        var target = Path.Combine(folder, name);
        var unfinished = Path.Combine(folder, $".{name}.{Guid.NewGuid():n}.tmp");
        try
        {
            await using (var file = new FileStream(unfinished, FileMode.CreateNew, FileAccess.Write))
            {
                await write(file);
                await file.FlushAsync(cancellationToken);
                file.Flush(flushToDisk: true);
            }

            File.Move(unfinished, target, overwrite: true);
        }
        catch
        {
            File.Delete(unfinished);
            throw;
        }
    }

    static bool IsDeviceOfWindows(string name) =>
        name is "" or "con" or "prn" or "aux" or "nul" || (name.Length == 4 && name[..3] is "com" or "lpt" && char.IsAsciiDigit(name[3]));
}
