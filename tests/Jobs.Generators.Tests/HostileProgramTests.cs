using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Jobs.Generators.Tests;

/// <summary>
/// Whatever a user's own names are, generated code compiles without a warning: in every language version since C# 12, in every
/// nullable context, with documentation asked for, and without a single using.
/// </summary>
public class HostileProgramTests
{
    static readonly string[] Captured =
    [
        "System", "Jobs", "Microsoft", "Generated", "Task", "ValueTask", "List", "Guid", "DateTimeOffset", "ReadOnlySpan", "CancellationToken",
        "IServiceProvider", "Func", "Utf8JsonWriter", "JobContext", "JobOutcome", "BatchRef", "BatchComplete", "NewJob", "IWorker", "IGeneratedWorker",
        "WorkerDefinition", "WorkerRegistry", "UnmatchedArgsException", "InvalidArgsException", "ArgsReader", "ArgsText", "ArgsNumber",
        "RequiredBatch", "Shape", "ArgsJson", "ThisWorker", "App_Workers", "GeneratedWorkers", "JobsBuilder", "ServiceProviderServiceExtensions",
        "Name", "Queue", "Definition", "Create", "PerformAsync", "ShapeOf", "NameOf", "None", "Text",
    ];

    static readonly string[] Named =
    [
        "Generated", "Task", "List", "Utf8JsonWriter", "JobContext", "NewJob", "WorkerDefinition", "ArgsReader", "Shape", "ArgsJson", "ThisWorker", "GeneratedWorkers", "Definition", "None",
    ];

    static string Each(string format) => string.Join('\n', Captured.Select(name => string.Format(System.Globalization.CultureInfo.InvariantCulture, format, name)));

    static string Body(string args = "EmailArgs") => $$"""
            public enum Tone { Plain, @default, Größe }

            public sealed record {{args}}(
                string Email, Tone Tone, global::System.Guid Id, double Ratio, int? Count = null, Tone? Other = null, string? Title = null,
                [property: global::Jobs.FromBatch] string? BatchId = null);

            [global::Jobs.Matches("kind", "late")]
            public sealed record Reminder(global::System.DateTimeOffset At) { public string Note { get; init; } = "none"; }

            public interface IMailer { }

            [global::Jobs.Perform]
            public global::System.Threading.Tasks.Task DeliverAsync({{args}} args, IMailer mailer, [global::Microsoft.Extensions.DependencyInjection.FromKeyedServices("spare")] IMailer spare,
                global::Jobs.JobContext context, global::Jobs.BatchRef batch, global::System.Threading.CancellationToken token) => global::System.Threading.Tasks.Task.CompletedTask;

            [global::Jobs.Perform]
            internal global::Jobs.JobOutcome Remind(Reminder reminder, IMailer? mailer = null) => global::Jobs.JobOutcome.Complete;

            [global::Jobs.Perform]
            internal async global::System.Threading.Tasks.ValueTask<global::Jobs.JobOutcome> TellAsync(global::Jobs.BatchComplete batch)
            {
                await global::System.Threading.Tasks.Task.Yield();
                return global::Jobs.JobOutcome.Complete;
            }
        """;

    static readonly Dictionary<string, string> Programs = new()
    {
        ["types of the worker's namespace"] = $$"""
            namespace App
            {
                {{Each("public class {0} {{ }}")}}

                [global::Jobs.Worker(Queue = "mail", Aliases = new[] { "Old" })]
                public partial class Mailer(Mailer.IMailer mailer)
                {
                    public Mailer.IMailer First { get; } = mailer;
            {{Body()}}
                }
            }
            """,
        ["types nested in the worker"] = $$"""
            namespace App;

            [global::Jobs.Worker]
            public partial class Mailer
            {
                {{Each("public class {0} {{ }}")}}

                public required IMailer First { get; init; }
            {{Body()}}
            }
            """,
        ["members of the worker and of the type around it"] = $$"""
            namespace App;

            public partial record struct Outer
            {
                {{Each("static int {0} => 0;")}}

                [global::Jobs.Worker]
                public partial class Mailer
                {
                    {{Each("int {0} => 0;")}}
            {{Body()}}
                }
            }
            """,
        ["namespaces around and beside the worker"] = $$"""
            {{Each("namespace App.System.Jobs.{0} {{ class Nothing {{ }} }}")}}

            {{Each("namespace App.{0} {{ class Nothing {{ }} }}")}}

            namespace App.System.Jobs
            {
                [global::Jobs.Worker]
                public partial class Mailer
                {
            {{Body()}}
                }
            }
            """,
        ["types nested in a base class"] = $$"""
            namespace App;

            public abstract class MailerBase<T>
                where T : class
            {
                {{Each("protected class {0} {{ }}")}}

                [global::Jobs.Perform]
                protected virtual void Run(T args, global::Jobs.JobContext? context) { }
            }

            public sealed record Letter(string Street);

            [global::Jobs.Worker]
            public partial class Mailer : MailerBase<Letter>
            {
            {{Body()}}
            }
            """,
        ["a worker and its args of those names"] = string.Concat(Named.Select((name, i) => $$"""
            namespace App{{i}}
            {
                [global::Jobs.Worker(Name = "{{i}}")]
                public partial class {{name}}
                {
                    public sealed record Args(int Number);

                    [global::Jobs.Perform]
                    public void Run(Args args) { }
                }

                [global::Jobs.Worker]
                public partial class Mailer
                {
                    [global::Jobs.Perform]
                    public void Run(Inner.{{name}} args) { }

                    [global::Jobs.Perform]
                    public void Again(Inner.Args args) { }
                }

                public static class Inner
                {
                    public sealed record {{name}}(int Number);

                    public sealed record Args(string {{name}}_, string Text);
                }
            }

            """)),
        ["extension methods of the worker's namespace"] = $$"""
            namespace App;

            static class Extensions
            {
                [global::System.Obsolete("", error: true)]
                public static T GetRequiredService<T>(this global::System.IServiceProvider services) => throw new global::System.NotSupportedException();

                [global::System.Obsolete("", error: true)]
                public static T GetService<T>(this global::System.IServiceProvider services) => throw new global::System.NotSupportedException();

                [global::System.Obsolete("", error: true)]
                public static T GetRequiredKeyedService<T>(this global::System.IServiceProvider services, object key) => throw new global::System.NotSupportedException();
            }

            [global::Jobs.Worker]
            public partial class Mailer(Mailer.IMailer mailer)
            {
                public Mailer.IMailer First { get; } = mailer;
            {{Body()}}
            }
            """,
        ["keywords and Unicode"] = """
            namespace @namespace.@event.Äpfel;

            public partial interface @interface
            {
                [global::Jobs.Worker(Queue = "größe \"\\ {0} 名前", Name = "\u2028 </summary>")]
                public partial class @class
                {
                    public enum @enum { @class, @default, 名前, A\u030A }

                    public sealed record @record(
                        string @class, string? @string, int @int, @enum @default, @enum? @null, bool @async, bool @await, bool @field, bool @value, bool @required,
                        bool @file, bool @scoped, bool @partial, bool @extension, bool @nameof, bool größe, bool 名前, bool ⅷ, bool o\u030A, bool _, bool __);

                    public sealed record @when(int @default = 5) { public string @new { get; init; } = "</c> & \u2028"; }

                    [global::Jobs.Perform]
                    public global::System.Threading.Tasks.Task @await(@record @this, global::System.IServiceProvider @base) => global::System.Threading.Tasks.Task.CompletedTask;

                    [global::Jobs.Perform]
                    public static void 名前(@class.@when @in) { }
                }
            }
            """,
        ["members named as the locals of the generated code"] = """
            [global::Jobs.Worker]
            public partial class Mailer(Mailer.IMailer services)
            {
                public interface IMailer { }

                public sealed record Args(
                    string args, string json, string read, string batch, string job, string services, string cancellationToken, string value, string key, string member,
                    string hasArgs, string Write, string ReadArgs, int? number, int? Number2, [property: global::Jobs.FromBatch] int total = 0)
                {
                    public string hasRead { get; init; } = "a";
                    public int? hasJson { get; init; } = 4;
                }

                public sealed record job(string text);

                readonly object args = services, json = services;

                public object This => (args, json);

                [global::Jobs.Perform]
                public global::System.Threading.Tasks.Task cancellationToken(Args args, IMailer job) => global::System.Threading.Tasks.Task.CompletedTask;

                [global::Jobs.Perform]
                public static void Job(Mailer.job job) { }
            }
            """,
        ["obsolete and experimental"] = """
            #pragma warning disable APP002
            namespace App;

            [global::System.Obsolete]
            public abstract class MailerBase<T>
                where T : class
            {
                [global::System.Obsolete("a")]
                public required IMailer Mailer { get; init; }

                [global::Jobs.Perform, global::System.Obsolete("b")]
                public abstract void Run(T args);
            }

            [global::System.Obsolete("c", DiagnosticId = "APP001")]
            public interface IMailer { }

            public enum Tone { Plain, [global::System.Obsolete] Loud }

            [global::System.Diagnostics.CodeAnalysis.Experimental("APP002")]
            public sealed record EmailArgs([property: global::System.Obsolete] string Email, Tone Tone) { public string? Title { get; [global::System.Obsolete("d")] init; } }

            [global::System.Obsolete("e", false), global::Jobs.Worker]
            public partial class Mailer : MailerBase<EmailArgs>
            {
                [global::System.Obsolete("f")]
                public Mailer(IMailer mailer) { }

                public override void Run(EmailArgs args) { }
            }
            """,
    };

    static readonly MetadataReference Builder = MetadataReference.CreateFromImage(UserProgram.Compile(
        "namespace Jobs { public sealed class JobsBuilder { public Jobs.Generated.WorkerRegistry Workers { get; } = new(); } }", "Runtime.Stub").Emit());

    public static TheoryData<string, LanguageVersion, NullableContextOptions> Matrix
    {
        get
        {
            var matrix = new TheoryData<string, LanguageVersion, NullableContextOptions>();
            foreach (var name in Programs.Keys)
                foreach (var version in (LanguageVersion[])[LanguageVersion.CSharp12, LanguageVersion.CSharp13, LanguageVersion.CSharp14])
                    foreach (var nullable in (NullableContextOptions[])[NullableContextOptions.Enable, NullableContextOptions.Annotations, NullableContextOptions.Disable])
                        matrix.Add(name, version, nullable);
            return matrix;
        }
    }

    [Theory, MemberData(nameof(Matrix))]
    public async Task Hostile_names_leave_generated_code_without_a_warning(string name, LanguageVersion version, NullableContextOptions nullable)
    {
        var program = UserProgram.Compile(Programs[name], version, nullable, Builder);

        Assert.Empty(await program.DiagnoseAsync());
        Assert.Contains(program.Sources, source => source.HintName == "AddWorkers.g.cs");
        Assert.Contains(program.Sources, source => source.HintName == "App_Workers.g.cs");
    }
}
