using Microsoft.Extensions.Options;

namespace Jobs;

/// <summary>Refuses settings that cannot work, all of them in one message, before the host starts.</summary>
sealed class JobsOptionsValidator : IValidateOptions<JobsOptions>
{
    public ValidateOptionsResult Validate(string? name, JobsOptions options)
    {
        var failures = new ValidateOptionsResultBuilder();
        Between(failures, options.PollInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1), nameof(options.PollInterval));
        Between(failures, options.NodeLease, TimeSpan.FromSeconds(3), TimeSpan.FromHours(1), nameof(options.NodeLease));
        Between(failures, options.ShutdownGrace, TimeSpan.Zero, TimeSpan.FromDays(1), nameof(options.ShutdownGrace));
        foreach (var (queue, concurrency) in options.Queues)
        {
            if (string.IsNullOrWhiteSpace(queue) || queue.Length > 200 || queue.Contains('\0'))
                failures.AddError($"The queue name \"{queue}\" must have 1 to 200 characters, and none of them NUL.");
            if (concurrency is < 1 or > 10_000)
                failures.AddError($"The concurrency of queue \"{queue}\" is {concurrency}; it must be 1 to 10,000.");
        }

        return failures.Build();
    }

    static void Between(ValidateOptionsResultBuilder failures, TimeSpan value, TimeSpan least, TimeSpan most, string option)
    {
        if (value < least || value > most)
            failures.AddError($"JobsOptions.{option} is {value}; it must be between {least} and {most}.");
    }
}
