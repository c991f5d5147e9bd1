using System.Globalization;

namespace Jobs.Model.Tests;

/// <summary>How long the random tests go on, and where they start. Small figures unless the environment says otherwise, as ./model does.</summary>
static class Settings
{
    /// <summary>Other values make other histories; each value makes the same ones in each run.</summary>
    public static uint Seed { get; } = (uint)Of("JOBS_MODEL_SEED", 1);

    public static int Steps { get; } = Of("JOBS_MODEL_STEPS", 2_000);

    public static int Histories { get; } = Of("JOBS_MODEL_HISTORIES", 100);

    static int Of(string name, int usual) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : usual;
}
