using System;
using Jobs;

namespace Samples;

public static class Delays
{
    [Backoff]
    static TimeSpan WaitAfter(FailedAttempt failed) => failed.DefaultDelay;
}
