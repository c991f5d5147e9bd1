namespace Jobs.Torture.Work;

/// <summary>What a race is for.</summary>
sealed record Prize(string Name);

/// <summary>The worker of the jobs of which there may be one. Nobody runs them.</summary>
[Worker(Name = "race", Queue = "races"), Unique(PeriodSeconds = PeriodSeconds, PerBatch = false)]
sealed partial class RaceWorker
{
    public const int PeriodSeconds = 60;

    [Perform]
    public void Run(Prize prize)
    {
    }
}
