using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace App;

public sealed record Campaign(string Name, int Year, Owner? Owner = null);

public record Owner(string Email);

public readonly record struct Priority(int Level);

public abstract class Teller<TMetadata>
{
    [Perform]
    public Task WarnAsync(BatchDiscarded<TMetadata> batch) => Task.CompletedTask;
}

[Worker]
public partial class Mailer : Teller<Campaign>
{
    [Perform]
    public Task NotifyAsync(BatchComplete<Campaign> batch) => Task.CompletedTask;

    [Perform]
    public void Hurry(BatchRetryable<Priority?> batch) { }

    [Perform]
    public void Rest(BatchCancelled batch) { }
}

[Worker]
public partial class BulkMailer : Mailer
{
    [Perform]
    internal void Ask(BatchAttempted<Owner?> batch) { }
}

public static class Caller
{
    public static IEnumerable<BatchMetadata> Make() => [Mailer.Metadata(new Campaign("spring", 2026)), Mailer.Metadata(new Priority(1)), BulkMailer.Metadata(new Owner("ada@example.com"))];
}
