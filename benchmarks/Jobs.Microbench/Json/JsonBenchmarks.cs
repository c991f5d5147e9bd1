using System.Text.Json;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using Jobs.Microbench.Dispatch;

namespace Jobs.Microbench.Json;

/// <summary>From the args to the bytes that are stored: the generated writer, and a serializer that knows the type. Reading is in <see cref="DispatchBenchmarks"/>.</summary>
[MemoryDiagnoser]
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory)]
[CategoriesColumn]
public class JsonBenchmarks
{
    public JsonBenchmarks()
    {
        Require(JsonElement.DeepEquals(Parsed(SerializeEmail()), Parsed(WriteEmail().Args)));
        Require(JsonElement.DeepEquals(Parsed(SerializeOrder()), Parsed(WriteOrder().Args)));
    }

    [Benchmark(Baseline = true, Description = "JsonSerializer"), BenchmarkCategory("EmailArgs")]
    public byte[] SerializeEmail() => JsonSerializer.SerializeToUtf8Bytes(StoredArgs.Email, ArgsContext.Default.EmailArgs);

    [Benchmark(Description = "Jobs"), BenchmarkCategory("EmailArgs")]
    public NewJob WriteEmail() => BatchEmailWorker.New(StoredArgs.Email);

    [Benchmark(Baseline = true, Description = "JsonSerializer"), BenchmarkCategory("1 KB")]
    public byte[] SerializeOrder() => JsonSerializer.SerializeToUtf8Bytes(StoredArgs.Order, ArgsContext.Default.OrderArgs);

    [Benchmark(Description = "Jobs"), BenchmarkCategory("1 KB")]
    public NewJob WriteOrder() => OrderWorker.New(StoredArgs.Order);

    static JsonElement Parsed(ReadOnlyMemory<byte> json) => JsonElement.Parse(json.Span);

    static void Require(bool isSame)
    {
        if (!isSame)
            throw new InvalidOperationException("Jobs and JsonSerializer write different args.");
    }
}
