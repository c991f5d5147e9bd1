using EmailBlast;
using EmailBlast.Mail;
using EmailBlast.Mail.Smtp;
using EmailBlast.Progress;
using Jobs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

if (new CommandLine().Read(args, out var exitCode) is not { } options)
    return exitCode;

var display = ProgressDisplay.OfConsole();
try
{
    if (options.Command is MailingCommand.Watch or MailingCommand.Cancel or MailingCommand.RetryFailed)
        return await AttendAsync(options, display);

    var list = options.Command is MailingCommand.Work ? null : ReadList(options);
    TryOutput(options.Output);
    await using var connections = options.Smtp is { } server ? new SmtpConnections(server) : null;
    if (connections is not null)
        await connections.CheckAsync(CancellationToken.None);

    using var host = BuildHost(options, connections);
    await host.StartAsync();
    using var interrupts = new Interrupts(() => display.Say("Stopping: the mails that are being sent end first. Ctrl-C again ends at once."));
    try
    {
        return list is null
            ? await WorkAsync(host)
            : await new Mailing(host, options, Console.Out, display, SameCommand.For(args, options.Batch)).RunAsync(list);
    }
    finally
    {
        // Also where the mailing could not be stored: the host may work on another one by now, and gives its jobs back.
        await host.StopAsync();
    }
}
catch (MailingStoppedException stopped)
{
    display.Say(stopped.Message);
    return ExitCode.CouldNotRun;
}
catch (BatchNotFoundException missing)
{
    display.Say(OneLine.Of(missing.Message));
    return ExitCode.CouldNotRun;
}
catch (Exception exception) when (exception is ListRefusedException or SmtpUnavailableException or DatabaseUnavailableException or BatchExistsException
    or NotSupportedException or NpgsqlException or IOException or UnauthorizedAccessException)
{
    display.Say(OneLine.Of(exception.Message));
    display.Say(exception switch
    {
        BatchExistsException => "Give the mailing another --batch, or this one to go on with it. Nothing was stored.",
        NpgsqlException => "Whether the mailing was stored is not known. Run it again with the same --batch: one that is stored is gone on with, and not stored twice.",
        _ => "No mailing was stored.",
    });
    return ExitCode.CouldNotRun;
}

// A host without a queue: it asks and tells, and sends nothing.
static async Task<int> AttendAsync(Options options, ProgressDisplay display)
{
    var builder = Host.CreateEmptyApplicationBuilder(null);
    builder.Services.AddJobs(jobs => jobs.UsePostgres(options.Database));
    using var host = builder.Build();
    await host.StartAsync();
    using var stopping = new CancellationTokenSource();
    using var interrupts = new Interrupts(stopping.Cancel);
    try
    {
        return await new StoredMailing(host.Services.GetRequiredService<JobClient>(), options.Batch, Console.Out, display, stopping.Token).RunAsync(options.Command);
    }
    finally
    {
        await host.StopAsync();
    }
}

static MailingList ReadList(Options options)
{
    var list = MailingList.Load(options.List);
    foreach (var row in list.Skipped)
        Console.Error.WriteLine($"Line {row.Line} is skipped: {row.Reason}.");
    return options.Strict && list.Skipped.Count > 0
        ? throw new ListRefusedException($"--strict refuses the list: {list.Skipped.Count} of its rows cannot be mailed. Mend them, or leave out --strict.")
        : list;
}

static void TryOutput(string folder)
{
    try
    {
        Directory.CreateDirectory(folder);
        File.Create(Path.Combine(folder, $".{Guid.NewGuid():n}.tmp"), 1, FileOptions.DeleteOnClose).Dispose();
    }
    catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
    {
        throw new IOException($"No mail can be written to the folder {OneLine.Quoted(folder)}: {exception.Message} Name another: --output FOLDER");
    }
}

static IHost BuildHost(Options options, SmtpConnections? connections)
{
    var builder = Host.CreateEmptyApplicationBuilder(null);
    builder.Logging.AddSimpleConsole().SetMinimumLevel(LogLevel.Warning);
    // Who follows the mailing sees the retries in the display; one line for each would hide it.
    builder.Logging.AddFilter("Jobs.Queues.Executor", options.Command is MailingCommand.Work ? LogLevel.Warning : LogLevel.Error);
    builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    builder.Services.AddSingleton<IMailer>(_ => MailerFor(options, connections));
    builder.Services.AddJobs(jobs => jobs
        .UsePostgres(options.Database)
        .Configure(settings => settings.NodeLease = options.Lease)
        .AddQueue("batch", options.Concurrency)
        .AddWorkers());
    return builder.Build();
}

static IMailer MailerFor(Options options, SmtpConnections? connections)
{
    var letters = new Letters(options.From, options.Admins, TimeProvider.System);
    IMailer mailer = connections is not null ? new SmtpMailer(connections, letters)
        : options.DryRun ? new DryRunMailer(options.Output)
        : new PickupMailer(new PickupFolder(options.Output), letters);
    return options.Delay > TimeSpan.Zero || options.FailRate > 0 ? new UnreliableMailer(mailer, options.Delay, options.FailRate) : mailer;
}

static async Task<int> WorkAsync(IHost host)
{
    Console.WriteLine("Working until Ctrl-C.");
    await host.WaitForShutdownAsync();
    return ExitCode.AllDelivered;
}
