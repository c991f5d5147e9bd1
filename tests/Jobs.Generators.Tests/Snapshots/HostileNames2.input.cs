[global::Jobs.Worker]
public partial class ArgsJson
{
    public sealed record job(int cancellationToken);

    public sealed record None(string @default = "x", int? @null = 5, [property: global::Jobs.FromBatch] int total = 4);

    [global::Jobs.Perform]
    static global::Jobs.JobOutcome cancellationToken(job @this, global::Jobs.BatchRef batch) => default;

    [global::Jobs.Perform]
    internal void Shape(None args, global::Jobs.BatchRef? batch, global::System.IServiceProvider services) { }
}
