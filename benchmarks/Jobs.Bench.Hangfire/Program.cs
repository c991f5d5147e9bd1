using System.Diagnostics;
using Hangfire;
using Jobs.Bench.Hangfire;

var connectionString = Environment.GetEnvironmentVariable("ConnectionStrings__Jobs");
if (string.IsNullOrEmpty(connectionString) || args is not [("work" or "call") and var mode])
{
    await Console.Error.WriteLineAsync("./bench peers starts this program, as: Jobs.Bench.Hangfire work|call, with the database in ConnectionStrings__Jobs.");
    return 2;
}

if (mode == "work")
{
    Protocol.Say("start", 0, Stopwatch.GetTimestamp());
    var storage = Settings.OpenStorage(connectionString);
    await using var tally = new Tally(connectionString);
    NoOpJob.Tally = tally;
    using var server = new BackgroundJobServer(Settings.OfServer(), storage);
    await Console.In.ReadToEndAsync();
}
else
{
    await new Caller(new BackgroundJobClient(Settings.OpenStorage(connectionString))).RunAsync(Console.In);
}

return 0;
