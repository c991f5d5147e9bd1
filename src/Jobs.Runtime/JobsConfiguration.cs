using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Jobs;

/// <summary>Reads the settings of a host from its configuration, and notes what it cannot read in <see cref="JobsOptions.Faults"/>.</summary>
/// <remarks>By hand, and not by the configuration binder, which stops at the first fault and takes the duration "30" for thirty days.</remarks>
static class JobsConfiguration
{
    delegate void Reader<T>(T options, IConfigurationSection section, List<string> faults);

    static readonly Dictionary<string, Reader<RetentionOverride>> Overrides = new(StringComparer.OrdinalIgnoreCase)
    {
        [nameof(RetentionOverride.Completed)] = static (retention, section, faults) => retention.Completed = Age(section, retention.Completed, faults),
        [nameof(RetentionOverride.Cancelled)] = static (retention, section, faults) => retention.Cancelled = Age(section, retention.Cancelled, faults),
        [nameof(RetentionOverride.Discarded)] = static (retention, section, faults) => retention.Discarded = Age(section, retention.Discarded, faults),
    };

    static readonly Dictionary<string, Reader<RetentionOptions>> Retentions = new(StringComparer.OrdinalIgnoreCase)
    {
        [nameof(RetentionOptions.Completed)] = static (retention, section, faults) => retention.Completed = Age(section, retention.Completed, faults),
        [nameof(RetentionOptions.Cancelled)] = static (retention, section, faults) => retention.Cancelled = Age(section, retention.Cancelled, faults),
        [nameof(RetentionOptions.Discarded)] = static (retention, section, faults) => retention.Discarded = Age(section, retention.Discarded, faults),
        [nameof(RetentionOptions.Batches)] = static (retention, section, faults) => retention.Batches = Age(section, retention.Batches, faults),
        [nameof(RetentionOptions.Queues)] = static (retention, section, faults) => ReadOverrides(retention.Queues, section, faults),
        [nameof(RetentionOptions.Workers)] = static (retention, section, faults) => ReadOverrides(retention.Workers, section, faults),
    };

    static readonly Dictionary<string, Reader<JobsOptions>> Settings = new(StringComparer.OrdinalIgnoreCase)
    {
        [nameof(JobsOptions.NodeName)] = static (options, section, _) => options.NodeName = section.Value ?? "",
        [nameof(JobsOptions.PollInterval)] = static (options, section, faults) => options.PollInterval = Duration(section, faults) ?? options.PollInterval,
        [nameof(JobsOptions.Notifications)] = static (options, section, faults) => options.Notifications = Flag(section, faults) ?? options.Notifications,
        [nameof(JobsOptions.NodeLease)] = static (options, section, faults) => options.NodeLease = Duration(section, faults) ?? options.NodeLease,
        [nameof(JobsOptions.ShutdownGrace)] = static (options, section, faults) => options.ShutdownGrace = Duration(section, faults) ?? options.ShutdownGrace,
        [nameof(JobsOptions.TimeoutGrace)] = static (options, section, faults) => options.TimeoutGrace = Duration(section, faults) ?? options.TimeoutGrace,
        [nameof(JobsOptions.MigrateAtStart)] = static (options, section, faults) => options.MigrateAtStart = Flag(section, faults) ?? options.MigrateAtStart,
        [nameof(JobsOptions.Queues)] = static (options, section, faults) => ReadQueues(options, section, faults),
        [nameof(JobsOptions.Retention)] = static (options, section, faults) => Read(options.Retention, section, Retentions, faults),
    };

    /// <summary>Reads every setting that <paramref name="configuration"/> has; what it does not have stays as it is.</summary>
    public static void Read(JobsOptions options, IConfiguration configuration) => Read(options, configuration, Settings, options.Faults);

    static void Read<T>(T options, IConfiguration configuration, Dictionary<string, Reader<T>> settings, List<string> faults)
    {
        if (configuration is IConfigurationSection itself)
            ExpectSections(itself, "settings", faults);
        foreach (var section in configuration.GetChildren())
        {
            if (settings.TryGetValue(section.Key, out var read))
                read(options, section, faults);
            else
                faults.Add($"{section.Path} is no setting of Jobs. There are: {string.Join(", ", settings.Keys)}.");
        }
    }

    static void ReadQueues(JobsOptions options, IConfigurationSection queues, List<string> faults)
    {
        ExpectSections(queues, "queues with their concurrencies", faults);
        foreach (var queue in queues.GetChildren())
        {
            if (int.TryParse(queue.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var concurrency))
                options.Queues[queue.Key] = concurrency;
            else
                faults.Add($"{queue.Path} must be a whole number: how many jobs of the queue run at once.");
        }
    }

    static void ReadOverrides(IDictionary<string, RetentionOverride> overrides, IConfigurationSection names, List<string> faults)
    {
        ExpectSections(names, "names with their retentions", faults);
        foreach (var name in names.GetChildren())
        {
            if (!overrides.TryGetValue(name.Key, out var retention))
                overrides.Add(name.Key, retention = new RetentionOverride());
            Read(retention, name, Overrides, faults);
        }
    }

    static void ExpectSections(IConfigurationSection section, string content, List<string> faults)
    {
        if (!string.IsNullOrEmpty(section.Value))
            faults.Add($"{section.Path} has a value of its own; it must have {content} under it.");
    }

    static bool? Flag(IConfigurationSection section, List<string> faults)
    {
        if (bool.TryParse(section.Value, out var flag))
            return flag;
        faults.Add($"{section.Path} must be true or false.");
        return null;
    }

    static TimeSpan? Duration(IConfigurationSection section, List<string> faults)
    {
        if (TryParse(section.Value, out var duration))
            return duration;
        faults.Add($"{section.Path} must be a duration such as 00:00:30 (hours, minutes, seconds) or 7.00:00:00 (days first).");
        return null;
    }

    static TimeSpan? Age(IConfigurationSection section, TimeSpan? age, List<string> faults)
    {
        if (string.IsNullOrEmpty(section.Value) && !section.GetChildren().Any())
            return null;
        if (string.Equals(section.Value, "Infinite", StringComparison.OrdinalIgnoreCase))
            return Timeout.InfiniteTimeSpan;
        if (TryParse(section.Value, out var duration))
            return duration;
        faults.Add($"{section.Path} must be a duration such as 7.00:00:00 (days first) or 00:30:00 (hours, minutes, seconds), or Infinite.");
        return age;
    }

    // A number alone would be days.
    static bool TryParse(string? text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        return text?.Contains(':', StringComparison.Ordinal) == true && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out duration);
    }
}
