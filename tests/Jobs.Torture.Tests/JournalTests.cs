using Jobs.Torture.Journals;

namespace Jobs.Torture.Tests;

public sealed class JournalTests : IDisposable
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("jobs-journal-");

    [Fact]
    public async Task Lines_of_many_jobs_at_once_are_all_there_in_the_order_of_each_job()
    {
        await using (var journal = new Journal(_folder.FullName))
            await Task.WhenAll(Enumerable.Range(0, 500).Select(i => WorkAsync(journal, i)));

        var lines = Journal.Read(_folder.FullName).ToLookup(line => line.JobId);

        Assert.Equal(500, lines.Count);
        Assert.All(lines, job => Assert.Equal([Moment.Started, Moment.Ended], job.Select(line => line.Moment)));
        Assert.All(lines, job => Assert.Equal($"key {job.Key}", job.First().Key));
    }

    [Fact]
    public async Task A_line_that_a_kill_cut_off_is_not_read()
    {
        await using (var journal = new Journal(_folder.FullName))
            await journal.NoteAsync(Moment.Started, 1, "whole");
        await File.AppendAllTextAsync(_folder.GetFiles().Single().FullName, "Ended 2026-11-24T12:0", TestContext.Current.CancellationToken);

        Assert.Equal("whole", Assert.Single(Journal.Read(_folder.FullName)).Key);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    static async Task WorkAsync(Journal journal, int job)
    {
        await journal.NoteAsync(Moment.Started, job, $"key {job}");
        await journal.NoteAsync(Moment.Ended, job, $"key {job}");
    }
}
