using CsCheck;
using Jobs.Runtime.Tests.Behaviour;
using Npgsql;
using NpgsqlTypes;

namespace Jobs.Runtime.Tests.HostileArgs;

/// <summary>Twelve thousand hostile args. What fails is told with its number; the generators start from a fixed seed, so it comes again.</summary>
public sealed class FuzzedArgsTests
{
    const int Cases = 5_000;
    const ulong Seed = 20_251_124;

    [Fact]
    public async Task Args_made_by_New_are_refused_when_they_are_made_or_arrive_as_they_were()
    {
        await using var host = await TestHost.StartAsync();
        var sent = new List<Everything>();
        var jobs = new List<NewJob>();
        var refused = 0;

        foreach (var args in Some(HostileValues.Everything, Cases))
        {
            if (HostileValues.CanBeKept(args))
            {
                jobs.Add(EverythingWorker.New(args));
                sent.Add(args);
            }
            else
            {
                Assert.Throws<InvalidArgsException>(() => EverythingWorker.New(args));
                refused++;
            }
        }

        var enqueued = await host.Client.EnqueueManyAsync(jobs, TestContext.Current.CancellationToken);

        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE finished_at IS NULL", open => open == 0, TimeSpan.FromSeconds(60));
        Assert.InRange(refused, Cases / 10, Cases / 2);
        for (var i = 0; i < sent.Count; i++)
        {
            Assert.True(host.Script.Received.TryGetValue(enqueued[i].Id, out var received), $"Case {i} was not performed: {sent[i]}");
            Assert.Equal(sent[i], received);
            Assert.Equal(HostileValues.Unseen(sent[i]), HostileValues.Unseen((Everything)received));
        }
    }

    [Fact]
    public async Task Lists_and_dictionaries_made_by_New_are_refused_when_they_are_made_or_arrive_as_they_were()
    {
        await using var host = await TestHost.StartAsync();
        var all = Some(HostileValues.Holders, 2_000);
        var kept = all.Where(HostileValues.CanBeKept).ToList();

        Assert.All(all.Except(kept), args => Assert.Throws<InvalidArgsException>(() => EverythingWorker.New(args)));
        var enqueued = await host.Client.EnqueueManyAsync(kept.Select(EverythingWorker.New), TestContext.Current.CancellationToken);

        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE finished_at IS NULL", open => open == 0, TimeSpan.FromSeconds(60));
        Assert.InRange(kept.Count, 300, 1_700);
        Assert.All(kept.Zip(enqueued), pair =>
            Assert.Equal(HostileValues.Contents(pair.First), HostileValues.Contents((Holders)host.Script.Received[pair.Second.Id])));
    }

    [Fact]
    public async Task Args_inserted_with_SQL_fail_alone_and_tell_no_value()
    {
        await using var host = await TestHost.StartAsync();
        var good = Some(HostileValues.Everything.Where(HostileValues.CanBeKept), 100).Select(EverythingWorker.New).ToList();
        var malformed = Some(MalformedJson.Of(good), Cases);

        var stored = await InsertAsync(host, malformed);
        var neighbours = await host.Client.EnqueueManyAsync(good, TestContext.Current.CancellationToken);

        await host.UntilAsync<long>("SELECT count(*) FROM jobs.jobs WHERE finished_at IS NULL", open => open == 0, TimeSpan.FromSeconds(120));
        var rows = await RowsAsync(host);
        Assert.All(neighbours, job => Assert.Equal("completed", rows[job.Id].State));
        for (var i = 0; i < Cases; i++)
        {
            var (json, verdict) = (malformed[i].Json, malformed[i].Verdict);
            var what = $"Case {i} ({malformed[i].Name}): {(json.Length > 500 ? json[..500] : json)}";
            if (stored[i] is not { } id)
            {
                Assert.True(verdict == Verdict.NotStored, $"PostgreSQL refused what it can hold. {what}");
                continue;
            }

            var row = rows[id];
            Assert.True(row.State == (verdict == Verdict.Performed ? "completed" : "discarded"), $"{row.State}: {row.Errors} {what}");
            if (verdict == Verdict.Failed)
                Assert.True(IsClear(row.Errors), $"{row.Errors} {what}");
        }

        Assert.DoesNotContain(rows.Values, row => row.Errors.Contains(MalformedJson.Canary, StringComparison.Ordinal));
        Assert.DoesNotContain(host.Logs.Lines, line => line.Contains(MalformedJson.Canary, StringComparison.Ordinal));
        Assert.DoesNotContain(host.Logs.Lines, line => line.StartsWith("Error", StringComparison.Ordinal) && !line.Contains("discarded", StringComparison.Ordinal));
        Assert.All(host.Health.Loops, loop => Assert.False(loop.IsLate, loop.Name));
        await AssertGoesOnAsync(host, good[0]);
    }

    static List<T> Some<T>(Gen<T> values, int count)
    {
        var random = new PCG(1, Seed);
        return [.. Enumerable.Range(0, count).Select(_ => values.Generate(random, null, out var _))];
    }

    static bool IsClear(string error) =>
        (error.StartsWith("Jobs.InvalidArgsException: ", StringComparison.Ordinal) || error.StartsWith("Jobs.UnmatchedArgsException: ", StringComparison.Ordinal)) &&
        (error.Contains("in the stored args must be", StringComparison.Ordinal) || error.Contains("which no perform method accepts", StringComparison.Ordinal) ||
            error.Contains("nested deeper than 64 levels", StringComparison.Ordinal) || error.Contains("more than the 1,048,576", StringComparison.Ordinal));

    static async Task AssertGoesOnAsync(TestHost host, NewJob job)
    {
        var last = await host.Client.EnqueueAsync(job, TestContext.Current.CancellationToken);
        await host.StateAsync(last.Id, "completed");
    }

    // Each for itself, since PostgreSQL refuses some; in one call, since it is thousands. The ids are in the order of the args.
    static async Task<List<long?>> InsertAsync(TestHost host, List<Malformed> all)
    {
        await host.ExecuteAsync("""
            CREATE FUNCTION try_insert(json text) RETURNS bigint LANGUAGE plpgsql AS $$
            DECLARE new_id bigint;
            BEGIN
                INSERT INTO jobs.jobs (queue, worker, max_attempts, args) VALUES ('tests', 'everything', 1, json::jsonb) RETURNING id INTO new_id;
                RETURN new_id;
            EXCEPTION WHEN data_exception THEN
                RETURN NULL;
            END $$
            """);
        await using var connection = new NpgsqlConnection(host.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var insert = new NpgsqlCommand("SELECT try_insert(json) FROM unnest($1) WITH ORDINALITY AS t (json, place) ORDER BY place", connection);
        insert.Parameters.Add(new NpgsqlParameter { Value = all.Select(one => one.Json).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        await using var reader = await insert.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var ids = new List<long?>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
            ids.Add(reader.IsDBNull(0) ? null : reader.GetInt64(0));
        return ids;
    }

    static async Task<Dictionary<long, (string State, string Errors)>> RowsAsync(TestHost host)
    {
        await using var connection = new NpgsqlConnection(host.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var select = new NpgsqlCommand("SELECT id, state::text, coalesce(errors->0->>'error', '') FROM jobs.jobs", connection);
        await using var reader = await select.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var rows = new Dictionary<long, (string, string)>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
            rows.Add(reader.GetInt64(0), (reader.GetString(1), reader.GetString(2)));
        return rows;
    }
}
