using System.CommandLine;
using Jobs.Microbench.Dispatch;
using Jobs.Microbench.Generator;

var folder = new Option<string>("--output")
{
    Description = "The folder that gets the tables.",
    HelpName = "FOLDER",
    DefaultValueFactory = _ => Path.Combine("artifacts", "bench", "dispatch"),
};
var dispatch = new Command("dispatch", "From the stored bytes to the args in the worker's hands, beside JsonSerializer and Hangfire.") { folder };
dispatch.SetAction(parsed => DispatchRun.Run(parsed.GetRequiredValue(folder)) ? 0 : 2);

var workers = new Option<int>("--workers") { Description = "How many workers the program has.", HelpName = "N", DefaultValueFactory = _ => 1_000 };
var runs = new Option<int>("--runs") { Description = "How many keystrokes of each kind, and how many cold runs.", HelpName = "N", DefaultValueFactory = _ => 20 };
foreach (var option in new[] { workers, runs })
{
    option.Validators.Add(result =>
    {
        if (result.GetValueOrDefault<int>() is < 1 or > 100_000)
            result.AddError($"{option.Name} takes a number from 1 to 100000.");
    });
}

var generator = new Command("generator", "What the generator costs an editor, cold and at each keystroke.") { workers, runs };
generator.SetAction(parsed => new GeneratorRun(parsed.GetRequiredValue(workers), parsed.GetRequiredValue(runs)).Run(Console.Out));

return new RootCommand("Measures Jobs without a database. benchmarks/README.md says what is measured, and how.") { dispatch, generator }
    .Parse(args)
    .Invoke();
