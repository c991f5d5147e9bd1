using System.Collections.Generic;
using Jobs;

namespace App;

public enum Tone { Plain, Loud = 3 }

public class MailArgs
{
    public required string To { get; init; }

    public Tone? Tone { get; set; }

    public List<Part> Parts { get; init; } = [];
}

[Matches("kind", "part")]
public sealed record Part(string Text, int Size = 1);

public class Clock
{
    public int Now { get; }
}

public abstract class MailerBase<T>
    where T : class
{
    public required Clock Clock { get; init; }

    [Perform]
    protected void Run(T args, Clock clock) { }
}

public static partial class Outer
{
    [Worker(Priority = 3, Tags = ["mail", "weekly \"digest\"", "mail"])]
    public partial class Mailer : MailerBase<MailArgs>
    {
        [Perform]
        public JobOutcome Deliver(Part part, BatchRef? batch) => JobOutcome.Complete;
    }
}
