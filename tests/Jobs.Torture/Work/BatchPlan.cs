using System.Globalization;

namespace Jobs.Torture.Work;

/// <summary>What is done to a batch by hand while its members run.</summary>
enum Meddling
{
    CancelBatch,
    CancelMembers,
    DeleteMembers,
    RetryFailed,
}

/// <summary>Which fates are frequent among the members of a batch.</summary>
enum Mood
{
    /// <summary>All complete in the end.</summary>
    Good,

    Mixed,
    Bad,
}

/// <summary>A batch that a run stores.</summary>
sealed record PlannedBatch
{
    public required string Id { get; init; }

    /// <summary>The number of its first member; the others follow.</summary>
    public required long First { get; init; }

    public required int Size { get; init; }

    public required Mood Mood { get; init; }

    /// <summary>Decides the fates of its members, with their numbers.</summary>
    public long Seed { get; init; }

    /// <summary>In how many transactions its members come; none where it is stored as a whole.</summary>
    public int Additions { get; init; }

    /// <summary>Whether the caller names those who are told, which else are found among the members.</summary>
    public bool NamesListeners { get; init; }

    /// <summary>What is done to it by hand, and how long after it was stored.</summary>
    public (Meddling What, TimeSpan After)? Meddling { get; init; }

    /// <summary>The batches that are in it, stored between its additions.</summary>
    public IReadOnlyList<PlannedBatch> Children { get; init; } = [];

    public IEnumerable<PlannedBatch> Family => Children.SelectMany(static child => child.Family).Prepend(this);

    public IEnumerable<Member> Members => Enumerable.Range(0, Size).Select(i => MemberOf(First + i));

    /// <summary>The member with a number, always the same.</summary>
    public Member MemberOf(long number)
    {
        var chance = Chance.Of(Seed + number);
        var fate = FateOf(Mood, chance % 100);
        return new Member(number, fate, 1 + (int)(chance / 100 % 2), Takes(chance / 200 % 1_000));
    }

    // Most take no time to speak of; one in a thousand is still there when a node is killed.
    static int Takes(ulong chance) => chance switch
    {
        0 => 200,
        < 500 => 0,
        < 900 => 1,
        _ => 5,
    };

    static Fate FateOf(Mood mood, ulong chance) => mood switch
    {
        Mood.Good => chance switch { < 90 => Fate.Complete, < 96 => Fate.FailThenComplete, _ => Fate.SnoozeThenComplete },
        Mood.Mixed => chance switch
        {
            < 75 => Fate.Complete,
            < 82 => Fate.FailThenComplete,
            < 86 => Fate.SnoozeThenComplete,
            < 91 => Fate.Cancel,
            < 96 => Fate.Discard,
            _ => Fate.Fail,
        },
        _ => chance switch { < 25 => Fate.Complete, < 50 => Fate.Cancel, < 75 => Fate.Discard, _ => Fate.Fail },
    };
}

/// <summary>The batches of a run: sets of 400 with 20,000 jobs in all, of seven sizes, in an order that is left to chance.</summary>
sealed class BatchPlan
{
    public const int BatchesOfSet = 400;
    public const int JobsOfSet = 20_000;

    const int Deepest = 3;

    static readonly (int Size, int Batches)[] Set = [(0, 30), (1, 38), (2, 23), (3, 52), (10, 176), (100, 80), (10_000, 1)];

    readonly PlannedBatch[] _inOrder;

    BatchPlan(IReadOnlyList<PlannedBatch> roots)
    {
        Roots = roots;
        Batches = roots.SelectMany(static root => root.Family).ToDictionary(static batch => batch.Id);
        _inOrder = [.. Batches.Values.OrderBy(static batch => batch.First).ThenBy(static batch => batch.Size)];
        Jobs = _inOrder.Sum(static batch => (long)batch.Size);
    }

    /// <summary>The batches that are in no other, in the order in which they are stored.</summary>
    public IReadOnlyList<PlannedBatch> Roots { get; }

    public IReadOnlyDictionary<string, PlannedBatch> Batches { get; }

    /// <summary>How many members there are; their numbers are those below it.</summary>
    public long Jobs { get; }

    public static BatchPlan Of(params IReadOnlyList<PlannedBatch> roots) => new(roots);

    public static BatchPlan Make(Random random, int sets)
    {
        var sizes = Set.SelectMany(kind => Enumerable.Repeat(kind.Size, kind.Batches * sets)).ToArray();
        random.Shuffle(sizes);
        var (taken, first, seed) = (0, 0L, random.NextInt64(int.MaxValue));
        var roots = new List<PlannedBatch>();
        while (taken < sizes.Length)
            roots.Add(Take(depth: 0));
        return new BatchPlan(roots);

        PlannedBatch Take(int depth)
        {
            var size = sizes[taken];
            var id = string.Create(CultureInfo.InvariantCulture, $"batch-{taken++}");
            var number = first;
            first += size;
            var hasChildren = depth < Deepest && size <= 100 && random.Next(100) < (depth == 0 ? 3 : 15);
            var children = new List<PlannedBatch>();
            for (var i = hasChildren ? random.Next(1, 5) : 0; i > 0 && taken < sizes.Length; i--)
                children.Add(Take(depth + 1));
            return new PlannedBatch
            {
                Id = id,
                First = number,
                Size = size,
                Mood = random.Next(100) switch { < 45 => Mood.Good, < 90 => Mood.Mixed, _ => size > 100 ? Mood.Mixed : Mood.Bad },
                Seed = seed,
                Additions = children.Count > 0 || random.Next(100) < 5 ? random.Next(2, 6) : 0,
                NamesListeners = size == 0 || children.Count > 0 || random.Next(3) == 0,
                Meddling = MeddlingOf(size),
                Children = children,
            };
        }

        (Meddling, TimeSpan)? MeddlingOf(int size)
        {
            var after = TimeSpan.FromMilliseconds(random.Next(3_000));
            return size < 10 ? null : (size, random.Next(100)) switch
            {
                (_, < 2) => (Meddling.CancelBatch, after),
                (_, < 5) => (Meddling.CancelMembers, after),
                (_, < 8) => (Meddling.DeleteMembers, after),
                (_, < 14) or (10_000, < 50) => (Meddling.RetryFailed, after),
                _ => null,
            };
        }
    }

    /// <summary>The batch that a number was planned for; <see langword="null"/> for a number that nobody was given.</summary>
    public PlannedBatch? Find(long number)
    {
        var (low, high) = (0, _inOrder.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_inOrder[middle].First + _inOrder[middle].Size <= number)
                low = middle + 1;
            else
                high = middle;
        }

        return number >= 0 && low < _inOrder.Length ? _inOrder[low] : null;
    }
}

/// <summary>Chance that is the same for the same number, in every process.</summary>
static class Chance
{
    // SplitMix64, by Sebastiano Vigna.
    public static ulong Of(long number)
    {
        unchecked
        {
            var mixed = ((ulong)number + 1) * 0x9E3779B97F4A7C15;
            mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            return mixed ^ (mixed >> 31);
        }
    }
}
