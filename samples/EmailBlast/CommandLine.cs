using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using EmailBlast.Mail.Smtp;
using MimeKit;
using Npgsql;

namespace EmailBlast;

/// <summary>What is to be done.</summary>
enum MailingCommand
{
    /// <summary>Mail a list, or go on with a mailing.</summary>
    Mail,

    /// <summary>Help with what others have stored.</summary>
    Work,

    /// <summary>Say how far a stored mailing is, until its end.</summary>
    Watch,

    /// <summary>End a stored mailing.</summary>
    Cancel,

    /// <summary>Mail again what was given up.</summary>
    RetryFailed,
}

/// <summary>What the command line asks for.</summary>
sealed record Options
{
    public required MailingCommand Command { get; init; }
    public required string List { get; init; }
    public required bool Strict { get; init; }
    public required string Database { get; init; }
    public required string Batch { get; init; }

    /// <summary>Whether a person chose the batch's id, and so may mean one that is stored.</summary>
    public required bool BatchIsGiven { get; init; }
    public required string Output { get; init; }
    public required SmtpServer? Smtp { get; init; }
    public required MailboxAddress From { get; init; }
    public required MailboxAddress Admins { get; init; }
    public required TimeSpan Lease { get; init; }
    public required int Concurrency { get; init; }
    public required double FailRate { get; init; }
    public required TimeSpan Delay { get; init; }
    public required bool DryRun { get; init; }
}

/// <summary>The command line: its options, their checks, and its help.</summary>
sealed class CommandLine
{
    const int LongestBatchId = 200;
    const int LargestDelay = 600_000;
    const int LargestConcurrency = 1000;
    const int ShortestLease = 3;
    const int LongestLease = 3600;
    const string DatabaseVariable = "ConnectionStrings__Jobs";

    readonly Option<string> _list = new("--list")
    {
        Description = "The CSV file to read: UTF-8, a header with the column email and, if there is one, name.",
        HelpName = "FILE.csv",
        DefaultValueFactory = _ => Path.Combine(AppContext.BaseDirectory, "list.csv"),
    };

    readonly Option<bool> _strict = new("--strict") { Description = "Refuse a list that has a malformed or duplicate row, instead of skipping the row." };

    readonly Option<string?> _database = new("--database")
    {
        Description = "PostgreSQL, as in Host=localhost;Username=me;Password=secret;Database=jobs. Without it, the variable ConnectionStrings__Jobs.",
        HelpName = "CONNECTION",
    };

    readonly Option<string> _batch = new("--batch")
    {
        Description = "The mailing's own id, new for each mailing. With the id of one that is stored, the program goes on with it and stores nothing.",
        HelpName = "ID",
        DefaultValueFactory = _ => string.Create(CultureInfo.InvariantCulture, $"email-blast-{DateTimeOffset.UtcNow.ToUnixTimeSeconds()}"),
    };

    readonly Option<string> _output = new("--output")
    {
        Description = "The folder for the mails, and for the list of those given up: one folder in it for each mailing.",
        HelpName = "FOLDER",
        DefaultValueFactory = _ => "outbox",
    };

    readonly SmtpOptions _smtp = new();
    readonly Option<string> _from = new("--from") { Description = "Who writes.", HelpName = "ADDRESS", DefaultValueFactory = _ => "The Weekly Update <weekly@example.com>" };
    readonly Option<string> _admins = new("--admins") { Description = "Whom to tell at the end.", HelpName = "ADDRESS", DefaultValueFactory = _ => "The admins <admins@example.com>" };
    readonly Option<int> _lease = new("--lease-seconds") { Description = "How long this process may be silent before others take its mails over.", HelpName = "N", DefaultValueFactory = _ => 30 };
    readonly Option<int> _concurrency = new("--concurrency") { Description = "How many mails this process sends at once.", HelpName = "N", DefaultValueFactory = _ => 10 };
    readonly Option<double> _failRate = new("--fail-rate") { Description = "How many of the deliveries fail, to see the retries: 0 for none, 0.1 for every tenth, 1 for all.", HelpName = "RATE" };
    readonly Option<int> _delay = new("--delay-ms") { Description = "How long each delivery takes, to see the work spread.", HelpName = "MS" };
    readonly Option<bool> _dryRun = new("--dry-run") { Description = "Store and run everything, but write no mails: each process notes the addresses in a file in the output folder." };
    readonly Option<bool> _workOnly = new("--work-only") { Description = "Read no list: help with what others have stored, until Ctrl-C." };
    readonly Option<bool> _watch = new("--watch") { Description = "Read no list and send nothing: say how far the mailing of --batch is, until its end." };
    readonly Option<bool> _cancel = new("--cancel") { Description = "End the mailing of --batch: what waits is not mailed, and what is being sent ends." };
    readonly Option<bool> _retryFailed = new("--retry-failed") { Description = "Have the mails of --batch that were given up or cancelled tried again, by whoever works." };

    readonly RootCommand _root;

    public CommandLine()
    {
        _root = new RootCommand("Mails a list, and tells the admins once when the last mail is out.")
        {
            _list, _strict, _database, _batch, _output, _from, _admins, _concurrency, _lease, _failRate, _delay, _dryRun, _workOnly,
            _watch, _cancel, _retryFailed,
        };
        _smtp.AddTo(_root);
        Require(_list, path => path.Length > 0, "a file");
        Require(_output, path => path.Length > 0 && !path.Contains('\0', StringComparison.Ordinal), "a folder");
        Require(_batch, IsBatchId, $"1 to {LongestBatchId} characters, and none of them a line break or another control character");
        Require(_from, text => FindMailbox(text) is not null, "an address, such as \"The Weekly Update <weekly@example.com>\"");
        Require(_admins, text => FindMailbox(text) is not null, "an address, such as admins@example.com");
        Require(_lease, seconds => seconds is >= ShortestLease and <= LongestLease, $"a number of seconds from {ShortestLease} to {LongestLease}");
        Require(_concurrency, n => n is >= 1 and <= LargestConcurrency, $"a number from 1 to {LargestConcurrency}");
        Require(_failRate, rate => rate is >= 0 and <= 1, "a number from 0 to 1, such as 0.1");
        Require(_delay, ms => ms is >= 0 and <= LargestDelay, $"a number of milliseconds from 0 to {LargestDelay}");
        _root.Validators.Add(RefuseListWithoutMailing);
        _root.Validators.Add(RefuseCommandWithoutBatch);
        _root.Validators.Add(RefuseServerWithoutAddresses);
    }

    /// <summary>Reads the arguments.</summary>
    /// <param name="args">The arguments of the program.</param>
    /// <param name="exitCode">What to exit with if there is nothing to do, or nothing that can be done; the reason is printed.</param>
    public Options? Read(string[] args, out int exitCode)
    {
        var parsed = _root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            exitCode = ExitCode.CouldNotRun;
            return Refuse(parsed.Errors.Select(error => error.Message));
        }

        if (parsed.Action is { } helpOrVersion)
        {
            exitCode = parsed.Invoke();
            return null;
        }

        exitCode = ExitCode.CouldNotRun;
        return FindDatabase(parsed) is not { } database ? null : new Options
        {
            Command = Command(parsed),
            List = parsed.GetRequiredValue(_list),
            Strict = parsed.GetValue(_strict),
            Database = database,
            Batch = parsed.GetRequiredValue(_batch),
            BatchIsGiven = parsed.GetResult(_batch) is { Implicit: false },
            Output = parsed.GetRequiredValue(_output),
            Smtp = _smtp.Read(parsed),
            From = FindMailbox(parsed.GetRequiredValue(_from))!,
            Admins = FindMailbox(parsed.GetRequiredValue(_admins))!,
            Lease = TimeSpan.FromSeconds(parsed.GetValue(_lease)),
            Concurrency = parsed.GetValue(_concurrency),
            FailRate = parsed.GetValue(_failRate),
            Delay = TimeSpan.FromMilliseconds(parsed.GetValue(_delay)),
            DryRun = parsed.GetValue(_dryRun),
        };
    }

    string? FindDatabase(ParseResult parsed)
    {
        var database = parsed.GetValue(_database) ?? Environment.GetEnvironmentVariable(DatabaseVariable);
        if (string.IsNullOrWhiteSpace(database))
        {
            Refuse([$"No database is named. Say where PostgreSQL is, with --database or in the variable {DatabaseVariable}: Host=localhost;Username=me;Password=secret;Database=jobs"]);
            return null;
        }

        try
        {
            return new NpgsqlConnectionStringBuilder(database).ConnectionString;
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or KeyNotFoundException or OverflowException)
        {
            // The message of the parser may hold a part of the text, and so of the password.
            Refuse(["The connection string cannot be read. It looks like: Host=localhost;Username=me;Password=secret;Database=jobs"]);
            return null;
        }
    }

    void RefuseListWithoutMailing(CommandResult command)
    {
        if (!command.GetValue(_workOnly))
            return;
        foreach (var option in (Option[])[_list, _strict, _batch])
            if (command.GetResult(option) is { Implicit: false })
                command.AddError($"{option.Name} has no meaning with --work-only, which reads no list. Leave out one of them.");
    }

    void RefuseCommandWithoutBatch(CommandResult command)
    {
        var given = ((Option<bool>[])[_workOnly, _watch, _cancel, _retryFailed]).Where(option => command.GetValue(option)).ToList();
        if (given.Count > 1)
            command.AddError($"{given[0].Name} and {given[1].Name} are two things to do. Choose one.");
        if (given is not [var only] || only == _workOnly)
            return;
        if (command.GetResult(_batch) is null or { Implicit: true })
            command.AddError($"{only.Name} needs to know which mailing: --batch ID.");
        foreach (var option in (Option[])[_list, _strict])
            if (command.GetResult(option) is { Implicit: false })
                command.AddError($"{option.Name} has no meaning with {only.Name}, which reads no list. Leave out one of them.");
    }

    MailingCommand Command(ParseResult parsed) =>
        parsed.GetValue(_workOnly) ? MailingCommand.Work
        : parsed.GetValue(_watch) ? MailingCommand.Watch
        : parsed.GetValue(_cancel) ? MailingCommand.Cancel
        : parsed.GetValue(_retryFailed) ? MailingCommand.RetryFailed
        : MailingCommand.Mail;

    // The addresses that stand in for them are nobody's.
    void RefuseServerWithoutAddresses(CommandResult command)
    {
        if (!_smtp.AreGiven(command))
            return;
        foreach (var option in (Option[])[_from, _admins])
            if (command.GetResult(option) is null or { Implicit: true })
                command.AddError($"--smtp sends real mails: say who writes and whom to tell at the end, with --from and --admins. {option.Name} is missing.");
        if (command.GetValue(_dryRun))
            command.AddError("--dry-run writes no mails, and --smtp sends them. Leave out one of them.");
    }

    static MailboxAddress? FindMailbox(string text) =>
        MailboxAddress.TryParse(text, out var mailbox) && EmailAddress.FindProblem(mailbox.Address, out _) is null ? mailbox : null;

    static bool IsBatchId(string id) =>
        id.Length is >= 1 and <= LongestBatchId && !string.IsNullOrWhiteSpace(id) && !id.Any(char.IsControl) && !id.Contains('\uFFFD', StringComparison.Ordinal);

    static void Require<T>(Option<T> option, Func<T, bool> holds, string wanted) => option.Validators.Add(result =>
    {
        if (result.Tokens.Count > 0 && result.Errors.All(error => error.SymbolResult != result) && result.GetValueOrDefault<T>() is { } value && !holds(value))
            result.AddError($"{option.Name} must be {wanted}, not {OneLine.Quoted(result.Tokens[0].Value)}.");
    });

    static Options? Refuse(IEnumerable<string> reasons)
    {
        foreach (var reason in reasons)
            Console.Error.WriteLine(reason);
        Console.Error.WriteLine("Nothing was stored. See --help.");
        return null;
    }
}
