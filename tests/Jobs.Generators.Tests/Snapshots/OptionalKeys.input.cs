using System.Threading.Tasks;
using Jobs;

namespace App;

public sealed record Plain(string Email);

public sealed record Named(string Email, string? Name);

public sealed record Titled(string Email, string? Title, string? Suffix);

[Worker]
public partial class Overlapping
{
    [Perform]
    public void Run(Plain args) { }

    [Perform]
    public ValueTask RunAsync(Named args) => default;

    [Perform]
    public ValueTask<JobOutcome> RunAsync(Titled args, JobContext job) => new(JobOutcome.Complete);
}
