using Microsoft.Extensions.Options;

namespace Jobs;

/// <summary>Refuses settings that cannot work, all of them in one message, before the host starts.</summary>
sealed class JobsOptionsValidator : IValidateOptions<JobsOptions>
{
    public ValidateOptionsResult Validate(string? name, JobsOptions options)
    {
        var failures = new ValidateOptionsResultBuilder();
        foreach (var fault in options.Faults)
            failures.AddError(fault);
        Between(failures, options.PollInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1), nameof(options.PollInterval));
        Between(failures, options.NodeLease, TimeSpan.FromSeconds(3), TimeSpan.FromHours(1), nameof(options.NodeLease));
        Between(failures, options.ShutdownGrace, TimeSpan.Zero, TimeSpan.FromDays(1), nameof(options.ShutdownGrace));
        Between(failures, options.TimeoutGrace, TimeSpan.Zero, TimeSpan.FromHours(1), nameof(options.TimeoutGrace));
        Check(failures, options.Retention);
        if (!IsName(options.NodeName))
            failures.AddError($"JobsOptions.NodeName is \"{options.NodeName}\"; it must have 1 to 200 characters, and none of them NUL.");
        foreach (var (queue, concurrency) in options.Queues)
        {
            if (!IsName(queue))
                failures.AddError($"The queue name \"{queue}\" must have 1 to 200 characters, and none of them NUL.");
            if (concurrency is < 1 or > 10_000)
                failures.AddError($"The concurrency of queue \"{queue}\" is {concurrency}; it must be 1 to 10,000.");
        }

        return failures.Build();
    }

    static void Check(ValidateOptionsResultBuilder failures, RetentionOptions retention)
    {
        const string Option = nameof(JobsOptions.Retention);
        Age(failures, retention.Completed, $"{Option}.{nameof(retention.Completed)}");
        Age(failures, retention.Cancelled, $"{Option}.{nameof(retention.Cancelled)}");
        Age(failures, retention.Discarded, $"{Option}.{nameof(retention.Discarded)}");
        Age(failures, retention.Batches, $"{Option}.{nameof(retention.Batches)}");
        foreach (var (queue, its) in retention.Queues)
            Check(failures, its, $"{Option}.{nameof(retention.Queues)}[\"{queue}\"]");
        foreach (var (worker, its) in retention.Workers)
            Check(failures, its, $"{Option}.{nameof(retention.Workers)}[\"{worker}\"]");
    }

    static void Check(ValidateOptionsResultBuilder failures, RetentionOverride its, string option)
    {
        Age(failures, its.Completed, $"{option}.{nameof(its.Completed)}");
        Age(failures, its.Cancelled, $"{option}.{nameof(its.Cancelled)}");
        Age(failures, its.Discarded, $"{option}.{nameof(its.Discarded)}");
    }

    static void Age(ValidateOptionsResultBuilder failures, TimeSpan? age, string option)
    {
        if (age is { } given && given != Timeout.InfiniteTimeSpan)
            Between(failures, given, TimeSpan.Zero, TimeSpan.FromDays(36_500), option);
    }

    static bool IsName(string? name) => !string.IsNullOrWhiteSpace(name) && name.Length <= 200 && StorableText.IsStorable(name);

    static void Between(ValidateOptionsResultBuilder failures, TimeSpan value, TimeSpan least, TimeSpan most, string option)
    {
        if (value < least || value > most)
            failures.AddError($"JobsOptions.{option} is {value}; it must be between {least} and {most}.");
    }
}
