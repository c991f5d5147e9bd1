using Microsoft.CodeAnalysis;

namespace Jobs.Generators.Diagnostics;

/// <summary>Every error and warning that Jobs reports. Ids are never reused.</summary>
static class JobDiagnostics
{
    public static readonly DiagnosticDescriptor NotPartial = Error(
        "JOB001",
        "A worker must be partial",
        "{0} is a [Worker] and not partial, so the generator cannot add its other part. Write: partial class {0}.");

    public static readonly DiagnosticDescriptor ContainerNotPartial = Error(
        "JOB002",
        "The types around a worker must be partial",
        "{0} is nested in {1}, which is {2}, so the generator cannot add the worker's other part. {3}");

    public static readonly DiagnosticDescriptor UnsuitableClass = Error(
        "JOB003",
        "A worker must be a class that can be made",
        "{0} cannot be a [Worker]: it is {1}. {2}");

    public static readonly DiagnosticDescriptor NoPerform = Error(
        "JOB004",
        "A worker needs a perform method",
        "{0} is a [Worker] without a [Perform] method, so none of its jobs could run. Mark a method that takes args: [Perform] public Task RunAsync(MyArgs args).");

    public static readonly DiagnosticDescriptor WrongReturn = Error(
        "JOB005",
        "A perform method returns nothing, an outcome, or a task of either",
        "{0} returns {1}. A [Perform] method returns void, Task, ValueTask, JobOutcome, Task<JobOutcome> or ValueTask<JobOutcome>{2}.");

    public static readonly DiagnosticDescriptor WrongParameters = Error(
        "JOB006",
        "A perform method takes one args type",
        "{0} cannot perform jobs: {1}");

    public static readonly DiagnosticDescriptor PerformOutsideWorker = Error(
        "JOB007",
        "A perform method belongs in a worker",
        "{0} is marked [Perform], and {1} is no [Worker], so no job would ever run it. Mark {1} with [Worker]; make it abstract if workers derive from it; or remove [Perform].");

    public static readonly DiagnosticDescriptor ArgsNotStorable = Error(
        "JOB008",
        "Args must survive storage as JSON",
        "{0} cannot be stored: {1}");

    public static readonly DiagnosticDescriptor FromBatchMisused = Error(
        "JOB009",
        "A [FromBatch] member is an optional string, int or long",
        "{0} is marked [FromBatch]: {1}");

    public static readonly DiagnosticDescriptor MatchesMisused = Error(
        "JOB010",
        "A [Matches] constant needs a key of its own",
        "[Matches] on {0} cannot be stored: {1}");

    public static readonly DiagnosticDescriptor ShapesClash = Error(
        "JOB011",
        "Two perform methods accept the same JSON",
        "{0} takes {1} and {2} takes {3}, and a stored job could fit both: {4} {5}");

    public static readonly DiagnosticDescriptor SameArgsTwice = Error(
        "JOB012",
        "Two perform methods take the same args",
        "{0} and {1} both take {2}, so a stored job could run either. Keep one, or give the other args of its own.");

    public static readonly DiagnosticDescriptor OptionOutOfRange = Error(
        "JOB013",
        "An option of a worker is out of range",
        "{0} of {1} must be {2}");

    public static readonly DiagnosticDescriptor DuplicateName = Error(
        "JOB014",
        "Two workers have the same name",
        "{0} and {1} both run the jobs stored under \"{2}\", so such a job could run either. {3}");

    public static readonly DiagnosticDescriptor UnsuitableConstructor = Error(
        "JOB015",
        "A worker is made from services",
        "{0} cannot be made from services: {1}");

    public static readonly DiagnosticDescriptor UnknownArgs = Error(
        "JOB016",
        "The worker has no perform method for these args",
        "{0} has no [Perform] method for {1}. {2}");

    public static readonly DiagnosticDescriptor NameIsTaken = Error(
        "JOB017",
        "A worker's New and Metadata are written by the generator",
        "{0} declares {1} itself, where the generator would add {2}. Rename it.");

    public static readonly DiagnosticDescriptor ContextMissing = Error(
        "JOB018",
        "A JsonSerializerContext has to cover a member's type",
        "{0} cannot be stored: {1}");

    public static readonly DiagnosticDescriptor UnsuitableKey = Error(
        "JOB019",
        "A unique key is a stored member with one form",
        "{0} cannot be unique by {1}: {2}");

    public static readonly DiagnosticDescriptor NeverEnqueued = Warning(
        "JOB020",
        "A job that is made must be enqueued",
        "{0} is made here and never enqueued, so it will never run. Enqueue it: await client.EnqueueAsync({1}).");

    public static readonly DiagnosticDescriptor ArgumentOutOfRange = Error(
        "JOB021",
        "A setting is out of range",
        "{0} must be {1}, or {2}");

    public static readonly DiagnosticDescriptor UnsuitableCallback = Error(
        "JOB022",
        "The worker cannot run the callback",
        "{0} cannot be given {1}: {2}");

    public static readonly DiagnosticDescriptor EnqueueNotAwaited = Warning(
        "JOB023",
        "An enqueue must be awaited",
        "The task of {0} is dropped, so nobody learns when the enqueue fails, and the jobs may be lost. Await it, or return it.");

    public static readonly DiagnosticDescriptor UnsuitableBackoff = Error(
        "JOB024",
        "A backoff is a static method from a FailedAttempt to a TimeSpan",
        "{0} cannot be a [Backoff]: {1}");

    public static readonly DiagnosticDescriptor TwoBackoffs = Error(
        "JOB025",
        "A worker has one backoff",
        "{0} has two methods marked [Backoff], {1} and {2}, and a failed attempt can wait by one. Let one call the other.");

    static DiagnosticDescriptor Error(string id, string title, string message) => Describe(DiagnosticSeverity.Error, id, title, message);

    static DiagnosticDescriptor Warning(string id, string title, string message) => Describe(DiagnosticSeverity.Warning, id, title, message);

    static DiagnosticDescriptor Describe(DiagnosticSeverity severity, string id, string title, string message) => new(
        id,
        title,
        message,
        category: "Jobs",
        severity,
        isEnabledByDefault: true,
        helpLinkUri: HelpLink(id));

    /// <summary>Where the page of a diagnostic is.</summary>
    static string HelpLink(string id) => $"https://github.com/jobs-dotnet/jobs/blob/main/docs/diagnostics/{id}.md";
}
