namespace Jobs.Runtime.Tests.Cost;

/// <summary>Claims among millions of jobs of which the planner knows nothing, as after an enqueue of many. They have a database of their own, for others analyze theirs.</summary>
[Collection("Cost")]
public sealed class UnknownMillionJobsTests(MillionJobs jobs) : IClassFixture<MillionJobs>
{
    [Fact]
    public Task A_claim_takes_less_than_five_milliseconds_and_a_bounded_number_of_pages() => MillionJobsClaim.AssertIsCheapAsync(jobs);
}
