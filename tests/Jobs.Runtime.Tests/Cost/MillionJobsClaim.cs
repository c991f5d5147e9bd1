using Jobs.Postgres;
using Npgsql;

namespace Jobs.Runtime.Tests.Cost;

/// <summary>What a claim of ten may take among <see cref="MillionJobs"/>, whatever the planner knows of them.</summary>
static class MillionJobsClaim
{
    const int Limit = 10;
    const int ClaimsOfARound = 21;
    const int Rounds = 5;

    static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(5);

    // The pages of ten jobs: each is found in an index, locked, written anew and entered into the indexes of its new state. The first five
    // executions have plans of their own.
    public static async Task AssertIsCheapAsync(MillionJobs jobs)
    {
        await using var connection = await jobs.OpenAsync();
        await using (var prepare = new NpgsqlCommand($"PREPARE claim (text, text[], bigint, uuid) AS {new SchemaName("jobs").Qualify(PostgresStore.ClaimSql)}", connection))
            await prepare.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        // On a machine that does other things too, one round of several is a quiet one; pages and costs are the same in each.
        var medians = new List<TimeSpan>();
        while (medians.Count < Rounds && !medians.Exists(static median => median < Longest))
        {
            var claims = new List<ExplainedStatement>();
            for (var i = 0; i < ClaimsOfARound; i++)
                claims.Add(await ExplainedStatement.RunAsync(connection, $"claim('{MillionJobs.Queue}', '{{{MillionJobs.Worker},other}}', {Limit}, '{MillionJobs.Node}')"));
            medians.Add(claims.Select(static claim => claim.Time).Order().ElementAt(ClaimsOfARound / 2));
            Assert.All(claims, static claim => Assert.True(
                claim.Pages <= 60 * Limit && claim.TempPages == 0 && claim.ExpectedCost <= 1_000 && claim.Plan.Contains($"\"Actual Rows\": {Limit}", StringComparison.Ordinal),
                $"{claim.Pages} pages, {claim.TempPages} temporary ones, expected cost {claim.ExpectedCost}: {claim.Plan}"));
        }

        Assert.True(medians.Exists(static median => median < Longest), $"Medians of {ClaimsOfARound} claims: {string.Join(", ", medians)}");
    }
}
