using Hangfire;
using Hangfire.Logging;
using Hangfire.PostgreSql;

namespace Jobs.Bench.Hangfire;

/// <summary>The settings that were the fastest of those that benchmarks/README.md names.</summary>
static class Settings
{
    const int DefaultWorkers = 20;

    // The least that it takes without being told to take unsafe values.
    const int DefaultPollMilliseconds = 50;

    public static JobStorage OpenStorage(string connectionString)
    {
        var options = new PostgreSqlStorageOptions
        {
            QueuePollInterval = TimeSpan.FromMilliseconds(Protocol.Variable("JOBS_BENCH_POLL_MILLISECONDS", DefaultPollMilliseconds)),
            EnableLongPolling = Protocol.Variable("JOBS_BENCH_NOTIFY", 0) == 1,
        };
        GlobalConfiguration.Configuration
            .SetDataCompatibilityLevel(CompatibilityLevel.Version_180)
            .UseSimpleAssemblyNameTypeSerializer()
            .UseRecommendedSerializerSettings()
            .UseColouredConsoleLogProvider(LogLevel.Warn)
            .UsePostgreSqlStorage(storage => storage.UseNpgsqlConnection(connectionString), options);
        return JobStorage.Current;
    }

    public static BackgroundJobServerOptions OfServer() => new() { WorkerCount = Protocol.Variable("JOBS_BENCH_CONCURRENCY", DefaultWorkers) };
}
