namespace Jobs.Bench.Hangfire;

public static class NoOpJob
{
    internal static Tally? Tally { get; set; }

    public static void Perform(int number) => Tally!.Begin();
}
