using Jobs.Torture.Work;

namespace Jobs.Torture.Tests;

public sealed class BatchPlanTests
{
    [Theory]
    [InlineData(1, 400, 20_000)]
    [InlineData(50, 20_000, 1_000_000)]
    public void A_plan_has_exactly_so_many_batches_and_jobs_of_all_seven_sizes(int sets, int batches, int jobs)
    {
        var plan = BatchPlan.Make(new Random(7), sets);

        Assert.Equal((batches, jobs), (plan.Batches.Count, plan.Jobs));
        Assert.Equal([0, 1, 2, 3, 10, 100, 10_000], plan.Batches.Values.Select(static batch => batch.Size).Distinct().Order());
        Assert.All(Enum.GetValues<Meddling>(), what => Assert.Contains(plan.Batches.Values, batch => batch.Meddling?.What == what));
        Assert.Contains(plan.Roots, static root => root.Children.Any(static child => child.Children.Count > 0));
    }

    [Fact]
    public void Each_number_is_that_of_one_member_and_leads_to_its_batch()
    {
        var plan = BatchPlan.Make(new Random(7), sets: 1);

        var members = plan.Batches.Values.SelectMany(static batch => batch.Members.Select(member => (member.Number, batch))).OrderBy(static member => member.Number).ToList();

        Assert.Equal(Enumerable.Range(0, 20_000).Select(static number => (long)number), members.Select(static member => member.Number));
        Assert.All(members, member => Assert.Same(member.batch, plan.Find(member.Number)));
        Assert.Null(plan.Find(-1));
        Assert.Null(plan.Find(20_000));
        Assert.Equal(Enum.GetValues<Fate>(), members.Select(static member => member.batch.MemberOf(member.Number).Fate).Distinct().Order());
    }

    [Fact]
    public void A_seed_repeats_the_plan()
    {
        static IEnumerable<object?> Plan(int seed) => BatchPlan.Make(new Random(seed), sets: 1).Batches.Values
            .SelectMany(static batch => batch.Members.Cast<object?>().Append((batch.Id, batch.Size, batch.Mood, batch.Additions, batch.Meddling)));

        Assert.Equal(Plan(7), Plan(7));
        Assert.NotEqual(Plan(7), Plan(8));
    }
}
