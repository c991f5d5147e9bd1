using System.Collections.Concurrent;
using Npgsql;
using NpgsqlTypes;

namespace Jobs.Postgres;

sealed partial class PostgresStore
{
    // A listener that does not hear itself every so often is deaf: its connection broke in silence, or a pooler stands in between.
    static readonly TimeSpan SelfTestEvery = TimeSpan.FromSeconds(10);
    static readonly TimeSpan HearsItselfWithin = TimeSpan.FromSeconds(5);

    // The backends that this process notifies by. It wakes its own loops itself, and need not hear of it once more.
    readonly ConcurrentDictionary<int, bool> _notifiers = new();

    // A hint needs no wait for the disk.
    internal const string NotifySql = """
        SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, payload)
        FROM unnest($2::text[]) AS t (payload)
        """;

    public override Task NotifyAsync(IReadOnlyCollection<string> queues, CancellationToken cancellationToken) =>
        NotifyOthersAsync(_channels.Queues, queues, cancellationToken);

    public override Task NotifyControlAsync(CancellationToken cancellationToken) => NotifyOthersAsync(_channels.Control, [""], cancellationToken);

    async Task NotifyOthersAsync(string channel, IReadOnlyCollection<string> payloads, CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenAsync(cancellationToken).ConfigureAwait(false);
        _notifiers.TryAdd(connection.ProcessID, true);
        await NotifyAsync(connection, channel, payloads, cancellationToken).ConfigureAwait(false);
    }

    public override async Task ListenAsync(Action<string> hasWork, Action control, Action<TimeSpan, bool> alive, CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenToListenAsync(cancellationToken).ConfigureAwait(false);
        _notifiers.Clear();   // the numbers of before may be those of other nodes' backends by now
        var heard = new TaskCompletionSource();
        var word = "";
        connection.Notification += (_, notification) =>
        {
            if (notification.Channel == _channels.Echo && notification.Payload == word)
                heard.TrySetResult();
            else if (_notifiers.ContainsKey(notification.PID))
                return;
            else if (notification.Channel == _channels.Queues)
                hasWork(notification.Payload);
            else if (notification.Channel == _channels.Control)
                control();
        };
        await using (var listen = new NpgsqlCommand($"LISTEN \"{_channels.Queues}\"; LISTEN \"{_channels.Control}\"; LISTEN \"{_channels.Echo}\"", connection))
            await listen.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);

        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var listening = Task.Run(() => WaitForNotificationsAsync(connection, ends.Token), CancellationToken.None);
        try
        {
            for (var isNew = true; ; isNew = false)
            {
                (heard, word) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), Guid.NewGuid().ToString("n"));
                await HearItselfAsync(heard.Task, word, cancellationToken).ConfigureAwait(false);
                alive(SelfTestEvery + HearsItselfWithin * 3, isNew);
                await EndsWithinAsync(listening, SelfTestEvery, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            await ends.CancelAsync().ConfigureAwait(false);
            await listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public override async Task ListenToBatchesAsync(Action listens, Action<string> changed, CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenToListenAsync(cancellationToken).ConfigureAwait(false);
        connection.Notification += (_, notification) => changed(notification.Payload);
        await using (var listen = new NpgsqlCommand($"LISTEN \"{_channels.Batches}\"", connection))
            await listen.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        listens();
        await WaitForNotificationsAsync(connection, cancellationToken).ConfigureAwait(false);
    }

    async Task HearItselfAsync(Task heard, string word, CancellationToken cancellationToken)
    {
        await ExecuteAsync(NotifySql, parameters => BindPayloads(parameters, _channels.Echo, [word]), cancellationToken).ConfigureAwait(false);
        try
        {
            await heard.WaitAsync(HearsItselfWithin, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException(
                $"A notification that this process sent did not come back within {HearsItselfWithin}. Is there a connection pooler in transaction mode in between? " +
                "Then switch notifications off: JobsOptions.Notifications = false.",
                exception);
        }
    }

    static async Task WaitForNotificationsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        while (true)
            await connection.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    static async Task EndsWithinAsync(Task task, TimeSpan time, CancellationToken cancellationToken)
    {
        try
        {
            await task.WaitAsync(time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException) when (!task.IsCompleted)
        {
        }
    }

    static Task NotifyAsync(NpgsqlConnection connection, string channel, IReadOnlyCollection<string> payloads, CancellationToken cancellationToken) =>
        ExecuteAsync(connection, NotifySql, parameters => BindPayloads(parameters, channel, payloads), cancellationToken);

    static void BindPayloads(NpgsqlParameterCollection parameters, string channel, IReadOnlyCollection<string> payloads)
    {
        parameters.Bind(channel, NpgsqlDbType.Text);
        parameters.BindArray([.. payloads], NpgsqlDbType.Text);
    }
}
