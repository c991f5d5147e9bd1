using Jobs.Generated;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Jobs.Generators.Tests;

/// <summary>The forms in which a worker can be written, run for real where that shows more than the text.</summary>
public class WorkerFormTests
{
    const string Bases = """
        using System.Threading.Tasks;
        using Jobs;

        namespace Library
        {
            public abstract class WorkerBase<TArgs>
                where TArgs : class
            {
                [Perform]
                protected virtual Task RunAsync(TArgs args) => Say("base", args);

                [Perform]
                public void Count(Count count) => Say("counted", count);

                protected abstract Task Say(string what, object args);
            }

            public sealed record Count(int Number);
        }

        """;

    const string Workers = """
        namespace App
        {
            using Library;

            public sealed record EmailArgs(string Email);

            public sealed record Hidden(string Text);

            [Worker(Aliases = new[] { "App.Former" })]
            public partial class Mailer : WorkerBase<EmailArgs>
            {
                protected override Task RunAsync(EmailArgs args) => Say("override", args);

                protected override Task Say(string what, object args)
                {
                    Log.Lines.Add(what + " " + args);
                    return Task.CompletedTask;
                }
            }

            [Worker]
            public partial class QuietMailer : Mailer
            {
                public new void Count(Count count) { }
            }
        }
        """;

    [Fact]
    public async Task A_worker_performs_what_it_inherits_and_an_override_once()
    {
        var host = await WorkerHost.StartAsync(Bases + Workers);

        Assert.Equal(["override EmailArgs { Email = a }"], (await host.PerformAsync("App.Mailer", """{"email": "a"}""")).Lines);
        Assert.Equal(["counted Count { Number = 3 }"], (await host.PerformAsync("App.Mailer", """{"number": 3}""")).Lines);
        Assert.Equal(["override EmailArgs { Email = a }"], (await host.PerformAsync("App.QuietMailer", """{"email": "a"}""")).Lines);
    }

    [Fact]
    public async Task A_method_that_is_hidden_from_a_worker_is_not_performed()
    {
        var host = await WorkerHost.StartAsync(Bases + Workers);

        var message = await host.FailAsync<UnmatchedArgsException>("App.QuietMailer", """{"number": 3}""");

        Assert.Contains("Accepted: {email}.", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_job_stored_under_an_alias_finds_its_worker_and_a_new_one_has_the_workers_name()
    {
        var host = await WorkerHost.StartAsync(Bases + Workers);

        Assert.Equal(["App.Former", "App.Mailer", "App.QuietMailer"], host.Workers.Names);
        Assert.Equal(["counted Count { Number = 3 }"], (await host.PerformAsync("App.Former", """{"number": 3}""")).Lines);
        Assert.Equal("App.Mailer", host.New("App.Mailer", host.Make("App.EmailArgs", "a")).Worker);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_base_class_may_be_of_another_assembly(bool isProjectOfTheEditor)
    {
        var library = UserProgram.Compile(Bases, "Library");
        Assert.Empty(await library.DiagnoseAsync());

        var program = UserProgram.Compile(
            "using System.Threading.Tasks;\nusing Jobs;\nnamespace App { static class Log { public static System.Collections.Generic.List<object> Lines = new(); } }\n" + Workers,
            more: Reference(library, isProjectOfTheEditor));

        Assert.Empty(await program.DiagnoseAsync());
        var dispatch = program.Sources.Single(source => source.HintName == "App.Mailer.g.cs").SourceText.ToString();
        Assert.Contains("await RunAsync(ArgsJson.ReadEmailArgs(", dispatch, StringComparison.Ordinal);
        Assert.Contains("Count(ArgsJson.ReadCount(", dispatch, StringComparison.Ordinal);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task What_is_wrong_with_an_inherited_method_of_another_assembly_is_said_at_the_worker(bool isProjectOfTheEditor)
    {
        var library = UserProgram.Compile("""
            namespace Library
            {
                public sealed record Args(int Number);

                public abstract class WorkerBase
                {
                    public required int Retries { get; init; }

                    [Jobs.Perform]
                    public int Run(Args args) => 0;

                    [Jobs.Perform]
                    public void Pass(Args args, int retries) { }
                }
            }
            """, "Library");

        var program = UserProgram.Compile("[Jobs.Worker] partial class Mailer : Library.WorkerBase { }", more: Reference(library, isProjectOfTheEditor));

        var diagnostics = await program.DiagnoseAsync();
        Assert.Equal(["JOB005", "JOB006", "JOB012", "JOB015"], diagnostics.Select(diagnostic => diagnostic.Id).Order());
        Assert.All(diagnostics, diagnostic => Assert.Equal("(28..34)", $"({diagnostic.Location.SourceSpan.Start}..{diagnostic.Location.SourceSpan.End})"));
        Assert.All(diagnostics, diagnostic => Assert.Contains(diagnostic.Location.SourceTree!, program.Compilation.SyntaxTrees));
    }

    static MetadataReference Reference(UserProgram library, bool isProjectOfTheEditor) =>
        isProjectOfTheEditor ? library.Compilation.ToMetadataReference() : MetadataReference.CreateFromImage(library.Emit());

    [Fact]
    public async Task A_worker_of_several_parts_in_several_files_is_one()
    {
        string[] parts =
        [
            "namespace App; public sealed record EmailArgs(string Email);",
            "using Jobs; namespace App; [Worker] public partial class Mailer { [Perform] public partial void Deliver(EmailArgs args); }",
            "namespace App; public sealed record Reminder(string Text); partial class Mailer { public partial void Deliver(EmailArgs args) { } }",
            "namespace App { partial class Mailer { [Jobs.Perform] void Remind(Reminder reminder) { } } }",
        ];
        var compilation = UserProgram.Create(parts[0]).AddSyntaxTrees(parts.Skip(1).Select((part, i) => UserProgram.Parse(part, $"Part{i}.cs")));

        var program = UserProgram.From(compilation);

        Assert.Empty(await program.DiagnoseAsync());
        Assert.Equal(["App.Mailer.g.cs", "App_Workers.g.cs"], program.Sources.Select(source => source.HintName));
    }

    [Theory, InlineData("[Worker(Priority = 99)] public partial class Mailer;"), InlineData("[Worker, Worker(Priority = 99)] public partial class Mailer;")]
    public async Task A_second_Worker_attribute_is_the_compilers_error_and_no_second_worker(string second)
    {
        const string First = "using Jobs; namespace App; public sealed record EmailArgs(string Email); [Worker] public partial class Mailer { [Perform] public void Deliver(EmailArgs args) { } }";
        var compilation = UserProgram.Create(First).AddSyntaxTrees(UserProgram.Parse("using Jobs; namespace App; " + second, "Second.cs"));

        var program = UserProgram.From(compilation);

        Assert.All(await program.DiagnoseAsync(), diagnostic => Assert.Equal("CS0579", diagnostic.Id));
        Assert.Equal(["App.Mailer.g.cs", "App_Workers.g.cs"], program.Sources.Select(source => source.HintName));
    }

    [Fact]
    public async Task A_worker_may_be_named_as_the_files_of_the_registration()
    {
        var program = UserProgram.Compile("""
            namespace Jobs { public sealed class JobsBuilder { public Jobs.Generated.WorkerRegistry Workers { get; } = new(); } }
            public sealed record Args(int Number);
            [Jobs.Worker] partial class ADDWorkers { [Jobs.Perform] void Run(Args args) { } }
            [Jobs.Worker] partial class App_Workers { [Jobs.Perform] void Run(Args args) { } }
            """);

        Assert.Empty(await program.DiagnoseAsync());
        Assert.Equal(["ADDWorkers.g.cs", "AddWorkers.0.g.cs", "App_Workers.0.g.cs", "App_Workers.g.cs"], program.Sources.Select(source => source.HintName).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("public class Mail { public string To { get; set; } = \"\"; }", "Mail mail, Clock clock", "Mail")]
    [InlineData("public class Mail { }", "Mail mail, Clock clock", "Clock")]
    [InlineData("public abstract class Mail { public string To { get; set; } = \"\"; }", "Mail mail, Clock clock", "Clock")]
    [InlineData("public class Mail : System.IDisposable { public string To => \"\"; public void Dispose() { } }", "Mail mail, Clock clock", "Clock")]
    [InlineData("public class Mail { public string To { get; set; } = \"\"; }", "[Microsoft.Extensions.DependencyInjection.FromKeyedServices(1)] Mail mail, Clock clock", "Clock")]
    [InlineData("public class Mail { public string To { get; set; } = \"\"; }", "Mail mail, Jobs.JobContext job, Reminder reminder", "Reminder")]
    [InlineData("public class Mail { public string To { get; set; } = \"\"; }", "[Microsoft.Extensions.DependencyInjection.FromKeyedServices(1)] Reminder reminder, Mail mail", "Mail")]
    [InlineData("public class Mail { public static string To => \"\"; internal int From => 0; public int this[int i] => i; }", "System.Uri uri, Mail mail, Clock clock", "Clock")]
    public async Task Args_are_a_record_or_else_the_first_class_that_holds_data(string mail, string parameters, string args)
    {
        var program = UserProgram.Compile($$"""
            {{mail}}
            public class Clock { public int Now { get; set; } }
            public sealed record Reminder(string Text);
            [Jobs.Worker] public partial class Mailer { [Jobs.Perform] public void Run({{parameters}}) { } }
            """);

        var accepted = program.Compilation.GetTypeByMetadataName("Mailer")!.GetMembers("New").Cast<IMethodSymbol>().Select(method => method.Parameters[0].Type.Name);

        Assert.Equal([args], accepted);
        Assert.DoesNotContain(await program.DiagnoseAsync(), diagnostic => diagnostic.Id == "JOB006");
    }

    [Fact]
    public void A_name_or_alias_that_two_workers_have_is_refused_and_nothing_of_the_second_is_added()
    {
        var workers = new WorkerRegistry();
        workers.Add<First>();
        workers.Add<First>();

        var refused = Assert.Throws<InvalidOperationException>(workers.Add<Second>);

        Assert.Contains("\"second\"", refused.Message, StringComparison.Ordinal);
        Assert.Contains("\"old\"", refused.Message, StringComparison.Ordinal);
        Assert.Equal(["first", "old"], workers.Names);
    }

    sealed class First : IGeneratedWorker
    {
        public static WorkerDefinition Definition { get; } = Named("first", "old");

        public ValueTask<JobOutcome> PerformAsync(JobContext job, CancellationToken cancellationToken) => new(JobOutcome.Complete);
    }

    sealed class Second : IGeneratedWorker
    {
        public static WorkerDefinition Definition { get; } = Named("second", "older", "old");

        public ValueTask<JobOutcome> PerformAsync(JobContext job, CancellationToken cancellationToken) => new(JobOutcome.Complete);
    }

    static WorkerDefinition Named(string name, params string[] aliases) => new()
    {
        Name = name,
        Aliases = aliases,
        Queue = "default",
        MaxAttempts = 1,
        Priority = 0,
        Create = static _ => new First(),
    };
}
