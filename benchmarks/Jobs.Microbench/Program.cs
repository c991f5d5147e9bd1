using System.CommandLine;
using Jobs.Microbench;
using Jobs.Microbench.Dispatch;
using Jobs.Microbench.Generator;
using Jobs.Microbench.Json;
using Jobs.Microbench.Keys;
using Jobs.Microbench.Outcomes;

var commands = new RootCommand("Measures Jobs without a database. benchmarks/README.md says what is measured, and how.")
{
    Measured<DispatchBenchmarks>("dispatch", "From the stored bytes to the args in the worker's hands, beside JsonSerializer and Hangfire."),
    Measured<JsonBenchmarks>("json", "From the args to the bytes that are stored, beside JsonSerializer."),
    Measured<KeyBenchmarks>("hash", "From what makes a job of a unique worker one to its hash, beside the bare hash."),
    Measured<AcknowledgerBenchmarks>("acknowledger", "From a job's end until its outcome is stored, by a store that answers at once."),
};

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

commands.Add(generator);
return commands.Parse(args).Invoke();

static Command Measured<TBenchmarks>(string name, string description)
{
    var folder = new Option<string>("--output")
    {
        Description = "The folder that gets the tables.",
        HelpName = "FOLDER",
        DefaultValueFactory = _ => Path.Combine("artifacts", "bench", name),
    };
    var command = new Command(name, description) { folder };
    command.SetAction(parsed => BenchmarkRun.Run<TBenchmarks>(parsed.GetRequiredValue(folder)) ? 0 : 2);
    return command;
}
