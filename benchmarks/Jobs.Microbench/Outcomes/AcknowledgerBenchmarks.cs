using BenchmarkDotNet.Attributes;
using Jobs.Queues;
using Jobs.Store;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Jobs.Microbench.Outcomes;

/// <summary>From a job's end until its outcome is stored and forgotten, for one outcome, by a store that answers at once.</summary>
[MemoryDiagnoser]
public class AcknowledgerBenchmarks
{
    const int Callers = 8;
    const int Many = 1_000;
    const int VeryMany = 10_000;

    readonly TakingStore _store = new();
    readonly CancellationTokenSource _ends = new();
    readonly Guid _node = Guid.NewGuid();
    readonly IHost _host;
    readonly Acknowledger _acknowledger;
    readonly Task[] _loops;
    long _lastId;

    public AcknowledgerBenchmarks()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddJobs(static jobs => jobs.UsePostgres("Host=localhost"));
        builder.Services.Replace(ServiceDescriptor.Singleton<JobStore>(_store));
        _host = builder.Build();
        _acknowledger = _host.Services.GetRequiredService<Acknowledger>();
        var time = TimeProvider.System;
        _loops = [_acknowledger.RunAsync(new Pulse("first", time), _ends.Token), _acknowledger.RunSecondAsync(new Pulse("second", time), _ends.Token)];
    }

    [GlobalCleanup]
    public async Task EndAsync()
    {
        _acknowledger.Complete();
        await Task.WhenAll(_loops);
        _host.Dispose();
        _ends.Dispose();
    }

    [Benchmark(Description = "one at a time")]
    public async Task One()
    {
        var taken = _store.WhenTakenAsync(1);
        await AddAsync(1);
        await taken;
    }

    [Benchmark(OperationsPerInvoke = Many, Description = "1,000, 8 callers")]
    public Task Thousand() => ManyAsync(Many);

    [Benchmark(OperationsPerInvoke = VeryMany, Description = "10,000, 8 callers")]
    public Task TenThousand() => ManyAsync(VeryMany);

    async Task ManyAsync(int count)
    {
        var taken = _store.WhenTakenAsync(count);
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(() => AddAsync(count / Callers))));
        await taken;
    }

    async Task AddAsync(int count)
    {
        for (; count > 0; count--)
            await _acknowledger.AcknowledgeAsync(new Acknowledgement(Interlocked.Increment(ref _lastId), 1, _node, JobState.Completed));
    }
}
