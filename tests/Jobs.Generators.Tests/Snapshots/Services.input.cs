using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Jobs;
using Microsoft.Extensions.DependencyInjection;

namespace App;

public interface IMailer { }

public interface IStore<T> { }

public class MailOptions { }

internal sealed record EmailArgs(string Email);

[Worker]
public partial class ServicesWorker(
    IMailer mailer, IStore<string?> store, IEnumerable<IMailer> all, IServiceProvider services, MailOptions? options,
    [FromKeyedServices("spare")] IMailer spare, int retries = 3, IMailer? last = null)
{
    readonly object?[] _all = [mailer, store, all, services, options, spare, retries, last];

    [Perform]
    internal Task<JobOutcome> RunAsync(CancellationToken token, IMailer mailer, EmailArgs args, JobContext job, BatchRef batch, MailOptions? options = null) =>
        Task.FromResult(_all.Length > 0 ? JobOutcome.Complete : JobOutcome.Discard("none"));
}
