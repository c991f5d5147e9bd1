namespace Jobs.Generators.Model;

/// <summary>
/// The dispatch rule. Of the shapes that JSON fits, the one with more constants wins, then the one that accounts for more of the
/// JSON's keys, then the one with fewer of its optional keys absent, then the one that is declared first.
/// </summary>
static class Dispatch
{
    /// <summary>
    /// The shapes in the order in which they are tried. Most pairs are decided by the order alone; where the optional keys decide,
    /// <see cref="Contest"/> says what the earlier one has to show against the later one.
    /// </summary>
    public static IReadOnlyList<ArgsShape> Order(IEnumerable<ArgsShape> shapes) =>
        [.. shapes.OrderByDescending(static shape => shape.Constants.Count).ThenByDescending(static shape => shape.Keys.Count())];

    /// <summary>What decides between two shapes that both fit.</summary>
    /// <param name="tried">The shape that is tried first.</param>
    /// <param name="later">A shape that comes later in the order.</param>
    /// <param name="isDeclaredFirst">Whether <paramref name="tried"/> is declared before <paramref name="later"/>.</param>
    /// <returns><see langword="null"/> where nothing fits both, or the first always wins.</returns>
    public static Contest? Between(ArgsShape tried, ArgsShape later, bool isDeclaredFirst)
    {
        if (tried.Constants.Count > later.Constants.Count || Contradict(tried, later))
            return null;

        var own = Beyond(tried, later);
        var others = Beyond(later, tried);
        var winsTie = own.All < others.All || (own.All == others.All && isDeclaredFirst);
        var worst = own.Required - others.All;
        return worst > 0 || (worst == 0 && winsTie) ? null : new Contest(own.Optional, own.Required, others.Optional, others.Required, winsTie);
    }

    static bool Contradict(ArgsShape one, ArgsShape other) =>
        one.Constants.Any(constant => other.Constants.Any(its => its.Key == constant.Key && its != constant));

    static (IReadOnlyList<string> Optional, int Required, int All) Beyond(ArgsShape shape, ArgsShape other)
    {
        var shared = new HashSet<string>(other.Keys, StringComparer.Ordinal);
        var optional = shape.OptionalKeys.Where(key => !shared.Contains(key)).ToList();
        var required = shape.RequiredKeys.Count(key => !shared.Contains(key));
        return (optional, required, optional.Count + required);
    }
}

/// <summary>
/// The shape tried first wins if of <paramref name="Own"/> there are, with <paramref name="OwnRequired"/>, more than of
/// <paramref name="Others"/> with <paramref name="OthersRequired"/>; or as many, if it <paramref name="WinsTie"/>.
/// </summary>
sealed record Contest(IReadOnlyList<string> Own, int OwnRequired, IReadOnlyList<string> Others, int OthersRequired, bool WinsTie);
