using Jobs.Model.Tests.Histories;

namespace Jobs.Model.Tests;

/// <summary>Something that a client does. It names what it means by its place in what the client knows, so that it means something in every history.</summary>
abstract record Operation
{
    /// <summary>The call that this is for a client who knows this; <see langword="null"/> for one who knows too little.</summary>
    public abstract Call? Resolve(View view);

    public sealed override string ToString() => CSharp.Of(this);
}

/// <summary>A call of one verb of the store, and the rule that it has to follow.</summary>
abstract record Call : Operation
{
    protected static IReadOnlySet<string> None { get; } = new HashSet<string>();

    /// <summary>How many transactions it is. Between them others may change everything.</summary>
    public virtual int Parts => 1;

    public override Call? Resolve(View view) => this;

    /// <summary>Calls the store, and returns what it answered, in as many parts. What the client learns from it goes into his view.</summary>
    public abstract Task<Answer[]> RunAsync(Subject subject, View view, CancellationToken cancellationToken);

    /// <summary>Does by the rules what the call does, and returns what it has to answer.</summary>
    /// <param name="world">What the store holds.</param>
    /// <param name="part">Which transaction this is, from 0.</param>
    /// <param name="skipped">The jobs that others hold at the moment, and that the call passes over.</param>
    public abstract Answer Apply(World world, int part, IReadOnlySet<string> skipped);

    /// <summary>The jobs that it may have passed over, if this was the answer; several possibilities if it does not say.</summary>
    public virtual IEnumerable<IReadOnlySet<string>> Skips(World world, int part, Answer answer) => [None];

    /// <summary>All sets of these jobs, the small ones first.</summary>
    protected static IEnumerable<IReadOnlySet<string>> SubsetsOf(IEnumerable<string> jobs)
    {
        var all = jobs.ToArray();
        return Enumerable.Range(0, 1 << all.Length)
            .OrderBy(bits => int.PopCount(bits))
            .Select(bits => all.Where((_, place) => (bits >> place & 1) == 1).ToHashSet());
    }
}

/// <summary>What a call answered.</summary>
/// <param name="Text">What it must answer in every order of the calls that explains the others.</param>
/// <param name="Hint">What it must answer if nobody else calls at the same time.</param>
sealed record Answer(string Text, string Hint = "")
{
    public static Answer Done { get; } = new("done");

    /// <summary>The jobs that it says it took.</summary>
    public IReadOnlyList<string> Taken { get; init; } = [];

    public bool IsAs(Answer other, bool alone) => Text == other.Text && (!alone || Hint == other.Hint);

    public override string ToString() => Hint.Length == 0 ? Text : $"{Text} ({Hint})";
}
