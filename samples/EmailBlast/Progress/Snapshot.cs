using System.Globalization;
using Jobs;

namespace EmailBlast.Progress;

/// <summary>How far a mailing is.</summary>
/// <param name="Total">How many mails it has.</param>
/// <param name="Done">How many have ended, in whatever way.</param>
/// <param name="Retrying">How many have failed and wait for their next attempt.</param>
/// <param name="Discarded">How many were given up.</param>
/// <param name="Rate">How many end in a second, of late.</param>
readonly record struct Snapshot(int Total, int Done, int Retrying, int Discarded, double Rate)
{
    /// <summary>How long the rest takes at this rate, in full seconds; <see langword="null"/> while nothing moves.</summary>
    public TimeSpan? Left
    {
        get
        {
            var seconds = Math.Ceiling((Total - Done) / Rate);
            return seconds < TimeSpan.MaxValue.TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;
        }
    }

    public double Fraction => Total == 0 ? 1 : (double)Done / Total;

    public string Count => Text($"{Done} of {Total} done");

    /// <summary>All of it in one line: <c>612 of 1000 done, 12 retrying, 3 discarded, 98/s, 00:04 left</c>.</summary>
    public override string ToString()
    {
        var left = Left is { } time && Done < Total ? Text($", {(time.TotalHours < 1 ? "" : $"{(long)time.TotalHours}:")}{time:mm\\:ss} left") : "";
        return Text($"{Count}, {Retrying} retrying, {Discarded} discarded, {Rate:0}/s{left}");
    }

    static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
