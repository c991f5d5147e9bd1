namespace Jobs.Model.Tests.Histories;

/// <summary>Has one client do something, on the store and in the model, and compares them after each step.</summary>
sealed class Sequence(Subject subject)
{
    public World World { get; } = new();

    public View View { get; } = new();

    public int Steps { get; private set; }

    /// <summary>Goes through the operations until the store does what the model does not.</summary>
    /// <returns>What was different; <see langword="null"/> if nothing was.</returns>
    public async Task<string?> RunAsync(IReadOnlyList<Operation> operations, CancellationToken cancellationToken)
    {
        await subject.BeginHistoryAsync();
        foreach (var operation in operations)
        {
            if (operation.Resolve(View) is not { } call)
                continue;

            Steps++;
            if (await DifferenceAsync(call, cancellationToken) is { } difference)
                return operation == call ? $"{call}:\n{difference}" : $"{operation}, which was {call}:\n{difference}";
        }

        return null;
    }

    async Task<string?> DifferenceAsync(Call call, CancellationToken cancellationToken)
    {
        Answer[] answers;
        try
        {
            answers = await call.RunAsync(subject, View, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            return exception.ToString();
        }

        for (var part = 0; part < call.Parts; part++)
        {
            var expected = call.Apply(World, part, new HashSet<string>());
            if (!answers[part].IsAs(expected, alone: true))
                return $"  the model answers {expected}\n  found             {answers[part]}";
        }

        var difference = World.Tables.DifferencesTo(await subject.ReadAsync());
        return difference.Length == 0 ? null : difference;
    }
}
