using System.Threading.Channels;

namespace Jobs.Torture.Proxy;

/// <summary>How a connection is cut.</summary>
/// <param name="IsPartial">Whether the rows of the answer go through, and only its end is lost; else nothing goes through.</param>
/// <param name="IsReset">Whether the client's connection is reset, as by a firewall; else it is closed in order.</param>
readonly record struct CutStyle(bool IsPartial, bool IsReset);

/// <summary>A cut that has been made: the server had executed and committed the statement, and its client will not hear of it.</summary>
/// <param name="Kind">What was cut.</param>
/// <param name="Tag">The command tag in the answer that was lost, such as <c>COMMIT</c>.</param>
readonly record struct Cut(StatementKind Kind, CutStyle Style, string Tag);

/// <summary>Decides by chance which answers are lost, until there have been enough of each kind.</summary>
/// <param name="random">The chance.</param>
/// <param name="each">How many of each kind.</param>
/// <param name="kinds">The kinds that are cut; all of them, if none is named.</param>
sealed class CutPlan(Random random, int each, params StatementKind[] kinds)
{
    // Of so many answers in a row one is lost, at least.
    const int LongestGap = 6;

    readonly Lock _gate = new();
    readonly Dictionary<StatementKind, int> _left = StatementKinds.Cut.ToDictionary(kind => kind, kind => kinds.Length == 0 || kinds.Contains(kind) ? each : 0);
    readonly Dictionary<StatementKind, int> _gap = StatementKinds.Cut.ToDictionary(kind => kind, _ => random.Next(1, LongestGap + 1));
    readonly Channel<Cut> _cuts = Channel.CreateUnbounded<Cut>();
    readonly List<Cut> _made = [];
    readonly TaskCompletionSource _frozen = new(TaskCreationOptions.RunContinuationsAsynchronously);
    StatementKind _freezes = StatementKind.Other;
    bool _isOn = true;

    /// <summary>Each cut, when it has been made. Completes after the last, or when <see cref="Stop"/> was called.</summary>
    public ChannelReader<Cut> Cuts => _cuts.Reader;

    /// <summary>All that have been made.</summary>
    public IReadOnlyList<Cut> Made
    {
        get
        {
            lock (_gate)
                return [.. _made];
        }
    }

    public bool IsLeft(StatementKind kind)
    {
        lock (_gate)
            return _left[kind] > 0;
    }

    /// <summary>Cuts no more.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _isOn = false;
            _cuts.Writer.TryComplete();
        }
    }

    /// <summary>Lets a client fall silent, once, when such a statement has been carried out, and before it hears of it.</summary>
    /// <returns>Completes when it has happened.</returns>
    public Task FreezeOnce(StatementKind kind)
    {
        lock (_gate)
            _freezes = kind;
        return _frozen.Task;
    }

    /// <summary>Whether nothing is to go through any more, for server and client to find out by themselves.</summary>
    public bool DrawFreeze(StatementKind kind)
    {
        lock (_gate)
            return _freezes != StatementKind.Other && _freezes == kind && _frozen.TrySetResult();
    }

    /// <summary>Whether this answer is to be lost, and how.</summary>
    public CutStyle? Draw(StatementKind kind)
    {
        lock (_gate)
        {
            if (!_isOn || _left[kind] == 0 || --_gap[kind] > 0)
                return null;
            _gap[kind] = random.Next(1, LongestGap + 1);
            _left[kind]--;
            return new CutStyle(random.Next(2) == 0, random.Next(2) == 0);
        }
    }

    /// <summary>The cut has been made.</summary>
    public void Note(Cut cut)
    {
        lock (_gate)
        {
            _made.Add(cut);
            _cuts.Writer.TryWrite(cut);
            if (_left.Values.All(left => left == 0) && _made.Count == (kinds.Length == 0 ? StatementKinds.Cut.Count : kinds.Length) * each)
                _cuts.Writer.TryComplete();
        }
    }
}
