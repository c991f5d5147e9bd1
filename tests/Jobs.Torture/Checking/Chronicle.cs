using System.Globalization;
using Jobs.Torture.Journals;

namespace Jobs.Torture.Checking;

/// <summary>What the journals say of one member.</summary>
struct MemberLines()
{
    public int Starts { get; set; }

    public int Ends { get; set; }

    public DateTime LastStart { get; set; }

    public DateTime FirstEnd { get; set; } = DateTime.MaxValue;
}

/// <summary>What the journals of a run say of its batches, by member and by callback.</summary>
sealed class Chronicle
{
    readonly MemberLines[] _members;
    readonly Dictionary<string, (int Times, DateTime First)> _told = [];
    readonly List<string> _unknown = [];
    readonly HashSet<long> _onSlowNodes = [];

    /// <param name="journal">The lines.</param>
    /// <param name="members">How many members there are; their numbers are those below it.</param>
    /// <param name="slow">The processes whose jobs may have run elsewhere too.</param>
    public Chronicle(IEnumerable<JournalLine> journal, long members, IReadOnlySet<int> slow)
    {
        _members = new MemberLines[members];
        Array.Fill(_members, new MemberLines());
        foreach (var line in journal)
        {
            if (slow.Contains(line.Process))
                _onSlowNodes.Add(line.JobId);
            if (line.Moment == Moment.Told)
                _told[line.Key] = _told.TryGetValue(line.Key, out var told) ? (told.Times + 1, Earlier(told.First, line.At)) : (1, line.At);
            else if (long.TryParse(line.Key, CultureInfo.InvariantCulture, out var number) && number >= 0 && number < members)
                Note(ref _members[number], line);
            else
                _unknown.Add(line.Key);
        }
    }

    /// <summary>The keys of lines about jobs that nobody asked for.</summary>
    public IReadOnlyList<string> Unknown => _unknown;

    /// <summary>The ids of the jobs that ran on nodes which lost their lease.</summary>
    public IReadOnlySet<long> OnSlowNodes => _onSlowNodes;

    public MemberLines Of(long number) => number >= 0 && number < _members.Length ? _members[number] : new MemberLines();

    /// <summary>How often a callback ran, and when it did first; never, if it did not.</summary>
    public (int Times, DateTime First) Told(string kind, string batch) => _told.TryGetValue($"{kind} {batch}", out var told) ? told : (0, DateTime.MaxValue);

    static void Note(ref MemberLines member, JournalLine line)
    {
        if (line.Moment == Moment.Started)
        {
            member.Starts++;
            member.LastStart = member.LastStart > line.At ? member.LastStart : line.At;
        }
        else if (line.Moment == Moment.Ended)
        {
            member.Ends++;
            member.FirstEnd = Earlier(member.FirstEnd, line.At);
        }
    }

    static DateTime Earlier(DateTime one, DateTime other) => one < other ? one : other;
}
