namespace Jobs;

/// <summary>The tags of a job: a few short texts by which people find it among others.</summary>
static class JobTags
{
    const int Most = 50;
    const int Longest = 100;

    /// <summary>A copy of <paramref name="tags"/>, each of them once.</summary>
    /// <exception cref="ArgumentException">There are too many, or one is null, empty, too long, or not to be stored.</exception>
    public static IReadOnlyList<string> Checked(IReadOnlyList<string> tags)
    {
        ArgumentNullException.ThrowIfNull(tags, nameof(NewJob.Tags));
        string[] checkedTags = [.. tags.Distinct(StringComparer.Ordinal)];
        if (checkedTags.Length > Most)
            throw new ArgumentException($"A job has {checkedTags.Length} tags, more than the {Most} that it may have.", nameof(NewJob.Tags));
        foreach (var tag in checkedTags)
        {
            if (string.IsNullOrWhiteSpace(tag) || tag.Length > Longest || !StorableText.IsStorable(tag))
                throw new ArgumentException($"A tag of a job must have 1 to {Longest} characters, none of them NUL or half of a surrogate pair.", nameof(NewJob.Tags));
        }

        return checkedTags;
    }
}
