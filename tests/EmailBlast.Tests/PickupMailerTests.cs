using EmailBlast.Mail;
using Jobs;
using MimeKit;

namespace EmailBlast.Tests;

public sealed class PickupMailerTests : IDisposable
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("email-blast-");

    PickupMailer Mailer => new(new PickupFolder(_folder.FullName), new Letters(new("The Weekly Update", "weekly@example.com"), new("The admins", "admins@example.com"), TimeProvider.System));

    [Theory]
    [InlineData("ada@example.com", "Ada Lovelace")]
    [InlineData("χρήστης@παράδειγμα.test", "Ελένη, \"Leni\"")]
    [InlineData("reader@example.com", null)]
    [InlineData("eve@example.com", "Eve\r\nBcc: everybody@example.com")]
    public async Task A_mail_program_reads_what_was_written(string email, string? name)
    {
        Assert.Equal(JobOutcome.Complete, await Mailer.SendWeeklyUpdateAsync(new WeeklyUpdate("b", 7, 1, email, name), TestContext.Current.CancellationToken));

        var mail = await MimeMessage.LoadAsync(Path.Combine(_folder.FullName, "b", "job-7.eml"), TestContext.Current.CancellationToken);
        var to = Assert.IsType<MailboxAddress>(Assert.Single(mail.To));
        Assert.Equal(email, email.StartsWith('χ') ? MailboxAddress.DecodeAddrspec(to.Address) : to.Address);
        Assert.Equal(name is null ? "" : OneLine.Of(name), to.Name ?? "");
        Assert.Empty(mail.Bcc);
        Assert.Contains("your weekly update", mail.TextBody, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_job_that_runs_again_replaces_its_own_mail()
    {
        for (var i = 0; i < 3; i++)
            await Mailer.SendWeeklyUpdateAsync(new WeeklyUpdate("b", 7, 1, "ada@example.com", null), TestContext.Current.CancellationToken);

        Assert.Single(Directory.GetFiles(Path.Combine(_folder.FullName, "b")));
    }

    [Fact]
    public async Task An_address_that_is_none_discards_its_job_and_writes_nothing()
    {
        var outcome = await Mailer.SendWeeklyUpdateAsync(new WeeklyUpdate("b", 7, 1, "nobody", null), TestContext.Current.CancellationToken);

        Assert.Equal(JobOutcome.Discard("The address has no @."), outcome);
        Assert.Empty(_folder.GetFileSystemInfos());
    }

    [Theory]
    [InlineData("../../escape")]
    [InlineData("/etc/passwd")]
    [InlineData("a/b\\c:d")]
    [InlineData("..")]
    [InlineData("CON")]
    [InlineData("Größe 👋")]
    public async Task A_hostile_batch_id_stays_inside_the_folder(string batch)
    {
        await Mailer.NotifyAdminAsync(new AdminNotice(batch, "s", "t"), TestContext.Current.CancellationToken);

        var file = Assert.Single(_folder.GetFiles("*", SearchOption.AllDirectories));
        Assert.Equal(_folder.FullName, file.Directory!.Parent!.FullName);
        Assert.DoesNotContain(Path.GetFileName(file.DirectoryName)!, name => name is '/' or '\\' or ':');
    }

    [Fact]
    public void Batches_whose_ids_look_alike_have_folders_of_their_own()
    {
        var pickup = new PickupFolder(_folder.FullName);
        string[] ids = ["blast", "Blast", "b/last", "b\\last", "blast~", "blast "];

        Assert.Equal(ids.Length, ids.Select(id => pickup.OfBatch(id).ToUpperInvariant()).Distinct().Count());
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
