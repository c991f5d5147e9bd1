using System;
using Jobs;

namespace App
{
    public sealed record EmailArgs(string Email, string? Name = null, [FromBatch] string? BatchId = null);

    public sealed record InvoiceArgs(int Number, string Email);

    [Worker, Unique(Keys = ["Emial", nameof(EmailArgs.BatchId), "number", nameof(InvoiceArgs.Number)])]
    public partial class Mailer
    {
        [Perform]
        public void Deliver(EmailArgs args) { }

        [Perform]
        public void Bill(InvoiceArgs args) { }
    }

    [Worker, Unique(Keys = new[] { "Email", "Phone" })]
    public partial class Caller
    {
        [Perform]
        public void Call(EmailArgs args) { }
    }

    [Worker, Unique(Keys = [])]
    public partial class Cleaner
    {
        [Perform]
        public void Clean(EmailArgs args) { }
    }
}
