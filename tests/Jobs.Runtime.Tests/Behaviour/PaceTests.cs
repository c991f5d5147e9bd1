using Jobs.Queues;
using Microsoft.Extensions.Time.Testing;

namespace Jobs.Runtime.Tests.Behaviour;

/// <summary>How far ahead of its slots a queue claims.</summary>
public sealed class PaceTests
{
    readonly FakeTimeProvider _time = new();
    TimeSpan _busy;

    [Fact]
    public void A_queue_that_has_just_begun_claims_ahead_once_fifty_jobs_have_ended_in_five_milliseconds()
    {
        var pace = new Pace(_time);

        Work(5);

        Assert.Equal(0, pace.JobsAhead(49, _busy));
        Assert.Equal(250, pace.JobsAhead(50, _busy));
    }

    [Fact]
    public void It_claims_what_starts_within_25_milliseconds_and_never_more_than_three_thousand()
    {
        var pace = new Pace(_time);

        Work(100);
        Assert.Equal(1_000, pace.JobsAhead(4_000, _busy));

        Work(100);
        Assert.Equal(4_000, pace.JobsAhead(104_000, _busy));
    }

    [Fact]
    public void The_time_in_which_a_queue_had_no_job_does_not_count()
    {
        var pace = new Pace(_time);

        Work(2);
        _time.Advance(TimeSpan.FromMilliseconds(48));

        Assert.Equal(1_250, pace.JobsAhead(100, _busy));
    }

    [Fact]
    public void Jobs_that_take_no_time_at_all_are_claimed_three_thousand_ahead()
    {
        var pace = new Pace(_time);

        _time.Advance(TimeSpan.FromMilliseconds(5));

        Assert.Equal(4_000, pace.JobsAhead(50, TimeSpan.Zero));
    }

    [Fact]
    public void A_few_jobs_within_a_short_time_are_no_pace()
    {
        var pace = new Pace(_time);

        Work(1);
        _time.Advance(TimeSpan.FromMilliseconds(19));
        Assert.Equal(0, pace.JobsAhead(10, _busy));

        _time.Advance(TimeSpan.FromMilliseconds(80));
        Assert.Equal(2, pace.JobsAhead(10, _busy));
    }

    [Fact]
    public void A_queue_whose_jobs_become_long_claims_no_more_ahead_after_a_tenth_of_a_second()
    {
        var pace = new Pace(_time);
        Work(10);
        Assert.Equal(250, pace.JobsAhead(100, _busy));

        Work(99);
        Assert.Equal(250, pace.JobsAhead(100, _busy));

        Work(1);
        Assert.Equal(0, pace.JobsAhead(100, _busy));
    }

    void Work(int milliseconds)
    {
        _time.Advance(TimeSpan.FromMilliseconds(milliseconds));
        _busy += TimeSpan.FromMilliseconds(milliseconds);
    }
}
