using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using System.Text;
using Basic.Reference.Assemblies;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;

namespace Jobs.Microbench.Generator;

/// <summary>A program of many workers, each in a file of its own with its two args records, beside a file that has to do with none.</summary>
static class ManyWorkers
{
    const string Unrelated = "Unrelated.cs";

    static readonly CSharpParseOptions ParseOptions = new(LanguageVersion.Latest, DocumentationMode.Parse);

    static readonly ImmutableArray<MetadataReference> References =
    [
        .. Net100.References.All,
        MetadataReference.CreateFromFile(typeof(IWorker).Assembly.Location),
        MetadataReference.CreateFromFile(typeof(JobsBuilder).Assembly.Location),
        MetadataReference.CreateFromFile(typeof(Microsoft.Extensions.DependencyInjection.ServiceDescriptor).Assembly.Location),
    ];

    static readonly Type Generator = Assembly.LoadFrom(
        typeof(ManyWorkers).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == nameof(Generator)).Value!)
        .GetType("Jobs.Generators.WorkerGenerator", throwOnError: true)!;

    public static GeneratorDriver NewDriver() => CSharpGeneratorDriver.Create(
        [((IIncrementalGenerator)Activator.CreateInstance(Generator)!).AsSourceGenerator()],
        parseOptions: ParseOptions);

    /// <summary>The program, of which nothing has been bound.</summary>
    public static Compilation Create(int workers) => CSharpCompilation.Create(
        "App",
        [Parse(Shared, "Shared.cs"), Parse(OtherClass, Unrelated), .. Enumerable.Range(0, workers).Select(number => Parse(Worker(number), FileOf(number)))],
        References,
        new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));

    public static string FileOf(int worker) => $"Workers/Worker{Number(worker)}.cs";

    /// <summary>The same program, of which nothing has been bound, with one place of one file written anew.</summary>
    public static Compilation Edit(Compilation compilation, Keystroke keystroke, int number)
    {
        var file = keystroke.IsInWorker ? FileOf(number % (compilation.SyntaxTrees.Count() - 2)) : Unrelated;
        var tree = compilation.SyntaxTrees.Single(tree => tree.FilePath == file);
        var text = tree.GetText();
        var at = text.ToString().IndexOf(keystroke.Behind, StringComparison.Ordinal) + keystroke.Behind.Length;
        var edited = text.WithChanges(new TextChange(new TextSpan(at, 0), keystroke.Typed.Replace("#", Number(number), StringComparison.Ordinal)));
        return compilation.ReplaceSyntaxTree(tree, tree.WithChangedText(edited));
    }

    static SyntaxTree Parse(string source, string path) => CSharpSyntaxTree.ParseText(SourceText.From(source, Encoding.UTF8), ParseOptions, path);

    static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    const string Shared = """
        namespace App;

        public enum Channel { Mail, Sms, Push }

        public interface IMailer
        {
            System.Threading.Tasks.Task SendAsync(string email, string subject, System.Threading.CancellationToken cancellationToken);
        }

        public interface IClock
        {
            System.DateTimeOffset Now { get; }
        }
        """;

    const string OtherClass = """
        namespace App;

        public static class Prices
        {
            public static decimal WithTax(decimal price)
            {
                return price * 1.19m;
            }
        }
        """;

    static string Worker(int number) => $$"""
        using System;
        using System.Threading;
        using System.Threading.Tasks;
        using Jobs;

        namespace App.Area{{number / 50}};

        /// <summary>Sent once for each order.</summary>
        public sealed record SendReceipt{{number}}(string Email, long OrderId, decimal Total, Channel Channel, DateTimeOffset OrderedAt, string? Name = null, bool IsTest = false);

        public sealed record SendReminder{{number}}(Guid Customer, int Days)
        {
            public string? Note { get; init; }
            public Channel Channel { get; init; }
            public double? Discount { get; init; }
        }

        [Worker(Queue = "mail", MaxAttempts = 5)]
        public partial class MailWorker{{number}}(IMailer mailer, IClock clock)
        {
            [Perform]
            public async Task<JobOutcome> ReceiptAsync(SendReceipt{{number}} args, JobContext job, CancellationToken cancellationToken)
            {
                await mailer.SendAsync(args.Email, "Your order", cancellationToken);
                return JobOutcome.Complete;
            }

            [Perform]
            public Task RemindAsync(SendReminder{{number}} args, CancellationToken cancellationToken) => Send(args, cancellationToken);

            Task Send(SendReminder{{number}} args, CancellationToken cancellationToken)
            {
                var text = args.Note ?? clock.Now.ToString();
                return mailer.SendAsync(args.Customer.ToString(), text, cancellationToken);
            }
        }
        """;
}
