using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using MimeKit;

namespace EmailBlast.Tests.Smtp;

/// <summary>A private mail server on this machine: aiosmtpd as a process of its own, which keeps what it gets, and ends with the test.</summary>
sealed class MailServer : IAsyncDisposable
{
    const int PortsToTry = 20;

    static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("email-blast-smtp-");
    readonly JsonObject _settings;
    Process _process = null!;

    MailServer(JsonObject settings)
    {
        _settings = settings;
        _settings["folder"] = _folder.FullName;
        if (settings.ContainsKey("tls"))
            MakeCertificates();
    }

    public int Port { get; private set; }

    public string Address => $"127.0.0.1:{Port}";

    /// <summary>The authority that signed the server's certificate, as <c>SSL_CERT_FILE</c> wants it.</summary>
    public string Authority => Path.Combine(_folder.FullName, "authority.pem");

    /// <summary>What the server has taken.</summary>
    public IReadOnlyList<MimeMessage> Mails => [.. _folder.GetFiles("*.eml").Select(file => MimeMessage.Load(file.FullName))];

    /// <summary>How many mails it has taken.</summary>
    public int Count => _folder.GetFiles("*.eml").Length;

    /// <summary>Starts a server on a port that is free.</summary>
    /// <param name="settings">What <c>smtp-server.py</c> may be told.</param>
    public static async Task<MailServer> StartAsync(JsonObject? settings = null)
    {
        var server = new MailServer(settings ?? []);
        for (var tried = 0; tried < PortsToTry; tried++)
        {
            // Below the ports that Linux gives to clients: a server that is killed gets its own port again.
            server.Port = Random.Shared.Next(20_000, 32_000);
            if (IsFree(server.Port) && await server.TryStartAsync())
                return server;
        }

        await server.DisposeAsync();
        throw new InvalidOperationException("The tests need a mail server, and aiosmtpd did not start; the reason is above. ./test installs it: Debian's package is python3-aiosmtpd.");
    }

    /// <summary>Ends it in the middle of whatever it does.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    /// <summary>Starts it again on the same port, with what it had.</summary>
    public async Task StartAgainAsync() => Assert.True(await TryStartAsync());

    /// <summary>Returns when it has taken so many mails.</summary>
    public async Task WaitForMailsAsync(int count)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        var watch = Stopwatch.StartNew();
        while (Count < count)
        {
            Assert.True(watch.Elapsed < Longest, $"{Count} of {count} mails came in {watch.Elapsed}.");
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }

    async Task<bool> TryStartAsync()
    {
        _settings["port"] = Port;
        var script = Path.Combine(_folder.FullName, "smtp-server.py");
        await using (var resource = typeof(MailServer).Assembly.GetManifestResourceStream("smtp-server.py")!)
        await using (var file = File.Create(script))
            await resource.CopyToAsync(file, TestContext.Current.CancellationToken);

        // Debian's packages are seen by Debian's python3, which another on the path may hide.
        var python = File.Exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3";
        _process = Process.Start(new ProcessStartInfo(python, [script, _settings.ToJsonString()])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        if (await _process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) == "listening")
            return true;
        _process.Dispose();
        return false;
    }

    static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    // An authority of its own and a certificate for 127.0.0.1, so that the client checks it as it checks any other.
    void MakeCertificates()
    {
        var (from, until) = (DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authority = new CertificateRequest("CN=Authority of a test", authorityKey, HashAlgorithmName.SHA256);
        authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        using var signer = authority.CreateSelfSigned(from, until);

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Mail server of a test", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(signer, from, until, RandomNumberGenerator.GetBytes(8));

        File.WriteAllText(Authority, signer.ExportCertificatePem());
        _settings["certificate"] = Write("certificate.pem", certificate.ExportCertificatePem());
        _settings["key"] = Write("key.pem", key.ExportPkcs8PrivateKeyPem());

        string Write(string name, string pem)
        {
            var path = Path.Combine(_folder.FullName, name);
            File.WriteAllText(path, pem);
            return path;
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await KillAsync();
        }
        catch (InvalidOperationException)
        {
            // It is dead already.
        }

        _folder.Delete(recursive: true);
    }
}
