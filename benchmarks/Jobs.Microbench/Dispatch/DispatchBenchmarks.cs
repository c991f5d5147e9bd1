using System.Text.Json;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using Hangfire.Common;
using Hangfire.Storage;

namespace Jobs.Microbench.Dispatch;

/// <summary>From the bytes of the row to the args in the worker's hands: Jobs, a plain deserializer that knows the type, and Hangfire.</summary>
[MemoryDiagnoser]
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory)]
[CategoriesColumn]
public class DispatchBenchmarks
{
    readonly IWorker _emails = Create<BatchEmailWorker>();
    readonly IWorker _orders = Create<OrderWorker>();
    readonly byte[] _email = StoredArgs.AsJsonb(BatchEmailWorker.New(StoredArgs.Email));
    readonly byte[] _order = StoredArgs.AsJsonb(OrderWorker.New(StoredArgs.Order));
    readonly JobContext _emailJob;
    readonly JobContext _orderJob;
    readonly string _hangfireEmail;
    readonly string _hangfireOrder;

    public DispatchBenchmarks()
    {
        _emailJob = JobOf(nameof(BatchEmailWorker), _email);
        _orderJob = JobOf(nameof(OrderWorker), _order);
        _hangfireEmail = InvocationData.SerializeJob(Job.FromExpression<BatchEmailWorker>(worker => worker.DeliverAsync(StoredArgs.Email, default))).SerializePayload();
        _hangfireOrder = InvocationData.SerializeJob(Job.FromExpression<OrderWorker>(worker => worker.PlaceAsync(StoredArgs.Order, default))).SerializePayload();
        CheckThatAllReadTheSame();
    }

    [Benchmark(Baseline = true, Description = "JsonSerializer"), BenchmarkCategory("EmailArgs")]
    public EmailArgs? DeserializeEmail() => JsonSerializer.Deserialize(_email, ArgsContext.Default.EmailArgs);

    [Benchmark(Description = "Jobs"), BenchmarkCategory("EmailArgs")]
    public JobOutcome DispatchEmail() => Perform(_emails, _emailJob);

    [Benchmark(Description = "Hangfire"), BenchmarkCategory("EmailArgs")]
    public Job HangfireEmail() => InvocationData.DeserializePayload(_hangfireEmail).DeserializeJob();

    [Benchmark(Baseline = true, Description = "JsonSerializer"), BenchmarkCategory("1 KB")]
    public OrderArgs? DeserializeOrder() => JsonSerializer.Deserialize(_order, ArgsContext.Default.OrderArgs);

    [Benchmark(Description = "Jobs"), BenchmarkCategory("1 KB")]
    public JobOutcome DispatchOrder() => Perform(_orders, _orderJob);

    [Benchmark(Description = "Hangfire"), BenchmarkCategory("1 KB")]
    public Job HangfireOrder() => InvocationData.DeserializePayload(_hangfireOrder).DeserializeJob();

    static IWorker Create<T>()
        where T : IGeneratedWorker => T.Definition.Create(NoServices.Instance);

    // Nothing waits in these workers, so the result is there.
    static JobOutcome Perform(IWorker worker, JobContext job) => worker.PerformAsync(job, CancellationToken.None).GetAwaiter().GetResult();

    static JobContext JobOf(string worker, byte[] args) => new()
    {
        Id = 1,
        Worker = worker,
        Queue = "default",
        Attempt = 1,
        MaxAttempts = 20,
        Batch = null,
        Args = args,
        Services = NoServices.Instance,
    };

    void CheckThatAllReadTheSame()
    {
        Perform(_emails, _emailJob);
        Perform(_orders, _orderJob);
        Require(StoredArgs.Email.Equals(((BatchEmailWorker)_emails).Read) && StoredArgs.Order.Equals(((OrderWorker)_orders).Read), "Jobs");
        Require(StoredArgs.Email.Equals(DeserializeEmail()) && StoredArgs.Order.Equals(DeserializeOrder()), "JsonSerializer");
        Require(StoredArgs.Email.Equals(HangfireEmail().Args[0]) && StoredArgs.Order.Equals(HangfireOrder().Args[0]), "Hangfire");
    }

    static void Require(bool isSame, string reader)
    {
        if (!isSame)
            throw new InvalidOperationException($"{reader} read other args than were stored.");
    }

    sealed class NoServices : IServiceProvider
    {
        public static readonly NoServices Instance = new();

        public object? GetService(Type serviceType) => null;
    }
}
