namespace Jobs.Generators;

/// <summary>The names of other assemblies' types that the generator looks for or writes.</summary>
static class KnownNames
{
    public const string Abstractions = "Jobs.Abstractions";

    public const string WorkerAttribute = "Jobs.WorkerAttribute";
    public const string PerformAttribute = "Jobs.PerformAttribute";
    public const string BackoffAttribute = "Jobs.BackoffAttribute";
    public const string FailedAttempt = "Jobs.FailedAttempt";
    public const string UniqueAttribute = "Jobs.UniqueAttribute";
    public const string MatchesAttribute = "Jobs.MatchesAttribute";
    public const string FromBatchAttribute = "Jobs.FromBatchAttribute";
    public const string WorkerAssemblyAttribute = "Jobs.Generated.WorkerAssemblyAttribute";
    public const string JobContext = "Jobs.JobContext";
    public const string JobOutcome = "Jobs.JobOutcome";
    public const string BatchRef = "Jobs.BatchRef";
    public const string BatchCallback = "Jobs.BatchCallback";
    public const string NewJob = "Jobs.NewJob";
    public const string Performs = "Jobs.IPerforms";
    public const string JobClient = "Jobs.JobClient";
    public const string JobsBuilder = "Jobs.JobsBuilder";
    public const string JobsOptions = "Jobs.JobsOptions";
    public const string RetentionOptions = "Jobs.RetentionOptions";
    public const string RetentionOverride = "Jobs.RetentionOverride";

    public const string CancellationToken = "System.Threading.CancellationToken";
    public const string Task = "System.Threading.Tasks.Task";
    public const string ValueTask = "System.Threading.Tasks.ValueTask";
    public const string Guid = "System.Guid";
    public const string TimeSpan = "System.TimeSpan";
    public const string Timeout = "System.Threading.Timeout";
    public const string DateTimeOffset = "System.DateTimeOffset";
    public const string ServiceProvider = "System.IServiceProvider";
    public const string AsyncDisposable = "System.IAsyncDisposable";
    public const string ObsoleteAttribute = "System.ObsoleteAttribute";
    public const string ConditionalAttribute = "System.Diagnostics.ConditionalAttribute";
    public const string ExperimentalAttribute = "System.Diagnostics.CodeAnalysis.ExperimentalAttribute";
    public const string JsonIgnoreAttribute = "System.Text.Json.Serialization.JsonIgnoreAttribute";
    public const string ActivatorUtilitiesConstructorAttribute = "Microsoft.Extensions.DependencyInjection.ActivatorUtilitiesConstructorAttribute";
    public const string FromKeyedServicesAttribute = "Microsoft.Extensions.DependencyInjection.FromKeyedServicesAttribute";
    public const string SetsRequiredMembersAttribute = "System.Diagnostics.CodeAnalysis.SetsRequiredMembersAttribute";
}
