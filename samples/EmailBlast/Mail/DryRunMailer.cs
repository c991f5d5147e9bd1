using System.Text;
using Jobs;

namespace EmailBlast.Mail;

/// <summary>Sends nothing: each delivery appends its address, and each message to the admins its subject, to a file of this process.</summary>
sealed class DryRunMailer : IMailer, IDisposable
{
    readonly AppendedFile _deliveries;
    readonly AppendedFile _notices;

    public DryRunMailer(string folder)
    {
        Directory.CreateDirectory(folder);
        var process = Guid.CreateVersion7().ToString("n");
        _deliveries = new AppendedFile(Path.Combine(folder, $"dry-run-{process}.txt"));
        _notices = new AppendedFile(Path.Combine(folder, $"dry-run-{process}-admins.txt"));
    }

    public Task<JobOutcome> SendWeeklyUpdateAsync(WeeklyUpdate mail, CancellationToken cancellationToken)
    {
        _deliveries.Append(mail.Email);
        return Task.FromResult(JobOutcome.Complete);
    }

    public Task NotifyAdminAsync(AdminNotice notice, CancellationToken cancellationToken)
    {
        _notices.Append(notice.Subject);
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _deliveries.Dispose();
        _notices.Dispose();
    }

    /// <summary>A file that is there from its first line on. What was appended survives a kill of the process.</summary>
    sealed class AppendedFile(string path) : IDisposable
    {
        readonly Lock _gate = new();
        FileStream? _file;

        public void Append(string line)
        {
            var bytes = Encoding.UTF8.GetBytes(OneLine.Of(line) + '\n');
            lock (_gate)
            {
                // Without a buffer each line is one write, and is the operating system's before the job counts as done.
                _file ??= new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
                _file.Write(bytes);
            }
        }

        public void Dispose()
        {
            lock (_gate)
                _file?.Dispose();
        }
    }
}
