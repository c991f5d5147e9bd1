using System.Globalization;
using System.Text;
using System.Threading.Channels;

namespace Jobs.Torture.Journals;

/// <summary>What happened to a job, as its own process saw it.</summary>
enum Moment
{
    Started,
    Ended,

    /// <summary>The job has the connection that it asked for, until it ends.</summary>
    Holds,

    /// <summary>The job is no longer this process's, so what it had written was rolled back.</summary>
    Refused,

    /// <summary>The batch's callback ran.</summary>
    Told,
}

/// <summary>One line of a journal.</summary>
/// <param name="Process">The id of the process that wrote it.</param>
/// <param name="At">The machine's clock, which all processes of a run share.</param>
/// <param name="Key">What the job was about: the number of a mail, the name of a death, the id of a batch.</param>
readonly record struct JournalLine(int Process, Moment Moment, DateTime At, long JobId, string Key);

/// <summary>The file in which a process notes the start and the end of each of its jobs. A line is written before the job goes on.</summary>
/// <remarks>It is on disk by then, unless the journal is one that syncs nothing. Lines that come while the disk is busy share its next sync.</remarks>
sealed class Journal : IAsyncDisposable
{
    readonly Channel<Entry> _entries = Channel.CreateUnbounded<Entry>(new UnboundedChannelOptions { SingleReader = true });
    readonly FileStream _file;
    readonly bool _syncs;
    readonly Task _writing;

    /// <param name="folder">Where the file is.</param>
    /// <param name="syncs">Whether it stands the death of the machine too. What was written outlives that of the process.</param>
    public Journal(string folder, bool syncs = true)
    {
        _syncs = syncs;
        _file = new FileStream(
            Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}-{Guid.NewGuid():n}.journal")),
            FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
        _writing = Task.Run(WriteAsync);
    }

    public Task NoteAsync(Moment moment, long jobId, string key)
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"{moment} {DateTime.UtcNow:O} {jobId} {key}\n");
        if (!_syncs)
            return WriteNow(Encoding.UTF8.GetBytes(line));
        var entry = new Entry(Encoding.UTF8.GetBytes(line), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        return _entries.Writer.TryWrite(entry)
            ? entry.OnDisk.Task
            : throw new InvalidOperationException("The journal is closed: the process ends.");
    }

    /// <summary>Reads what all processes have written into a folder, each process's lines in their order.</summary>
    public static List<JournalLine> Read(string folder) => [.. ReadEach(folder)];

    /// <summary>The same, of which only one file is in memory at a time.</summary>
    public static IEnumerable<JournalLine> ReadEach(string folder) => Directory.EnumerateFiles(folder, "*.journal").SelectMany(ReadFile);

    static IEnumerable<JournalLine> ReadFile(string path)
    {
        var process = int.Parse(Path.GetFileName(path).Split('-')[0], CultureInfo.InvariantCulture);
        var text = Encoding.UTF8.GetString(ReadShared(path));

        // What stands behind the last line's end was cut off by a kill.
        foreach (var line in text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = line.Split(' ', 4);
            yield return new JournalLine(
                process, Enum.Parse<Moment>(parts[0]), DateTime.Parse(parts[1], CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind),
                long.Parse(parts[2], CultureInfo.InvariantCulture), parts[3]);
        }
    }

    static byte[] ReadShared(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[file.Length];
        return bytes[..file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
    }

    Task WriteNow(byte[] line)
    {
        lock (_file)
            _file.Write(line);
        return Task.CompletedTask;
    }

    async Task WriteAsync()
    {
        var written = new List<Entry>();
        while (await _entries.Reader.WaitToReadAsync())
        {
            written.Clear();
            while (_entries.Reader.TryRead(out var entry))
            {
                _file.Write(entry.Line);
                written.Add(entry);
            }

            _file.Flush(flushToDisk: true);
            written.ForEach(static entry => entry.OnDisk.SetResult());
        }
    }

    public async ValueTask DisposeAsync()
    {
        _entries.Writer.TryComplete();
        await _writing;
        await _file.DisposeAsync();
    }

    readonly record struct Entry(byte[] Line, TaskCompletionSource OnDisk);
}
