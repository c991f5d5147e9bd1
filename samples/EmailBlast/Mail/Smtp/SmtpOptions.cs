using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;

namespace EmailBlast.Mail.Smtp;

/// <summary>The part of the command line that names a mail server.</summary>
sealed class SmtpOptions
{
    /// <summary>The environment variable with the password, which has no option: everybody on a machine sees its command lines.</summary>
    public const string PasswordVariable = "EMAILBLAST_SMTP_PASSWORD";

    const string DefaultSecurity = "auto";

    static readonly Dictionary<string, SmtpSecurity> Securities = new(StringComparer.Ordinal)
    {
        ["auto"] = SmtpSecurity.Auto,
        ["none"] = SmtpSecurity.None,
        ["starttls"] = SmtpSecurity.StartTls,
        ["tls"] = SmtpSecurity.Tls,
    };

    readonly Option<string?> _server = new("--smtp")
    {
        Description = "Send the mails through this mail server, instead of writing them into a folder. Wants --from and --admins too.",
        HelpName = "HOST:PORT",
    };

    readonly Option<string> _security = new("--smtp-security")
    {
        Description = "How the connection is encrypted: starttls, tls (from the first byte), none, or auto: tls on port 465, to this machine what the server offers, else starttls.",
        HelpName = "HOW",
        DefaultValueFactory = _ => DefaultSecurity,
    };

    readonly Option<string?> _user = new("--smtp-user")
    {
        Description = $"Log in with this name, and the password in the variable {PasswordVariable}.",
        HelpName = "NAME",
    };

    /// <summary>Adds the options and their checks to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_server);
        command.Options.Add(_security);
        command.Options.Add(_user);
        command.Validators.Add(RefuseWhatDoesNotFit);
    }

    /// <summary>Whether mails go to a server.</summary>
    public bool AreGiven(CommandResult command) => command.GetResult(_server) is not null;

    /// <summary>The server that is named; <see langword="null"/> if none is.</summary>
    public SmtpServer? Read(ParseResult parsed)
    {
        if (parsed.GetValue(_server) is not { } server)
            return null;
        var login = parsed.GetValue(_user) is { } user ? new NetworkCredential(user, Environment.GetEnvironmentVariable(PasswordVariable)) : null;
        return SmtpServer.TryParse(server)! with { Security = Securities[parsed.GetRequiredValue(_security)], Login = login };
    }

    void RefuseWhatDoesNotFit(CommandResult command)
    {
        var user = command.GetValue(_user);
        var how = command.GetResult(_security) is null ? DefaultSecurity : command.GetRequiredValue(_security);
        if (command.GetValue(_server) is not { } text)
        {
            foreach (var option in (Option[])[_security, _user])
                if (command.GetResult(option) is { Implicit: false })
                    command.AddError($"{option.Name} has no meaning without --smtp HOST:PORT.");
            return;
        }

        if (SmtpServer.TryParse(text) is not { } server)
            command.AddError($"--smtp must be a host and a port, such as mail.example.com:587, not {OneLine.Quoted(text)}.");
        else if (!Securities.TryGetValue(how, out var security))
            command.AddError($"--smtp-security must be one of {string.Join(", ", Securities.Keys)}, not {OneLine.Quoted(how)}.");
        else if (user is not null && security == SmtpSecurity.None && !server.IsLocal)
            command.AddError($"--smtp-security none would send the password of {OneLine.Quoted(user)} in the clear. Leave one of them out.");

        if (user is { Length: 0 })
            command.AddError("--smtp-user must be a name.");
        else if (user is not null && string.IsNullOrEmpty(Environment.GetEnvironmentVariable(PasswordVariable)))
            command.AddError($"--smtp-user wants a password: put it in the variable {PasswordVariable}.");
    }
}
