using Jobs.Store;
using Microsoft.Extensions.Logging;

namespace Jobs.Maintenance;

/// <summary>Forgets what was said of queues on nodes that have not been seen for a week: most names are those of one process.</summary>
sealed class SettingsSweeper(JobStore store, TimeProvider time, ILogger<SettingsSweeper> logger)
    : MaintenanceLoop(nameof(SettingsSweeper), TimeSpan.FromHours(1), chunk: 0, time, logger)
{
    static readonly TimeSpan ForgetAfter = TimeSpan.FromDays(7);

    public override async Task RunOnceAsync(Action beforeChunk, CancellationToken leading)
    {
        beforeChunk();
        await store.SweepQueueSettingsAsync(ForgetAfter, leading).ConfigureAwait(false);
    }
}
