using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Jobs.Store;

/// <summary>How far a job is, which counts only while the job executes this run on the node that tells it.</summary>
/// <param name="Id">The job.</param>
/// <param name="Run">Its run.</param>
/// <param name="Progress">What it told last.</param>
readonly record struct ProgressReport(long Id, long Run, JobProgress Progress);

/// <summary>How far a job is.</summary>
/// <param name="Done">How much is done, in units of the job's own.</param>
/// <param name="Total">How much there is; <see langword="null"/> where that is not known.</param>
/// <param name="Note">A word for people; text that the store can hold.</param>
sealed record JobProgress(long Done, long? Total, string? Note)
{
    public string ToJson() => string.Create(
        CultureInfo.InvariantCulture,
        $"{{\"done\": {Done}{(Total is null ? "" : $", \"total\": {Total}")}{(Note is null ? "" : $", \"note\": \"{JsonEncodedText.Encode(Note, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"")}}}");
}

/// <summary>What a renewal of a node's lease did.</summary>
/// <param name="IsRenewed">Whether the lease had not run out; if it had, that cannot be undone.</param>
/// <param name="Stored">The jobs whose progress was stored. Of the others somebody holds the row, or they execute this run no more.</param>
sealed record Renewal(bool IsRenewed, IReadOnlySet<long> Stored);
