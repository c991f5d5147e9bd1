using System.Security.Cryptography;
using System.Text;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using Jobs.Generated;

namespace Jobs.Microbench.Keys;

/// <summary>What makes a job of a unique worker one, into its hash, beside the bare hash of a text as long.</summary>
[MemoryDiagnoser]
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory)]
[CategoriesColumn]
public class KeyBenchmarks
{
    static readonly string Long = new('x', 1_000);
    static readonly byte[] ShortBytes = Encoding.UTF8.GetBytes("user_id4815162342");
    static readonly byte[] LongBytes = Encoding.UTF8.GetBytes(Long);
    static readonly byte[] TwentyBytes = new byte[100];
    static readonly int[] Numbers = [.. Enumerable.Range(0, 20)];

    [Benchmark(Baseline = true, Description = "SHA256"), BenchmarkCategory("a number")]
    public byte[] HashShort() => SHA256.HashData(ShortBytes);

    [Benchmark(Description = "Jobs"), BenchmarkCategory("a number")]
    public UInt128 HashNumber() => KeyWriter.Hash(4_815_162_342, static (key, value) => key.Write((long?)value));

    [Benchmark(Baseline = true, Description = "SHA256"), BenchmarkCategory("1,000 characters")]
    public byte[] HashLong() => SHA256.HashData(LongBytes);

    [Benchmark(Description = "Jobs"), BenchmarkCategory("1,000 characters")]
    public UInt128 HashText() => KeyWriter.Hash(Long, static (key, value) => key.Write(value));

    [Benchmark(Baseline = true, Description = "SHA256"), BenchmarkCategory("20 numbers")]
    public byte[] HashTwenty() => SHA256.HashData(TwentyBytes);

    [Benchmark(Description = "Jobs"), BenchmarkCategory("20 numbers")]
    public UInt128 HashList() => KeyWriter.Hash(Numbers, static (key, values) => Write(key, values));

    static void Write(KeyWriter key, int[] values)
    {
        key.StartList();
        foreach (var value in values)
            key.Write((long?)value);
        key.EndList();
    }
}
