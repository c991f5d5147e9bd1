using Jobs;

namespace Mailing;

public sealed record WelcomeArgs(string Email);

[Worker(Queue = "mail")]
public sealed partial class WelcomeWorker(IPostbox postbox)
{
    [Perform]
    public Task WelcomeAsync(WelcomeArgs args, JobContext job, CancellationToken cancellationToken) =>
        postbox.PutAsync($"job {job.Id}: Welcome, {args.Email}!", cancellationToken);
}
