using System.CommandLine;

namespace Jobs.Bench.Commands;

/// <summary>Options that hold numbers from one to a limit.</summary>
static class Numbers
{
    public const int MostJobs = 100_000_000;

    public static Option<int> One(string name, int most, int usual, string description)
    {
        var option = new Option<int>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => usual };
        option.Validators.Add(result =>
        {
            if (!result.Errors.Any() && result.GetValueOrDefault<int>() is var value && (value < 1 || value > most))
                result.AddError($"{name} must be a number from 1 to {most}, not {value}.");
        });
        return option;
    }

    public static Option<int[]> Several(string name, int most, int[] usual, string description)
    {
        var option = new Option<int[]>(name)
        {
            Description = description,
            HelpName = "N",
            DefaultValueFactory = _ => usual,
            AllowMultipleArgumentsPerToken = true,
        };
        option.Validators.Add(result =>
        {
            if (!result.Errors.Any() && result.GetValueOrDefault<int[]>() is { } values && values.Any(value => value < 1 || value > most))
                result.AddError($"{name} must be numbers from 1 to {most}.");
        });
        return option;
    }
}
