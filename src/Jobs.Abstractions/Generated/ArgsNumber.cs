using System.ComponentModel;

namespace Jobs.Generated;

/// <summary>Holds the numbers in args to what JSON can keep.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class ArgsNumber
{
    /// <summary>Returns <paramref name="number"/>, or refuses it.</summary>
    /// <exception cref="InvalidArgsException">The number is NaN or infinite.</exception>
    public static double Check(double number, string member) => double.IsFinite(number) ? number : throw NotFinite(member);

    /// <inheritdoc cref="Check(double, string)"/>
    public static float Check(float number, string member) => float.IsFinite(number) ? number : throw NotFinite(member);

    static InvalidArgsException NotFinite(string member) =>
        new($"{member} is NaN or infinite, which JSON cannot hold. Make the member nullable, or leave the job out.");
}
