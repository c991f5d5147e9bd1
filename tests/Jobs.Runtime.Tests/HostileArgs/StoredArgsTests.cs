using Jobs.Runtime.Tests.Behaviour;

namespace Jobs.Runtime.Tests.HostileArgs;

/// <summary>Rows that another version of the program, or no program, has stored.</summary>
public sealed class StoredArgsTests
{
    public static TheoryData<string, string> Golden => new()
    {
        { """{"order": 7, "address": "Skåne", "note": "rush", "parcels": 2}""", "Shipment { Order = 7, Address = Skåne, Note = rush, Parcels = 2 }" },
        { """{"order": 7, "address": "Skåne", "note": null}""", "Shipment { Order = 7, Address = Skåne, Note = , Parcels = 1 }" },
        { """{"order": 7, "address": "Skåne"}""", "Shipment { Order = 7, Address = Skåne, Note = , Parcels = 1 }" },
        { """{"order": 7, "address": "Skåne", "carrier": {"name": "x", "zones": [1, 2]}, "weight": 1e400}""", "Shipment { Order = 7, Address = Skåne, Note = , Parcels = 1 }" },
        { """{"order": 7, "addr": "Skåne"}""", """has args {"addr", "order"}, which no perform method accepts. Accepted: """ },
        { """{"order": "7", "address": "Skåne"}""", "order in the stored args must be a whole number from -2147483648 to 2147483647, and is a string." },
        { """{"order": 7, "address": "Skåne", "parcels": null}""", "parcels in the stored args must be a whole number from -2147483648 to 2147483647, and is null." },
    };

    [Theory]
    [MemberData(nameof(Golden))]
    public async Task A_shape_of_before_runs_or_fails_with_what_is_missing(string args, string outcome)
    {
        await using var host = await TestHost.StartAsync();

        var id = await host.ScalarAsync<long>($"INSERT INTO jobs.jobs (queue, worker, max_attempts, args) VALUES ('tests', 'shipping', 1, '{args}') RETURNING id");

        var state = await host.UntilAsync<string>("SELECT state::text FROM jobs.jobs", state => state is "completed" or "discarded");
        if (state == "completed")
            Assert.Equal(outcome, host.Script.Received[id].ToString());
        else
            Assert.Contains(outcome, await host.ScalarAsync<string>("SELECT errors->0->>'error' FROM jobs.jobs"), StringComparison.Ordinal);
        Assert.Equal(outcome.StartsWith("Shipment", StringComparison.Ordinal), state == "completed");
    }

    [Theory]
    [InlineData("(repeat('[', 7000) || repeat(']', 7000))::jsonb", "of an array, not an object")]
    [InlineData("jsonb_build_object('order', (repeat('[', 6000) || repeat(']', 6000))::jsonb)", "nested deeper than 64 levels")]
    [InlineData("(SELECT jsonb_agg('1e131071'::jsonb) FROM generate_series(1, 100))", "has args of 13,107,400 bytes as text")]
    [InlineData("(SELECT jsonb_object_agg('key ' || i, i) FROM generate_series(1, 10000) AS i)", "and 9980 more")]
    [InlineData("jsonb_build_object(repeat('k', 1000000), 1)", "which no perform method accepts")]
    public async Task A_poison_with_top_priority_loses_its_attempts_and_holds_nobody_up(string poison, string error)
    {
        await using var host = await TestHost.StartAsync(jobs => jobs.AddQueue("narrow", concurrency: 1));
        await host.ExecuteAsync($"""
            INSERT INTO jobs.jobs (queue, worker, max_attempts, priority, args, scheduled_at) VALUES ('narrow', 'shipping', 2, 0, {poison}, now() - interval '1 day');
            INSERT INTO jobs.jobs (queue, worker, priority, args) SELECT 'narrow', 'shipping', 5, jsonb_build_object('order', i, 'address', 'Skåne') FROM generate_series(1, 100) AS i
            """);

        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE state = 'completed'", count => count == 100);
        await host.UntilAsync<string>("SELECT state::text FROM jobs.jobs WHERE priority = 0", state => state == "retryable");
        await host.ExecuteAsync("UPDATE jobs.jobs SET scheduled_at = now() WHERE state = 'retryable'");

        await host.UntilAsync<string>("SELECT state::text FROM jobs.jobs WHERE priority = 0", state => state == "discarded");
        Assert.Equal(2, await host.ScalarAsync<int>("SELECT jsonb_array_length(errors) FROM jobs.jobs WHERE priority = 0"));
        var text = await host.ScalarAsync<string>("SELECT errors->1->>'error' FROM jobs.jobs WHERE priority = 0");
        Assert.Contains(error, text, StringComparison.Ordinal);
        Assert.InRange(text.Length, 1, 10_100);
    }
}
