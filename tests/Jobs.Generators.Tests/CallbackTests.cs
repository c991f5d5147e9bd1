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

        var callback = Assert.IsAssignableFrom<BatchCallback<JsonElement?>>(Assert.Single(lines));
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

        var callback = Assert.IsAssignableFrom<BatchCallback<JsonElement?>>(Assert.Single(lines));
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

    // With metadata as a record

    const string CampaignTeller = """
        using Jobs;
        namespace App;
        public record Campaign(string Name, int Year = 2026, Owner? Owner = null);
        public sealed record Owner(string Email);
        public sealed record LongCampaign(string Name) : Campaign(Name);
        public struct Score { public int Points { get; set; } }
        [Worker] public partial class Teller
        {
            [Perform] public void Complete(BatchComplete<Campaign> batch) => Log.Lines.Add(batch);
            [Perform] public void Succeeded(BatchSucceeded<Campaign?> batch) => Log.Lines.Add(batch);
            [Perform] public void Attempted(BatchAttempted<Campaign> batch) => Log.Lines.Add(batch);
            [Perform] public void Discarded(BatchDiscarded<Campaign> batch) => Log.Lines.Add(batch);
            [Perform] public void Cancelled(BatchCancelled<Score?> batch) => Log.Lines.Add(batch);
            [Perform] public void Retryable(BatchRetryable<Campaign> batch) => Log.Lines.Add(batch);
        }

        """;

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Each_kind_has_the_metadata_that_its_worker_made_as_its_record(string status, Type type)
    {
        var host = await WorkerHost.StartAsync(CampaignTeller);
        object metadata = status == "cancelled" ? host.Make("App.Score") : host.Make("App.Campaign", "spring", 2030, host.Make("App.Owner", "ada@example.com"));

        var (_, lines) = await host.PerformAsync("App.Teller", $$"""
            {
                "status": "{{status}}", "batch_id": "b", "total": 9, "completed": 1, "cancelled": 2, "discarded": 3, "pending": 3,
                "inserted_at": "2026-11-26T23:00:00.123456+00:00", "occurred_at": "2026-11-27T01:00:00+00:00", "metadata": {{Stored(host, metadata)}}
            }
            """);

        var callback = Assert.IsAssignableFrom<BatchCallback>(Assert.Single(lines));
        Assert.Equal(type.Name + "`1", callback.GetType().Name);
        Assert.Equal(("b", 9, 1, 2, 3, 3), (callback.BatchId, callback.Total, callback.Completed, callback.Cancelled, callback.Discarded, callback.Pending));
        Assert.Equal(new DateTimeOffset(2026, 11, 27, 1, 0, 0, TimeSpan.Zero), callback.OccurredAt);
        Assert.Equal(metadata, MetadataOf(callback));
    }

    [Fact]
    public async Task A_worker_with_records_of_metadata_performs_the_same_kinds_and_has_one_method_for_each_record()
    {
        var host = await WorkerHost.StartAsync(CampaignTeller);

        Assert.True(host.Workers.TryGet("App.Teller", out var definition));
        Assert.Equal(Enum.GetValues<BatchCallbacks>().Aggregate(static (all, kind) => all | kind), definition!.Callbacks);
        var worker = host.Assembly.GetType("App.Teller")!;
        Assert.All(Kinds, row => Assert.True(typeof(IPerforms<>).MakeGenericType(row.Data.Item2).IsAssignableFrom(worker)));
        Assert.Equal(["Campaign", "Score"], worker.GetMethods().Where(static method => method.Name == "Metadata").Select(static method => method.GetParameters()[0].ParameterType.Name).Order());
        Assert.DoesNotContain(worker.GetMethods(), static method => method.Name == "New");
    }

    [Theory]
    [InlineData("{}", "metadata in the stored args has no key name, which it must have.")]
    [InlineData("""{"name": 7}""", "metadata.name in the stored args must be a string, and is a number.")]
    [InlineData("""{"name": "spring", "owner": {}}""", "metadata.owner in the stored args has no key email, which it must have.")]
    [InlineData("""["spring"]""", "metadata in the stored args must be an object, and is an array.")]
    [InlineData("null", "metadata in the stored args must be an object, and is null.")]
    public async Task Metadata_of_another_record_or_none_fails_the_callback_and_says_why(string metadata, string message) => Assert.Equal(
        message,
        await (await WorkerHost.StartAsync(CampaignTeller)).FailAsync<InvalidArgsException>(
            "App.Teller", $$"""{"status": "complete", "batch_id": "b", "total": 0, "completed": 0, "cancelled": 0, "discarded": 0, "metadata": {{metadata}}}"""));

    [Fact]
    public async Task A_row_of_a_version_without_metadata_fits_only_where_it_may_be_missing()
    {
        var host = await WorkerHost.StartAsync(CampaignTeller);

        var refused = await host.FailAsync<UnmatchedArgsException>("App.Teller", """{"status": "complete", "batch_id": "b", "total": 6, "completed": 1, "cancelled": 2, "discarded": 3}""");
        var (_, missing) = await host.PerformAsync("App.Teller", """{"status": "succeeded", "batch_id": "b", "total": 6, "completed": 1, "cancelled": 2, "discarded": 3}""");
        var (_, none) = await host.PerformAsync("App.Teller", """{"status": "cancelled", "batch_id": "b", "total": 6, "completed": 1, "cancelled": 2, "discarded": 3, "metadata": null}""");

        Assert.Contains("{status: \"complete\", batch_id, total, completed, cancelled, discarded, metadata, pending?, inserted_at?, occurred_at?}", refused, StringComparison.Ordinal);
        Assert.Null(MetadataOf(Assert.IsAssignableFrom<BatchCallback>(Assert.Single(missing))));
        Assert.Null(MetadataOf(Assert.IsAssignableFrom<BatchCallback>(Assert.Single(none))));
    }

    [Fact]
    public async Task Metadata_of_a_derived_record_is_refused()
    {
        var host = await WorkerHost.StartAsync(CampaignTeller);

        var refused = Assert.IsType<ArgumentException>(Assert.Throws<System.Reflection.TargetInvocationException>(() => Metadata(host, "App.Campaign", host.Make("App.LongCampaign", "spring"))).InnerException);

        Assert.StartsWith("The metadata of a batch cannot be stored. It is a App.LongCampaign, derived from App.Campaign", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_record_than_the_callbacks_take_does_not_compile()
    {
        var errors = UserProgram.From(UserProgram.Create(CampaignTeller + "public static class Caller { public static BatchMetadata Make(Owner owner) => Teller.Metadata(owner); }")
            .AddSyntaxTrees(UserProgram.Parse(WorkerHost.Log, "Log.cs"))).Compilation.GetDiagnostics(TestContext.Current.CancellationToken).Where(static diagnostic => diagnostic.Severity is Microsoft.CodeAnalysis.DiagnosticSeverity.Error);

        Assert.Equal("CS1503", Assert.Single(errors).Id);
    }

    static BatchMetadata Metadata(WorkerHost host, string type, object metadata) =>
        (BatchMetadata)host.Assembly.GetType("App.Teller")!.GetMethod("Metadata", [host.Assembly.GetType(type)!])!.Invoke(null, [metadata])!;

    static string Stored(WorkerHost host, object metadata) => System.Text.Encoding.UTF8.GetString(Metadata(host, metadata.GetType().FullName!, metadata).Json.Span);

    static object? MetadataOf(BatchCallback callback) => callback.GetType().GetProperty("Metadata")!.GetValue(callback);

    // A base of one's own

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
