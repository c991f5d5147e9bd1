namespace Jobs.Microbench.Dispatch;

/// <summary>About 1 KB as jsonb prints it.</summary>
public sealed record OrderArgs(
    Guid OrderId,
    long CustomerNumber,
    string CustomerName,
    string Email,
    string Street,
    string? AddressLine,
    string City,
    string PostalCode,
    string Country,
    string Currency,
    decimal NetTotal,
    decimal TaxTotal,
    double WeightInKilograms,
    int ItemCount,
    short Priority,
    OrderChannel Channel,
    OrderChannel? ReturnChannel,
    bool IsGift,
    bool? WantsInvoice,
    DateTimeOffset OrderedAt,
    DateTimeOffset? DeliverBefore,
    Guid? CouponId,
    string Reference,
    string Note);

public enum OrderChannel
{
    Shop,
    Web,
    Phone,
}

public sealed record CancelOrderArgs(Guid OrderId, string Reason);
