using System.Text.Json;
using Jobs.Generated;

namespace Jobs.Generators.Tests;

/// <summary>The callbacks of batches, as the store writes them and emitted workers read them.</summary>
public sealed class CallbackTests
{
    const string Teller = """
        using Jobs;
        namespace App;
        public sealed record EmailArgs(string Email);
        [Worker] public partial class Teller
        {
            [Perform] public void Deliver(EmailArgs args) => Log.Lines.Add(args);
            [Perform] public void Complete(BatchComplete batch) => Log.Lines.Add(batch);
            [Perform] public void Succeeded(BatchSucceeded batch) => Log.Lines.Add(batch);
            [Perform] public void Attempted(BatchAttempted batch) => Log.Lines.Add(batch);
            [Perform] public void Discarded(BatchDiscarded batch) => Log.Lines.Add(batch);
            [Perform] public void Cancelled(BatchCancelled batch) => Log.Lines.Add(batch);
            [Perform] public void Retryable(BatchRetryable batch) => Log.Lines.Add(batch);
        }

        """;

    public static TheoryData<string, Type> Kinds => new()
    {
        { "complete", typeof(BatchComplete) },
        { "succeeded", typeof(BatchSucceeded) },
        { "attempted", typeof(BatchAttempted) },
        { "discarded", typeof(BatchDiscarded) },
        { "cancelled", typeof(BatchCancelled) },
        { "retryable", typeof(BatchRetryable) },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Each_kind_reaches_its_method_with_all_that_the_store_tells(string status, Type type)
    {
        var host = await WorkerHost.StartAsync(Teller);

        var (_, lines) = await host.PerformAsync("App.Teller", $$"""
            {
                "status": "{{status}}", "batch_id": "b", "total": 9, "completed": 1, "cancelled": 2, "discarded": 3, "pending": 3,
                "inserted_at": "2026-11-26T23:00:00.123456+00:00", "occurred_at": "2026-11-27T01:00:00+00:00", "metadata": { "campaign": {"name": "spring"} },
                "new_in_a_later_version": [1, 2]
            }
            """);

        var callback = Assert.IsAssignableFrom<BatchCallback>(Assert.Single(lines));
        Assert.IsType(type, callback);
        Assert.Equal(("b", 9, 1, 2, 3, 3), (callback.BatchId, callback.Total, callback.Completed, callback.Cancelled, callback.Discarded, callback.Pending));
        Assert.Equal(new DateTimeOffset(2026, 11, 26, 23, 0, 0, 123, 456, TimeSpan.Zero), callback.InsertedAt);
        Assert.Equal(new DateTimeOffset(2026, 11, 27, 1, 0, 0, TimeSpan.Zero), callback.OccurredAt);
        Assert.Equal("spring", callback.Metadata!.Value.GetProperty("campaign").GetProperty("name").GetString());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_row_of_a_version_that_told_less_is_read(string status, Type type)
    {
        var host = await WorkerHost.StartAsync(Teller);

        var (_, lines) = await host.PerformAsync("App.Teller", $$"""{"status": "{{status}}", "batch_id": "b", "total": 6, "completed": 1, "cancelled": 2, "discarded": 3}""");

        var callback = Assert.IsAssignableFrom<BatchCallback>(Assert.Single(lines));
        Assert.IsType(type, callback);
        Assert.Equal((0, null, null, null), (callback.Pending, callback.InsertedAt, callback.OccurredAt, callback.Metadata));
    }

    [Fact]
    public async Task Metadata_that_is_null_is_none()
    {
        var host = await WorkerHost.StartAsync(Teller);

        var (_, lines) = await host.PerformAsync("App.Teller", """{"status": "complete", "batch_id": "b", "total": 0, "completed": 0, "cancelled": 0, "discarded": 0, "metadata": null}""");

        Assert.Null(Assert.IsType<BatchComplete>(Assert.Single(lines)).MetadataAs(JsonMetadataServicesOfText.Text));
    }

    [Fact]
    public async Task The_definition_and_the_contracts_of_a_worker_say_which_it_performs()
    {
        var host = await WorkerHost.StartAsync(Teller);

        Assert.True(host.Workers.TryGet("App.Teller", out var definition));
        Assert.Equal(Enum.GetValues<BatchCallbacks>().Aggregate(static (all, kind) => all | kind), definition!.Callbacks);
        var worker = host.Assembly.GetType("App.Teller")!;
        foreach (var (_, type) in Kinds.Select(static row => (row.Data.Item1, row.Data.Item2)))
        {
            Assert.True(typeof(IPerforms<>).MakeGenericType(type).IsAssignableFrom(worker));
            Assert.DoesNotContain(worker.GetMethods(), method => method.Name == "New" && method.GetParameters()[0].ParameterType == type);
        }
    }

    [Fact]
    public async Task A_record_of_ones_own_that_derives_from_the_base_is_args_like_any_other()
    {
        var host = await WorkerHost.StartAsync("""
            using Jobs;
            namespace App;
            [Matches("status", "mine")] public sealed record Mine(string BatchId, int Total, int Completed, int Cancelled, int Discarded)
                : BatchCallback(BatchId, Total, Completed, Cancelled, Discarded);
            [Worker] public partial class W { [Perform] public void Run(Mine args) => Log.Lines.Add(args); }

            """);
        var args = host.Make("App.Mine", "b", 3, 1, 1, 1);

        Assert.Equal([args], (await host.PerformAsync("App.W", host.New("App.W", args).Args)).Lines);
        Assert.True(host.Workers.TryGet("App.W", out var definition) && definition.Callbacks is BatchCallbacks.None);
    }

    static class JsonMetadataServicesOfText
    {
        public static System.Text.Json.Serialization.Metadata.JsonTypeInfo<string> Text { get; } =
            (System.Text.Json.Serialization.Metadata.JsonTypeInfo<string>)new JsonSerializerOptions { TypeInfoResolver = new System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver() }.GetTypeInfo(typeof(string));
    }
}
