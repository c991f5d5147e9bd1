using System.Diagnostics;
using System.Globalization;

namespace Jobs.Torture.Checking;

/// <summary>What a person reads at the end: what was done, what came of it, and a line for each thing that was demanded.</summary>
/// <param name="scenario">The name of the scenario.</param>
/// <param name="output">Where the report goes.</param>
sealed class Report(string scenario, TextWriter output)
{
    const int NamesShown = 5;

    readonly Stopwatch _watch = Stopwatch.StartNew();
    string _part = "";

    /// <summary>How many demands were not met.</summary>
    public int Failures { get; private set; }

    /// <summary>What the run is, and on what.</summary>
    public void Head(int seed) =>
        Say($"── {scenario}, seed {seed}, {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC, {Environment.ProcessorCount} processors, .NET {Environment.Version}");

    public void Foot() =>
        Say($"── {scenario} {(Failures == 0 ? "holds" : "does NOT hold")}, after {_watch.Elapsed.TotalSeconds:0} s");

    /// <summary>What follows is about one part of the scenario.</summary>
    /// <param name="part">A word for it, which stands before its demands.</param>
    /// <param name="what">What is done in it.</param>
    public void Begin(string part, FormattableString what)
    {
        _part = $", {part}";
        Say(what);
    }

    public void Say(FormattableString text) => output.WriteLine(FormattableString.Invariant(text));

    /// <summary>How far it is, for a person who waits. It is no part of the report.</summary>
    public static void Progress(FormattableString text) => Console.Error.WriteLine(FormattableString.Invariant(text));

    /// <summary>A demand, and whether it was met: "passed" or "failed", the scenario, and the demand.</summary>
    /// <param name="demand">What must be so.</param>
    /// <param name="holds">Whether it is.</param>
    /// <param name="found">What was found instead.</param>
    public void Demand(string demand, bool holds, FormattableString found)
    {
        Failures += holds ? 0 : 1;
        output.WriteLine($"{(holds ? "passed" : "failed")} {scenario}{_part}: {demand}{(holds ? "" : $" ({found.ToString(CultureInfo.InvariantCulture)})")}");
    }

    public void DemandNone(string demand, IReadOnlyCollection<string> offenders) =>
        Demand(demand, offenders.Count == 0, $"{offenders.Count}: {string.Join(", ", offenders.Take(NamesShown))}{(offenders.Count > NamesShown ? ", …" : "")}");

    /// <summary>The figures of a run of batches, and what is demanded of them.</summary>
    public void Judge(BatchVerdict verdict)
    {
        Say($"  members    {verdict.Members} stored, {verdict.Lost.Count} lost, {verdict.Unexpected.Count} unexpected, {verdict.Doubled.Count} run more than once ({verdict.DoubledWithoutCause.Count} of them without a cause), {verdict.Misled.Count} ended otherwise than they should");
        Say($"  callbacks  {verdict.Batches} batches told {string.Join(", ", verdict.Told.Select(static told => $"{told.Value} {told.Key}"))}; {verdict.CallbacksMissed.Count} missed, {verdict.CallbacksEarly.Count} early, {verdict.CallbacksDoubled.Count} double");
        DemandNone("no member is lost", verdict.Lost);
        DemandNone("no member is there that nobody asked for, and none twice", verdict.Unexpected);
        DemandNone("only members that were executing at a kill ran more than once", verdict.DoubledWithoutCause);
        DemandNone("each member ends as it should, or as somebody wanted", verdict.Misled);
        DemandNone("each batch tells of all that happened, in six ways", verdict.CallbacksMissed);
        DemandNone("no batch tells of what has not happened, or not yet", verdict.CallbacksEarly);
        DemandNone("no batch tells anything twice", verdict.CallbacksDoubled);
        DemandNone("each batch tells of its end with the counts of its end", verdict.Miscounted);
        DemandNone("the counters agree with the rows (I1 to I4)", verdict.BrokenInvariants);
    }

    /// <summary>The figures of a verdict, and the demands that every run makes of them.</summary>
    public void Judge(Verdict verdict)
    {
        Say($"  jobs       {verdict.Stored} stored, {verdict.Lost.Count} lost, {verdict.Unexpected.Count} unexpected, {verdict.Doubled.Count} run more than once ({verdict.DoubledWithoutCause.Count} of them without a cause), {verdict.Recovered.Count} recovered");
        Say($"  callbacks  {verdict.Batches} batches, {verdict.CallbacksMissed.Count} missed, {verdict.CallbacksEarly.Count} early, {verdict.CallbacksDoubled.Count} double");
        DemandNone("no job is lost", verdict.Lost);
        DemandNone("no job is there that nobody asked for, and none twice", verdict.Unexpected);
        DemandNone("only jobs that were executing at a fault ran more than once", verdict.DoubledWithoutCause);
        DemandNone("each batch tells", verdict.CallbacksMissed);
        DemandNone("no batch tells before each of its jobs has run", verdict.CallbacksEarly);
        DemandNone("no batch tells twice", verdict.CallbacksDoubled);
        DemandNone("the counters agree with the rows (I1 to I4)", verdict.BrokenInvariants);
    }
}
