using Jobs.Bench.Results;
using Jobs.Bench.Workloads;

namespace Jobs.Bench.Peers;

/// <summary>A workload of a peer, whose faults are not ours.</summary>
abstract class PeerWorkload(Peer peer) : Workload
{
    protected Peer Peer => peer;

    public override string Kind => Describe(TimeSpan.MaxValue).Kind;

    public override bool EndsAtFault => false;

    protected abstract Run Describe(TimeSpan time);
}
