using Microsoft.CodeAnalysis;

namespace Jobs.Generators.Tests;

public class RegistrationTests
{
    const string Builder = """
        namespace Jobs { public sealed class JobsBuilder { public Jobs.Generated.WorkerRegistry Workers { get; } = new(); } }

        """;

    static string Worker(string space, string accessibility) => $$"""
        namespace {{space}}
        {
            {{accessibility}} sealed record EmailArgs(string Email);
            [Jobs.Worker] {{accessibility}} partial class Mailer { [Jobs.Perform] public void Deliver(EmailArgs args) { } }
        }

        """;

    [Fact]
    public async Task AddWorkers_registers_own_workers_and_those_of_every_referenced_assembly_that_has_any()
    {
        var first = UserProgram.Compile(Worker("One", "public"), "My.First");
        var second = UserProgram.Compile(Worker("Two", "internal"), "My_First");
        var empty = UserProgram.Compile("public class Nothing { }", "Empty");
        MetadataReference[] libraries = [.. new[] { first, second, empty }.Select(library => MetadataReference.CreateFromImage(library.Emit()))];

        var host = UserProgram.Compile(Builder + Worker("Host", "internal") + "static class Use { static void It(Jobs.JobsBuilder jobs) => Jobs.GeneratedWorkers.AddWorkers(jobs); }", "Host", libraries);

        Assert.Empty(await host.DiagnoseAsync());
        var source = host.Sources.Single(source => source.HintName == "AddWorkers.g.cs").SourceText.ToString();
        Assert.Contains(
            """
                        global::Jobs.Generated.Host_Workers.Register(jobs.Workers);
                        global::Jobs.Generated.My_First_Workers.Register(jobs.Workers);
                        global::Jobs.Generated.My_First_
            """,
            source,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_without_workers_still_has_AddWorkers()
    {
        var host = UserProgram.Compile(Builder + "static class Use { static void It(Jobs.JobsBuilder jobs) => Jobs.GeneratedWorkers.AddWorkers(jobs); }");

        Assert.Empty(await host.DiagnoseAsync());
        Assert.Equal("AddWorkers.g.cs", Assert.Single(host.Sources).HintName);
    }

    [Fact]
    public async Task An_assembly_that_sees_the_internals_of_a_host_has_its_own_AddWorkers()
    {
        var runtime = UserProgram.Compile(Builder, "Runtime.Stub");
        var runtimeReference = MetadataReference.CreateFromImage(runtime.Emit());
        var host = UserProgram.Compile("[assembly: System.Runtime.CompilerServices.InternalsVisibleTo(\"Host.Tests\")]\n" + Worker("Host", "internal"), "Host", runtimeReference);

        var tests = UserProgram.Compile(
            "using Jobs;\nstatic class Use { static void It(JobsBuilder jobs) => jobs.AddWorkers(); }", "Host.Tests", runtimeReference, MetadataReference.CreateFromImage(host.Emit()));

        Assert.Empty(await tests.DiagnoseAsync());
    }

    [Fact]
    public void A_library_without_the_runtime_has_a_registration_and_no_AddWorkers()
    {
        var library = UserProgram.Compile(Worker("Lib", "public"), "Lib");

        Assert.Equal(["Lib.Mailer.g.cs", "Lib_Workers.g.cs"], library.Sources.Select(source => source.HintName).Order(StringComparer.Ordinal));
    }
}
