using System.Diagnostics;
using System.Text;

namespace Jobs.Model.Tests.Histories;

/// <summary>Has several clients do something at the same time, and looks for an order of their calls in which the model does the same.</summary>
sealed class Concurrency(Subject subject)
{
    /// <summary>How many calls were made, and how many of them while another client's was under way.</summary>
    public (int All, int Overlapping) Calls { get; private set; }

    /// <returns>What no order explains; <see langword="null"/> if there is one that explains everything.</returns>
    public async Task<string?> RunAsync(History history, CancellationToken cancellationToken)
    {
        var sequence = new Sequence(subject);
        if (await sequence.RunAsync(history.First, cancellationToken) is { } difference)
            return difference;

        var clients = await RunClientsAsync(history, sequence.View, cancellationToken);
        var all = clients.SelectMany(calls => calls).ToList();
        Calls = (all.Count, all.Count(call => Overlaps(call, clients)));
        if (all.Find(call => call.Exception is not null) is { } failed)
            return $"{failed.Call}:\n{failed.Exception}";

        var found = await subject.ReadAsync();
        return IsExplained(sequence.World.WithIds(subject.Ids), clients, found) ? null : Describe(sequence.World, clients, found);
    }

    async Task<IReadOnlyList<IReadOnlyList<Made>>> RunClientsAsync(History history, View view, CancellationToken cancellationToken)
    {
        var start = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var running = history.Clients.Select((operations, client) => Task.Run(
            async () =>
            {
                var own = view.CloneFor(((char)('a' + client)).ToString());
                await start.Task;
                return await RunClientAsync(operations, own, cancellationToken);
            },
            cancellationToken)).ToList();
        start.SetResult();
        return await Task.WhenAll(running);
    }

    async Task<IReadOnlyList<Made>> RunClientAsync(IReadOnlyList<Operation> operations, View view, CancellationToken cancellationToken)
    {
        var calls = new List<Made>();
        foreach (var operation in operations)
        {
            if (operation.Resolve(view) is not { } call)
                continue;

            var began = Stopwatch.GetTimestamp();
            try
            {
                calls.Add(new Made(call, await call.RunAsync(subject, view, cancellationToken), began, Stopwatch.GetTimestamp()));
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                calls.Add(new Made(call, [], began, Stopwatch.GetTimestamp()) { Exception = exception });
            }
        }

        return calls;
    }

    static bool Overlaps(Made call, IReadOnlyList<IReadOnlyList<Made>> clients) =>
        clients.Any(other => !other.Contains(call) && other.Any(made => made.Began < call.Ended && call.Began < made.Ended));

    static bool IsExplained(World before, IReadOnlyList<IReadOnlyList<Made>> clients, Tables found)
    {
        var parts = clients
            .Select(calls => calls.SelectMany(made => Enumerable.Range(0, made.Call.Parts).Select(part => new Part(made, part, !Overlaps(made, clients)))).ToArray())
            .ToArray();
        return IsExplained(before, parts, new int[parts.Length], found, []);
    }

    // Depth first. A part may come next if no other that has not come yet had ended before its call began.
    // What two orders lead to is looked into once.
    static bool IsExplained(World world, Part[][] clients, int[] done, Tables found, HashSet<string> tried)
    {
        if (!tried.Add($"{string.Join(',', done)} {Convert.ToBase64String(world.Fingerprint())}"))
            return false;

        var isOver = true;
        for (var client = 0; client < clients.Length; client++)
        {
            if (done[client] == clients[client].Length)
                continue;

            isOver = false;
            var next = clients[client][done[client]];
            if (clients.Where((parts, other) => done[other] < parts.Length && parts[done[other]].Made.Ended < next.Made.Began).Any())
                continue;

            done[client]++;
            foreach (var skipped in next.IsAlone ? [new HashSet<string>()] : next.Made.Call.Skips(world, next.Place, next.Answer))
            {
                var after = world.Clone();
                if (next.Answer.IsAs(next.Made.Call.Apply(after, next.Place, skipped), next.IsAlone) && IsExplained(after, clients, done, found, tried))
                    return true;
            }

            done[client]--;
        }

        return isOver && world.Tables.DifferencesTo(found).Length == 0;
    }

    static string Describe(World before, IReadOnlyList<IReadOnlyList<Made>> clients, Tables found)
    {
        var text = new StringBuilder("No order of these calls explains their answers and the rows.\n");
        var first = clients.SelectMany(calls => calls).Min(call => call.Began);
        for (var client = 0; client < clients.Count; client++)
        {
            foreach (var made in clients[client])
            {
                text.Append(System.Globalization.CultureInfo.InvariantCulture,
                    $"  client {client + 1}, {Milliseconds(first, made.Began)} to {Milliseconds(first, made.Ended)} ms: {made.Call}\n    answered {string.Join("; then ", made.Answers.Select(answer => answer.ToString()))}\n");
            }
        }

        return text.Append("What changed meanwhile:\n").Append(before.Tables.DifferencesTo(found)).ToString();
    }

    static string Milliseconds(long from, long to) => Stopwatch.GetElapsedTime(from, to).TotalMilliseconds.ToString("0.0", System.Globalization.CultureInfo.InvariantCulture);

    sealed record Made(Call Call, Answer[] Answers, long Began, long Ended)
    {
        public Exception? Exception { get; init; }
    }

    sealed record Part(Made Made, int Place, bool IsAlone)
    {
        public Answer Answer => Made.Answers[Place];
    }
}
