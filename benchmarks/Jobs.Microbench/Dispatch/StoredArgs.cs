using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Jobs.Microbench.Dispatch;

/// <summary>Args as they come back from a <c>jsonb</c> column.</summary>
static class StoredArgs
{
    public static EmailArgs Email { get; } = new("ada.lovelace@example.com");

    public static OrderArgs Order { get; } = new(
        new Guid("0193d1c0-6f2e-7b5a-9c43-5b7e2f1d8a60"), 4_815_162_342, "Ada Lovelace", "ada.lovelace@example.com", "12 St James's Square", null,
        "London", "SW1Y 4JH", "United Kingdom", "GBP", 1234.56m, 246.91m, 18.75, 7, 3, OrderChannel.Web, OrderChannel.Shop, IsGift: true,
        WantsInvoice: null, new DateTimeOffset(2026, 11, 24, 9, 30, 15, TimeSpan.FromHours(1)), new DateTimeOffset(2026, 12, 1, 18, 0, 0, TimeSpan.Zero),
        new Guid("6fa459ea-ee8a-4ca4-894e-db77e160355e"), "EB-2026-0004815",
        "Leave the parcel with the porter if nobody answers the door. The bell is on the left; the name beside it is still that of the previous " +
        "tenant. Please call before delivery, between nine and twelve, and do not bend the flat package: it holds two signed prints.");

    /// <summary>The text that jsonb prints: shorter keys first, keys of one length by their bytes, a space behind each colon and comma.</summary>
    public static byte[] AsJsonb(NewJob job)
    {
        using var json = JsonDocument.Parse(job.Args);
        var members = json.RootElement.EnumerateObject()
            .OrderBy(member => Encoding.UTF8.GetByteCount(member.Name))
            .ThenBy(member => member.Name, StringComparer.Ordinal)
            .Select(member => $"\"{member.Name}\": {JsonSerializer.Serialize(member.Value, Plain)}");
        return Encoding.UTF8.GetBytes($"{{{string.Join(", ", members)}}}");
    }

    static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
