using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net.Sockets;

namespace Jobs.Torture.Proxy;

/// <summary>One connection through the proxy: it follows what the client asks for, and may keep an answer to itself.</summary>
/// <remarks>
/// A client asks in units, each of which the server answers with one ReadyForQuery: a simple query, or everything up to a Sync. What
/// the server has executed in a unit is committed when its ReadyForQuery says that no transaction is open: then, and only then, the
/// answer may be lost.
/// </remarks>
sealed class ProxySession(Socket client, Socket server, CutPlan plan)
{
    const int CancelRequest = 80877102;
    const int SslRequest = 80877103;
    const int GssRequest = 80877104;

    readonly NetworkStream _client = new(client);
    readonly NetworkStream _server = new(server);
    readonly ConcurrentQueue<Unit> _units = new();

    /// <summary>Runs until one side closes the connection, or it is cut.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await GreetAsync(cancellationToken))
                await Task.WhenAny(ForwardQuestionsAsync(cancellationToken), ForwardAnswersAsync(cancellationToken)).Unwrap();
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Either side is gone: the other one will see the same.
        }
        finally
        {
            await _client.DisposeAsync();
            await _server.DisposeAsync();
            client.Dispose();
            server.Dispose();
        }
    }

    // An encrypted connection could not be read, so the proxy says in the server's place that there is none.
    async Task<bool> GreetAsync(CancellationToken cancellationToken)
    {
        while (await WireMessage.ReadStartupAsync(_client, cancellationToken) is { } startup)
        {
            var code = BinaryPrimitives.ReadInt32BigEndian(startup.Body);
            if (code is SslRequest or GssRequest)
            {
                await _client.WriteAsync("N"u8.ToArray(), cancellationToken);
                continue;
            }

            _units.Enqueue(new Unit(StatementKind.Other, EndsTransaction: false));
            await _server.WriteAsync(startup.Bytes, cancellationToken);
            return code != CancelRequest;
        }

        return false;
    }

    async Task ForwardQuestionsAsync(CancellationToken cancellationToken)
    {
        var statements = new Dictionary<string, StatementKind>(StringComparer.Ordinal);
        var unit = StatementKind.Other;
        while (await WireMessage.ReadAsync(_client, cancellationToken) is { } message)
        {
            switch (message.Type)
            {
                // Parse: the statement's name, its text.
                case 'P':
                    statements[message.TextAt(0, out var text)] = StatementKinds.Of(message.TextAt(text, out _));
                    break;

                // Bind: the portal's name, the statement's name.
                case 'B':
                    message.TextAt(0, out var statement);
                    unit = unit.And(statements.GetValueOrDefault(message.TextAt(statement, out _)));
                    break;

                case 'S':
                    _units.Enqueue(new Unit(unit, EndsTransaction: false));
                    unit = StatementKind.Other;
                    break;

                case 'Q':
                    var sql = message.TextAt(0, out _);
                    _units.Enqueue(new Unit(StatementKinds.Of(sql), EndsTransaction: sql.StartsWith("COMMIT", StringComparison.Ordinal)));
                    break;
            }

            await _server.WriteAsync(message.Bytes, cancellationToken);
        }
    }

    async Task ForwardAnswersAsync(CancellationToken cancellationToken)
    {
        var transaction = StatementKind.Other;
        var withheld = new List<WireMessage>();
        while (await WireMessage.ReadAsync(_server, cancellationToken) is { } message)
        {
            _units.TryPeek(out var unit);
            var kind = unit.EndsTransaction ? transaction : unit.Kind;
            if (kind == StatementKind.Other)
                await _client.WriteAsync(message.Bytes, cancellationToken);
            else
                withheld.Add(message);

            // CopyInResponse: the client goes on with the unit only when it has this.
            if (message.Type == 'G')
                await ReleaseAsync(withheld, cancellationToken);
            if (message.Type != 'Z')
                continue;

            _units.TryDequeue(out _);
            var isOpen = message.Body[0] == 'T';
            if (withheld.Count > 0 && !isOpen && IsCommitted(withheld, unit) && DidSomething(kind, withheld) && plan.Draw(kind) is { } style)
            {
                await CutAsync(kind, style, withheld, cancellationToken);
                return;
            }

            if (plan.DrawFreeze(kind))
            {
                await WaitForServerAsync(cancellationToken);
                return;
            }

            transaction = isOpen ? transaction.And(unit.Kind) : StatementKind.Other;
            await ReleaseAsync(withheld, cancellationToken);
        }
    }

    // A COMMIT of a transaction that had failed is answered by ROLLBACK.
    static bool IsCommitted(List<WireMessage> answer, Unit unit) =>
        answer.All(message => message.Type != 'E') && (!unit.EndsTransaction || TagOf(answer) == "COMMIT");

    // A claim that found nothing answers with one row that is nearly empty, and nobody misses it.
    static bool DidSomething(StatementKind kind, List<WireMessage> answer) =>
        kind != StatementKind.Claim || answer.Any(message => message.Type == 'D' && message.CountValues() > 2);

    async Task CutAsync(StatementKind kind, CutStyle style, List<WireMessage> answer, CancellationToken cancellationToken)
    {
        List<WireMessage> rows = style.IsPartial ? answer[..Math.Max(0, answer.FindLastIndex(message => message.Type == 'C'))] : [];
        plan.Note(new Cut(kind, style with { IsPartial = rows.Count > 0 }, TagOf(answer)));
        await ReleaseAsync(rows, cancellationToken);
        if (style.IsReset)
            client.LingerState = new LingerOption(true, 0);
        client.Close();
    }

    // Until the server has had enough of the silence.
    async Task WaitForServerAsync(CancellationToken cancellationToken)
    {
        while (await WireMessage.ReadAsync(_server, cancellationToken) is not null)
        {
        }
    }

    static string TagOf(List<WireMessage> answer) => answer.FindLast(message => message.Type == 'C') is { Bytes: not null } complete ? complete.TextAt(0, out _) : "";

    async Task ReleaseAsync(List<WireMessage> messages, CancellationToken cancellationToken)
    {
        if (messages.Count == 0)
            return;
        await _client.WriteAsync(messages.SelectMany(message => message.Bytes).ToArray(), cancellationToken);
        messages.Clear();
    }

    /// <summary>What one ReadyForQuery answers.</summary>
    readonly record struct Unit(StatementKind Kind, bool EndsTransaction);
}
