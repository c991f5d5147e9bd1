using Npgsql;

namespace Jobs.Runtime.Tests.Isolation;

/// <summary>Sessions that change the same batches, and what must come of it in every order of their steps.</summary>
sealed record Meeting(IReadOnlyList<TestBatch> Batches, params IReadOnlyList<Actor> Actors)
{
    /// <summary>Whether rows of members may be gone from a batch that has counted them.</summary>
    public Func<BatchFacts, bool> MayMissMembers { get; init; } = static _ => false;

    /// <summary>Does what is left to do when all have committed, and tells what is wrong then; empty if nothing.</summary>
    public required Func<Task<string>> EndAsync { get; init; }

    /// <summary>Has them meet in one order. Whoever rolls back does it all again at the end.</summary>
    /// <remarks>
    /// Whenever something has committed the batches are looked at: every snapshot that anybody can have must be right, and the answers of the
    /// sessions must fit it.
    /// </remarks>
    public async Task<Met> MeetAsync(BatchFixture fixture, IReadOnlyList<int> order)
    {
        var steps = Actors.Select(actor => actor.Steps()).ToList();
        var changes = steps.SelectMany(static steps => steps).Where(static step => step.Ends is not null).ToDictionary(static step => step.Step, static step => step.Ends!);
        var wrong = "";
        var trace = "";
        try
        {
            trace = await fixture.Tester.RunAsync(
                Step.Arrange(order, [.. steps.Select(static steps => steps.Select(static step => step.Step).ToList())]),
                async ended =>
                {
                    foreach (var step in ended)
                        await JudgeAsync(changes.GetValueOrDefault(step));
                    if (ended.Any(static step => step.IsCommit))
                        await LookAsync();
                });
            await using var connection = await fixture.DataSource.OpenConnectionAsync();
            foreach (var actor in Actors.Where(static actor => !actor.Commits))
                await actor.RepeatAsync(connection, ended => ended is null ? LookAsync() : JudgeAsync(ended));
            if (wrong == "")
                wrong = await EndAsync();
        }
        catch (Exception exception) when (Cause(exception) is { } cause)
        {
            wrong = $"{cause.SqlState}: {cause.MessageText}";
            trace = exception.Message;
        }

        return new Met(trace, wrong);

        async Task JudgeAsync(Change? ended)
        {
            if (ended is not null && wrong == "")
                wrong = await ended.JudgeAsync();
        }

        async Task LookAsync()
        {
            foreach (var batch in Batches)
            {
                if (wrong == "")
                    wrong = (await fixture.LookAsync(batch)).Wrong(MayMissMembers);
            }
        }
    }

    static PostgresException? Cause(Exception exception) => exception as PostgresException ?? exception.InnerException as PostgresException;
}

/// <summary>How one order of steps went.</summary>
/// <param name="Trace">The steps, and which of them waited, for people.</param>
/// <param name="Wrong">The first thing that was wrong; empty if nothing.</param>
sealed record Met(string Trace, string Wrong)
{
    public bool SomebodyWaited => Trace.Contains("waits", StringComparison.Ordinal);
}
