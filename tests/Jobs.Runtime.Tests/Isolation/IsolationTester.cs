using Npgsql;
using NpgsqlTypes;

namespace Jobs.Runtime.Tests.Isolation;

/// <summary>PostgreSQL's isolationtester in small: sends steps of several sessions in a given order, and lets a step wait for another session's lock.</summary>
/// <remarks>
/// A step is sent when all before it have ended or wait for a lock that one of the sessions holds. A step of a session that waits is sent
/// as soon as its session is free, so that every order runs in the nearest form that is possible.
/// </remarks>
sealed class IsolationTester(NpgsqlDataSource dataSource)
{
    static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    // Whoever is asked sooner for those that wait takes the time from those that do not.
    static readonly TimeSpan MostAnswerWithin = TimeSpan.FromMilliseconds(5);

    /// <summary>Runs one order of steps, each session on a connection of its own.</summary>
    /// <param name="steps">The steps of all sessions.</param>
    /// <param name="afterEach">Called whenever the sessions have come to rest, with the steps that have ended in the meantime.</param>
    /// <returns>What happened, for people: the steps, and which of them waited.</returns>
    public async Task<string> RunAsync(IReadOnlyList<Step> steps, Func<IReadOnlyList<Step>, Task>? afterEach = null)
    {
        await using var observer = await dataSource.OpenConnectionAsync();
        var run = new Run(dataSource, observer, afterEach);
        try
        {
            foreach (var name in steps.Select(step => step.Session).Distinct())
                run.Sessions.Add(new Session(name, await dataSource.OpenConnectionAsync()));
            foreach (var step in steps)
                await run.SendAsync(step);
            await run.FinishAsync();
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException)
        {
            throw new InvalidOperationException($"{run.Trace}: {e.Message}", e);
        }
        finally
        {
            await run.HangUpAsync();
        }

        return run.Trace;
    }

    sealed class Session(string name, NpgsqlConnection connection)
    {
        public string Name => name;

        public NpgsqlConnection Connection => connection;

        public Queue<Step> Unsent { get; } = new();

        public Step? Sent { get; set; }

        public Task Answer { get; set; } = Task.CompletedTask;
    }

    sealed class Run(NpgsqlDataSource dataSource, NpgsqlConnection observer, Func<IReadOnlyList<Step>, Task>? afterEach)
    {
        // Only a lock of another session counts: one that the server's own maintenance holds passes by itself.
        const string WaitingSql = "SELECT pid FROM unnest($1) AS pid WHERE pg_blocking_pids(pid) && $1";

        readonly List<string> _trace = [];

        public List<Session> Sessions { get; } = [];

        public string Trace => string.Join(" · ", _trace);

        public async Task SendAsync(Step step)
        {
            Sessions.Single(session => session.Name == step.Session).Unsent.Enqueue(step);
            await ComeToRestAsync(everybodyEnds: false);
        }

        public Task FinishAsync() => ComeToRestAsync(everybodyEnds: true);

        /// <summary>Gives the connections back. A session that still waits, since another's step has failed, is ended by the server.</summary>
        /// <remarks>
        /// Its answer may come in that moment, for a step that has failed holds no locks: then its connection looks as if it could be used again. So
        /// the data source forgets it, whose pool <see cref="NpgsqlConnection.ClearPool"/> does not know.
        /// </remarks>
        public async Task HangUpAsync()
        {
            foreach (var session in Sessions.Where(session => !session.Answer.IsCompleted))
            {
                await using var command = new NpgsqlCommand("SELECT pg_terminate_backend($1)", observer);
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = session.Connection.ProcessID });
                await command.ExecuteNonQueryAsync();
                await session.Answer.ContinueWith(static _ => { }, TaskScheduler.Default);
                dataSource.Clear();
            }

            foreach (var session in Sessions)
                await session.Connection.DisposeAsync();
        }

        // One step at a time: what is seen between two steps is the work of the first.
        async Task ComeToRestAsync(bool everybodyEnds)
        {
            using var timeout = new CancellationTokenSource(LongestWait);
            var ended = new List<Step>();
            while (true)
            {
                ended.AddRange(await CollectAsync());
                var busy = Sessions.Where(session => session.Sent is not null).ToList();
                if (busy.Count > 0)
                    await Task.WhenAny([.. busy.Select(session => session.Answer), Task.Delay(MostAnswerWithin, timeout.Token)]);
                if (busy.Exists(session => session.Answer.IsCompleted))
                    continue;
                var waiting = busy.Count == 0 ? [] : await WaitingAsync(timeout.Token);
                if (!busy.TrueForAll(session => waiting.Contains(session.Connection.ProcessID)))
                    continue;

                if (ended.Count > 0 && afterEach is not null)
                    await afterEach(ended);
                ended.Clear();
                _trace.AddRange(busy.Select(session => $"{session.Sent} waits").Where(line => !_trace.Contains(line)));
                if (!TrySendNext() && (busy.Count == 0 || !everybodyEnds))
                    return;
            }
        }

        async Task<List<Step>> CollectAsync()
        {
            var ended = new List<Step>();
            foreach (var session in Sessions.Where(session => session.Sent is not null && session.Answer.IsCompleted))
            {
                ended.Add(session.Sent!);
                _trace.Add($"{session.Sent}");
                session.Sent = null;
                await session.Answer;
            }

            return ended;
        }

        bool TrySendNext()
        {
            if (Sessions.Find(session => session.Sent is null && session.Unsent.Count > 0) is not { } free)
                return false;
            free.Sent = free.Unsent.Dequeue();
            free.Answer = free.Sent.RunAsync(free.Connection);
            return true;
        }

        async Task<HashSet<int>> WaitingAsync(CancellationToken cancellationToken)
        {
            await using var command = new NpgsqlCommand(WaitingSql, observer);
            command.Parameters.Add(new NpgsqlParameter
            {
                Value = Sessions.Select(session => session.Connection.ProcessID).ToArray(),
                NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Integer,
            });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var waiting = new HashSet<int>();
            while (await reader.ReadAsync(cancellationToken))
                waiting.Add(reader.GetInt32(0));
            return waiting;
        }
    }
}
