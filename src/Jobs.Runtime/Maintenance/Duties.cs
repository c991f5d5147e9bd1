using Microsoft.Extensions.Logging;

namespace Jobs.Maintenance;

/// <summary>What the leader does for all nodes, while it leads.</summary>
sealed class Duties(
    Stager stager, Rescuer rescuer, Pruner pruner, StrandedReport stranded, SettingsSweeper sweeper, BatchSweeper batches, BatchAuditor auditor,
    JobsHealth health, ILogger<Duties> logger)
{
    public Task RunAsync(CancellationToken leading) => Task.WhenAll(
        Supervise(stager, leading),
        Supervise(rescuer, leading),
        Supervise(pruner, leading),
        Supervise(stranded, leading),
        Supervise(sweeper, leading),
        Supervise(batches, leading),
        Supervise(auditor, leading));

    Task Supervise(MaintenanceLoop loop, CancellationToken leading) => health.SuperviseAsync(loop.Name, loop.RunAsync, logger, leading);
}
