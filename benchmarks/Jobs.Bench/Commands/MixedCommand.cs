using System.CommandLine;
using Jobs.Bench.Results;
using Jobs.Bench.Workloads.Shop;

namespace Jobs.Bench.Commands;

sealed class MixedCommand : WorkloadCommand
{
    readonly Option<int> _orders = Numbers.One("--orders", 1_000_000, 10_000, "How many orders the shop gets.");
    readonly Option<int> _letters = Numbers.One("--letters", 10_000_000, 20_000, "To how many customers the mailing goes.");

    public MixedCommand()
        : base("mixed", "A day of a shop: bursts of orders and what follows from them, retries, snoozes, scheduled jobs, reports, and a mailing as one batch.")
    {
        Add(_orders);
        Add(_letters);
    }

    public override async Task RunAsync(ParseResult parsed, Session session, CancellationToken cancellationToken)
    {
        await session.FillEmptyAsync(cancellationToken);
        await session.RunInTurnsAsync([new Mixed(session.Server, new ShopPlan(parsed.GetValue(_orders), parsed.GetValue(_letters)))], cancellationToken);
        Table.WriteWaits(session.Log.Runs, Console.Out);
    }
}
