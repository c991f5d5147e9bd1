namespace Jobs.Model.Tests.Histories;

/// <summary>Leaves out of a history what it does not need to fail.</summary>
sealed class Shrinker(Func<History, Task<string?>> run)
{
    // Where several clients race, the same history fails only now and then.
    const int TriesOfSeveral = 30;

    /// <summary>Fails with the shortest history that was found.</summary>
    public async Task FailAsync(History history, string difference)
    {
        (history, difference) = await ShrinkAsync(history, difference);
        Assert.Fail($"{difference}\n\nThe history, to be kept in {nameof(KeptHistories)} once its cause is mended:\n\n{history}\n\nThe seed was {Settings.Seed}.");
    }

    public async Task<(History History, string Difference)> ShrinkAsync(History history, string difference)
    {
        while (true)
        {
            var isShorter = false;
            foreach (var shorter in history.Shorter())
            {
                if (await TryAsync(shorter) is { } same)
                {
                    (history, difference) = (shorter, same);
                    isShorter = true;
                    break;
                }
            }

            if (!isShorter)
                return (history, difference);
        }
    }

    async Task<string?> TryAsync(History history)
    {
        for (var tries = history.Clients.Count > 0 ? TriesOfSeveral : 1; tries > 0; tries--)
        {
            if (await run(history) is { } difference)
                return difference;
        }

        return null;
    }
}
