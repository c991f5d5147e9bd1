using System.IO;
using Jobs;

namespace App;

public sealed record Attachment(string Name, Stream Content);

public sealed record LetterArgs(string Address, Attachment Letter, Attachment? Copy);

public sealed record EmailArgs(string Email, Attachment[] Attachments);

[Worker]
public partial class Printer
{
    [Perform]
    public void Print(LetterArgs args) { }
}

[Worker]
public partial class Mailer
{
    [Perform]
    public void Deliver(EmailArgs args) { }
}
