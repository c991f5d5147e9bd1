using Microsoft.CodeAnalysis;

namespace Jobs.Generators.Diagnostics;

/// <summary>A property or a parameter of ours whose value has a range. The ranges are those that the run time checks.</summary>
/// <param name="Type">The type that has it.</param>
/// <param name="Member">The property, or the method; <see langword="null"/> for any method of the type.</param>
/// <param name="Parameter">The method's parameter; <see langword="null"/> for a property.</param>
/// <param name="Words">What the message calls it.</param>
/// <param name="IsRefused">Whether an expression is known to be out of range.</param>
/// <param name="Range">What it must be.</param>
/// <param name="Else">What happens otherwise.</param>
sealed record Setting(string Type, string? Member, string? Parameter, string Words, Func<IOperation, bool> IsRefused, string Range, string Else)
{
    const string Name = "a name of 1 to 200 characters, none of them NUL";
    const string NoJob = "the job cannot be made.";
    const string NoHost = "the host does not start.";
    const string NoCall = "the call throws.";

    static readonly Setting[] All =
    [
        new(KnownNames.NewJob, "Priority", null, "Priority of a job", NotWithin(0, 9), "0 (the most urgent) to 9", NoJob),
        new(KnownNames.NewJob, "MaxAttempts", null, "MaxAttempts of a job", NotWithin(1, 1000), "1 to 1000", NoJob),
        new(KnownNames.NewJob, "Queue", null, "Queue of a job", IsNoName, Name, "the job cannot be enqueued."),
        new(KnownNames.NewJob, "ScheduleIn", null, "ScheduleIn of a job", NotWithin(TimeSpan.Zero, TimeSpan.FromDays(36_500)), "zero to 36,500 days", NoJob),
        new(KnownNames.JobOutcome, null, "delay", "The delay of an outcome", NotWithin(TimeSpan.Zero, TimeSpan.MaxValue), "zero or more", NoCall),
        new(KnownNames.JobsBuilder, "AddQueue", "name", "The name of a queue", IsNoName, Name, NoHost),
        new(KnownNames.JobsBuilder, "AddQueue", "concurrency", "The concurrency of a queue", NotWithin(1, 10_000), "1 to 10,000", NoHost),
        new(KnownNames.JobClient, null, "id", "The id of a batch", IsNoName, Name, NoCall),
        new(KnownNames.JobsOptions, "NodeName", null, "NodeName", IsNoName, Name, NoHost),
        new(KnownNames.JobsOptions, "PollInterval", null, "PollInterval", NotWithin(TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1)), "10 milliseconds to 1 minute", NoHost),
        new(KnownNames.JobsOptions, "NodeLease", null, "NodeLease", NotWithin(TimeSpan.FromSeconds(3), TimeSpan.FromHours(1)), "3 seconds to 1 hour", NoHost),
        new(KnownNames.JobsOptions, "ShutdownGrace", null, "ShutdownGrace", NotWithin(TimeSpan.Zero, TimeSpan.FromDays(1)), "zero to 1 day", NoHost),
        Age(KnownNames.RetentionOptions, "Completed"),
        Age(KnownNames.RetentionOptions, "Cancelled"),
        Age(KnownNames.RetentionOptions, "Discarded"),
        Age(KnownNames.RetentionOptions, "Batches"),
        Age(KnownNames.RetentionOverride, "Completed"),
        Age(KnownNames.RetentionOverride, "Cancelled"),
        Age(KnownNames.RetentionOverride, "Discarded"),
        new(KnownNames.JobsOptions, "TimeoutGrace", null, "TimeoutGrace", NotWithin(TimeSpan.Zero, TimeSpan.FromHours(1)), "zero to 1 hour", NoHost),
    ];

    public static Setting? Of(IPropertySymbol property) =>
        All.FirstOrDefault(setting => setting.Parameter is null && setting.Member == property.Name && Types.Is(property.ContainingType, setting.Type));

    public static Setting? Of(IParameterSymbol parameter) =>
        All.FirstOrDefault(setting => setting.Parameter == parameter.Name &&
            (setting.Member is null || setting.Member == parameter.ContainingSymbol.Name) &&
            Types.Is(parameter.ContainingType, setting.Type));

    static Setting Age(string type, string member) =>
        new(type, member, null, $"{member} of a retention", IsNoAge, "zero to 36,500 days, or Timeout.InfiniteTimeSpan", NoHost);

    static Func<IOperation, bool> NotWithin(int least, int most) =>
        value => value.ConstantValue is { HasValue: true, Value: int number } && (number < least || number > most);

    static Func<IOperation, bool> NotWithin(TimeSpan least, TimeSpan most) =>
        value => ConstantDuration.Ticks(value) is { } ticks && (ticks < least.Ticks || ticks > most.Ticks);

    static bool IsNoAge(IOperation value) =>
        ConstantDuration.Ticks(value) is { } ticks && ticks != Timeout.InfiniteTimeSpan.Ticks && (ticks < 0 || ticks > TimeSpan.FromDays(36_500).Ticks);

    static bool IsNoName(IOperation value) =>
        value.ConstantValue is { HasValue: true, Value: var constant } && constant is null or string &&
        (string.IsNullOrWhiteSpace((string?)constant) || ((string)constant!).Length > 200 || !Types.IsStorable((string)constant));
}
