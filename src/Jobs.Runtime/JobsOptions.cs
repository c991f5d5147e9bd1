namespace Jobs;

/// <summary>The settings of a host that enqueues or runs jobs. Validated when the host starts.</summary>
public sealed class JobsOptions
{
    internal Dictionary<string, int> Queues { get; } = new(StringComparer.Ordinal);

    /// <summary>What could not be read from the configuration; the host does not start with any.</summary>
    internal List<string> Faults { get; } = [];

    /// <summary>What this host is called among the others: in logs, and by who pauses or scales a queue on one node.</summary>
    /// <value>
    /// 1 to 200 characters. The default is the machine's name and the process's id, and so another at each start; what is said of a queue on one
    /// node stays in force over a restart where the name stays the same. Hosts of the same name are meant together.
    /// </value>
    public string NodeName { get; set; } = $"{Environment.MachineName}:{Environment.ProcessId}";

    /// <summary>
    /// How often the host looks whether its queues have jobs that nobody told it of, and whether a job that it runs is to be cancelled; and how
    /// often due jobs are staged.
    /// </summary>
    /// <value>
    /// Default 1 second; 10 milliseconds to 1 minute. It is one statement for all queues of the host. A queue that is busy does not wait for it.
    /// </value>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether nodes tell each other at once, by LISTEN and NOTIFY, which queues have work.</summary>
    /// <value>
    /// Default <see langword="true"/>. Polling stands behind it in any case. Switch it off behind a connection pooler in transaction mode, where
    /// nothing is heard; work that this process has enqueued itself still starts at once.
    /// </value>
    public bool Notifications { get; set; } = true;

    /// <summary>How long a node may stay silent before it is taken for dead and its jobs are rescued.</summary>
    /// <value>Default 30 seconds; 3 seconds to 1 hour. It bounds how long a job of a killed process waits, not how long a job may run.</value>
    public TimeSpan NodeLease { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long running jobs may go on when the host stops, before their tokens are cancelled.</summary>
    /// <value>
    /// Default 20 seconds, which fits into the host's own <c>ShutdownTimeout</c> of 30; zero to 1 day. When the host's timeout is shorter, it
    /// ends the grace. Jobs that are cut short are given back, and run again without having lost an attempt.
    /// </value>
    public TimeSpan ShutdownGrace { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How long jobs and batches are kept after they have ended.</summary>
    public RetentionOptions Retention { get; } = new();

    /// <summary>How long a job may go on when its worker's timeout is over and its token has fired, before its attempt is taken for failed.</summary>
    /// <value>
    /// Default 10 seconds; zero to 1 hour. Code that goes on even then keeps its place in the queue. A host all of whose places are taken by
    /// such code stops, with exit code 1.
    /// </value>
    public TimeSpan TimeoutGrace { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether the host brings the schema up to date when it starts.</summary>
    /// <value>
    /// Default <see langword="true"/>. Several hosts may start at once: one migrates, the others wait. Otherwise a host does not start on a schema
    /// that is older than it: <see cref="JobsMigrations"/> gives the script to run before.
    /// </value>
    public bool MigrateAtStart { get; set; } = true;
}
