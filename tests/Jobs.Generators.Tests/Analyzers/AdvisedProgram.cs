namespace Jobs.Generators.Tests.Analyzers;

/// <summary>A program that enqueues jobs of a worker of its own, and what the analyzers say of it.</summary>
static class AdvisedProgram
{
    const string Worker = """
        using System;
        using System.Collections.Generic;
        using System.Linq;
        using System.Threading;
        using System.Threading.Tasks;
        using Jobs;
        namespace App;
        public sealed record EmailArgs(string Email);
        [Worker] public partial class Mailer
        {
            [Perform] public void Deliver(EmailArgs args) { }
            [Perform] public void Notify(BatchComplete batch) { }
        }

        """;

    public static UserProgram Compile(string members) =>
        UserProgram.Compile($"{Worker}public static class Caller {{ {members} }}", more: UserProgram.Runtime);

    /// <summary>The ids of the diagnostics, in the order of the text.</summary>
    public static async Task<string[]> DiagnoseAsync(string members) => [.. (await Compile(members).DiagnoseAsync()).Select(diagnostic => diagnostic.Id)];
}
