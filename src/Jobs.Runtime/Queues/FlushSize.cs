using Jobs.Store;

namespace Jobs.Queues;

/// <summary>How much one statement of outcomes takes.</summary>
struct FlushSize
{
    public const int LargestCount = 1_000;
    const int MostOutput = 4 * 1024 * 1024;

    int _count;
    int _output;

    /// <summary>Whether there is place for one more.</summary>
    public readonly bool HasPlace => _count < LargestCount && _output < MostOutput;

    public void Add(Acknowledgement outcome)
    {
        _count++;
        _output += outcome.Output?.Json.Length ?? 0;
    }
}
