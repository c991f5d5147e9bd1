namespace Jobs.Microbench.Dispatch;

public sealed record EmailArgs(string Email);
