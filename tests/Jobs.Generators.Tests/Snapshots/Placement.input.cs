[Jobs.Worker]
partial class AddWorkers
{
    public sealed record Args(int Number);

    [Jobs.Perform]
    void Run(Args args) { }
}

[Jobs.Worker]
partial class addworkers
{
    [Jobs.Perform]
    void Run(AddWorkers.Args args) { }
}

[Jobs.Worker]
partial class App_Workers
{
    [Jobs.Perform]
    void Run(AddWorkers.Args args) { }
}

namespace App
{
    partial interface IOuter
    {
        partial record struct Middle
        {
            [Jobs.Worker]
            internal partial class Ⅷo̊
            {
                [Jobs.Perform]
                internal static void Run(AddWorkers.Args args) { }
            }
        }
    }
}

namespace app
{
    static partial class Outer
    {
        [Jobs.Worker]
        internal partial class Mailer
        {
            [Jobs.Perform]
            internal void Run(AddWorkers.Args args) { }
        }
    }

    partial struct outer
    {
        [Jobs.Worker]
        internal partial class Mailer
        {
            [Jobs.Perform]
            internal void Run(AddWorkers.Args args) { }
        }
    }
}
