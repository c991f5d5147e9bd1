using System.Text.Json.Serialization;

namespace Jobs.Microbench.Dispatch;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true)]
[JsonSerializable(typeof(EmailArgs))]
[JsonSerializable(typeof(OrderArgs))]
sealed partial class ArgsContext : JsonSerializerContext;
