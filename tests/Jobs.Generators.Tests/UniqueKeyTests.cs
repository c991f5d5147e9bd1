using System.Collections;
using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Jobs.Generated;

namespace Jobs.Generators.Tests;

/// <summary>What makes the jobs of a unique worker one, in compiled programs.</summary>
public class UniqueKeyTests
{
    const string Usings = """
        using System;
        using System.Collections.Generic;
        using System.Text.Json.Serialization;
        using Jobs;
        """;

    static readonly string Every = File.ReadAllText(Path.Combine(TestFiles.Snapshots, "UniqueByAll.input.cs"));

    static readonly string ByKeys = File.ReadAllText(Path.Combine(TestFiles.Snapshots, "UniqueByKeys.input.cs"));

    /// <summary>The same jobs as they are written in different versions of a program.</summary>
    static readonly string Versions = Usings + """
        namespace App
        {
            public enum Tone { Formal, Casual }
            public sealed record Address(string Street, string City);
            public sealed record OrderArgs(string Email, int Number, decimal Amount, Tone Tone, List<string> Tags, Address Home);
            [Worker, Unique(Keys = ["Email", "Number", "Amount", "Tone", "Tags", "Home"])]
            public partial class First { [Perform] public void Run(OrderArgs args) { } }

            public enum NewTone { Casual = 7, [JsonStringEnumMemberName("Formal")] Stiff }
            public sealed record NewAddress(string City, string Street);
            public sealed record Renamed(string? Note, NewAddress Home, string[] Tags, string? Email, NewTone Tone, decimal Amount, double Weight)
            {
                public required long? Number { get; init; }
            }
            [Worker, Unique(Keys = ["Tags", "Tone", "Email", "Home", "Amount", "Number"], PeriodSeconds = 60)]
            public partial class Second { [Perform] public void Run(Renamed args) { } }

            public sealed class Place { public required string City { get; set; } public string Street { get; set; } = ""; }
            [Matches("kind", "order")]
            public sealed record Rewritten
            {
                [JsonPropertyName("number")] public required decimal Count { get; init; }
                [JsonPropertyName("home")] public Dictionary<string, string> Where { get; init; } = [];
                public required string Tone { get; init; }
                public required IReadOnlyList<string> Tags { get; init; }
                public required string Email { get; init; }
                public decimal Amount { get; init; }
                public int More { get; init; }
            }
            [Worker, Unique(Keys = ["Count", "Where", "Tone", "Tags", "Email", "Amount"])]
            public partial class Third { [Perform] public void Run(Rewritten args) { } }
        }
        """;

    [Fact]
    public async Task Equal_members_are_one_key_whatever_their_order_type_record_and_neighbours()
    {
        var host = await WorkerHost.StartAsync(Versions);
        var random = new Random(1);

        for (var i = 0; i < 200; i++)
        {
            var (email, number, amount, tags) = (Text(random), random.Next(-5, 5), random.Next(100) / 10m, new[] { Text(random), Text(random) });
            var first = Key(host, "App.First", host.Make("App.OrderArgs", email, number, amount, Enum.ToObject(Type("App.Tone"), 0), tags.ToList(), host.Make("App.Address", "street", "city")));
            var second = host.Make("App.Renamed", Text(random), host.Make("App.NewAddress", "city", "street"), tags, email, Enum.ToObject(Type("App.NewTone"), 8), amount + 0.00m, random.NextDouble());
            Set(second, "Number", (long)number);
            var third = host.Make("App.Rewritten");
            Set(third, "Count", (decimal)number);
            Set(third, "Where", new Dictionary<string, string> { ["street"] = "street", ["city"] = "city" });
            Set(third, "Tone", "Formal");
            Set(third, "Tags", tags);
            Set(third, "Email", email);
            Set(third, "Amount", amount);
            Set(third, "More", random.Next());

            Assert.NotNull(first);
            Assert.Equal(first, Key(host, "App.Second", second));
            Assert.Equal(first, Key(host, "App.Third", third));
        }

        Type Type(string name) => host.Assembly.GetType(name)!;
    }

    [Fact]
    public async Task Two_records_of_a_worker_with_equal_keys_are_one_and_a_missing_key_is_not_null()
    {
        var host = await WorkerHost.StartAsync(Usings + """
            namespace App
            {
                public sealed record EmailArgs(string Email, string? Name);
                public sealed record ReminderArgs(string Email, string? Name, int Days);
                public sealed record NoteArgs(string Email);
                [Worker, Unique(Keys = [nameof(EmailArgs.Email), nameof(EmailArgs.Name)])]
                public partial class Mailer
                {
                    [Perform] public void Deliver(EmailArgs args) { }
                    [Perform] public void Remind(ReminderArgs args) { }
                    [Perform] public void Note(NoteArgs args) { }
                }
            }
            """);

        var email = Key(host, "App.Mailer", host.Make("App.EmailArgs", "ada", null));
        Assert.Equal(email, Key(host, "App.Mailer", host.Make("App.ReminderArgs", "ada", null, 3)));
        Assert.NotEqual(email, Key(host, "App.Mailer", host.Make("App.EmailArgs", "ada", "")));
        Assert.NotEqual(email, Key(host, "App.Mailer", host.Make("App.NoteArgs", "ada")));
    }

    [Fact]
    public async Task A_record_without_any_of_the_keys_is_not_unique_and_no_job_of_another_worker_is()
    {
        var host = await WorkerHost.StartAsync(ByKeys);
        var plain = await WorkerHost.StartAsync(ByKeys.Replace(", Unique(Keys = [nameof(EmailArgs.Email), nameof(EmailArgs.Campaign)], PeriodSeconds = 60)", "", StringComparison.Ordinal));

        Assert.NotNull(Key(host, "App.MailWorker", host.Make("App.ReminderArgs", null, "ada", 1.5)));
        Assert.Null(Key(host, "App.MailWorker", host.Make("App.CleanupArgs", new DateOnly(2030, 1, 31))));
        Assert.Null(Key(plain, "App.MailWorker", plain.Make("App.ReminderArgs", null, "ada", 1.5)));
    }

    [Fact]
    public async Task Without_keys_everything_stored_counts_and_constants_tell_records_apart()
    {
        var host = await WorkerHost.StartAsync(Usings + """
            namespace App
            {
                [Matches("status", "paid")] public sealed record PaidArgs(int Id, [property: FromBatch] string? BatchId = null);
                [Matches("status", "lost")] public sealed record LostArgs(int Id);
                public sealed record OldArgs(string Status, int Id);
                public sealed record PingArgs();
                [Worker, Unique] public partial class Bookkeeper
                {
                    [Perform] public void Paid(PaidArgs args) { }
                    [Perform] public void Lost(LostArgs args) { }
                    [Perform] public void Ping(PingArgs args) { }
                }
                [Worker, Unique] public partial class Before { [Perform] public void Paid(OldArgs args) { } }
            }
            """);

        var paid = Key(host, "App.Bookkeeper", host.Make("App.PaidArgs", 7, null));
        Assert.Equal(paid, Key(host, "App.Bookkeeper", host.Make("App.PaidArgs", 7, "batch")));
        Assert.Equal(paid, Key(host, "App.Before", host.Make("App.OldArgs", "paid", 7)));
        Assert.NotEqual(paid, Key(host, "App.Bookkeeper", host.Make("App.PaidArgs", 8, null)));
        Assert.NotEqual(paid, Key(host, "App.Bookkeeper", host.Make("App.LostArgs", 7)));
        Assert.NotNull(Key(host, "App.Bookkeeper", host.Make("App.PingArgs")));
    }

    [Fact]
    public async Task A_job_changed_by_with_keeps_its_key()
    {
        var host = await WorkerHost.StartAsync(ByKeys);
        var job = host.New("App.MailWorker", host.Make("App.ReminderArgs", null, "ada", 1.5));

        Assert.Equal(job.ArgsHash, (job with { Priority = 3, Queue = "other" }).ArgsHash);
    }

    [Fact]
    public async Task Hashes_stay_as_they_were_stored()
    {
        var host = await WorkerHost.StartAsync(Every.Replace("Run(EveryArgs args) { }", "Run(EveryArgs args) => Log.Lines.Add(args);", StringComparison.Ordinal));
        var (_, lines) = await host.PerformAsync("App.EveryWorker", """
            {"kind": "every", "version": 2, "is_new": true, "text": "é", "note": null, "flag": false, "maybe_flag": true,
             "a": 255, "b": -128, "c": -3, "d": 4, "e": -5, "f": 6, "g": -7, "h": 18446744073709551615, "i": null, "j": 10, "k": 1.00, "l": -0.50,
             "m": "0190d9d2-1c6b-7c3e-8f0a-52b6b1a5c0de", "n": "2030-01-31T12:00:00+02:00", "o": "2030-01-31T10:00:00Z", "p": "2030-01-31",
             "q": "23:59:00", "r": "1.12:30:00", "s": "https://example.com/a?b=c#d", "t": "/orders", "u": "AQID", "v": null,
             "colour": "Crimson", "maybe_colour": "Green", "days": "Weekend, Monday", "maybe_days": null,
             "tags": ["a", "b"], "notes": [null, ""], "numbers": [1, null], "ids": [], "grid": [[1, 2], []],
             "counts": {"b": 2, "a": 1}, "places": {"z": null, "y": [{"north": 1.5, "east": -2}]},
             "home": {"street": "s", "zip": null, "place": {"north": 0, "east": 0.0}}, "work": null, "here": {"north": 1, "east": 2}, "e-mail": "ada@example.com"}
            """);

        Assert.Equal("635d8bd6c4ea06d193c15d624bb0a453", Key(host, "App.EveryWorker", lines.Single()!)?.ToString("x32", CultureInfo.InvariantCulture));
    }

    /// <summary>Stored JSON, brought into one form by other means, is equal exactly when the keys are.</summary>
    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4)]
    public async Task Keys_are_equal_exactly_when_the_stored_args_are(int seed)
    {
        var host = await WorkerHost.StartAsync(Every);
        var random = new Random(seed);
        var type = host.Assembly.GetType("App.EveryArgs")!;
        var (same, different) = (0, 0);

        for (var i = 0; i < 10; i++)
        {
            var args = Random(host, random);
            var job = host.New("App.EveryWorker", args);
            foreach (var property in type.GetProperties().Where(property => property.CanWrite))
            {
                var other = type.GetMethod("<Clone>$")!.Invoke(args, null)!;
                property.SetValue(other, Value(property.PropertyType, random));
                var otherJob = host.New("App.EveryWorker", other);

                var isSame = Canonical(job) == Canonical(otherJob);
                Assert.True(isSame == (job.ArgsHash == otherJob.ArgsHash), property.Name);
                (same, different) = isSame ? (same + 1, different) : (same, different + 1);
            }
        }

        Assert.InRange(same, 20, 430);
        Assert.InRange(different, 200, 430);
    }

    [Fact]
    public async Task A_key_allocates_nothing()
    {
        var host = await WorkerHost.StartAsync(Every);
        var args = Random(host, new Random(1));
        // Given as an interface, a list allocates its enumerator.
        Set(args, "Numbers", null);
        var write = host.Assembly.GetTypes().Single(type => type.Name.EndsWith("ArgsJson", StringComparison.Ordinal)).GetMethod("KeyOfEveryArgs")!
            .CreateDelegate(typeof(Action<,>).MakeGenericType(typeof(KeyWriter), args.GetType()));

        var allocated = GetType().GetMethod(nameof(Allocated), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(args.GetType()).Invoke(null, [args, write]);

        Assert.Equal(0L, allocated);
    }

    static long Allocated<TArgs>(TArgs args, Action<KeyWriter, TArgs> write)
    {
        for (var i = 0; i < 100; i++)
            KeyWriter.Hash(args, write);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            KeyWriter.Hash(args, write);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    // Errors

    [Theory]
    [InlineData("""public sealed record EmailArgs(string Email, object Sender);""", "[Perform] public void Run(EmailArgs args) { }", "JOB008")]
    [InlineData("""public sealed record EmailArgs(string Email);""", "[Perform] public void Run(string args) { }", "JOB006")]
    [InlineData("""public sealed record EmailArgs(string Email);""", "public void Run(EmailArgs args) { }", "JOB004")]
    public async Task While_a_record_or_a_method_is_wrong_its_keys_are_no_further_error(string record, string method, string id)
    {
        var program = UserProgram.Compile($$"""
            {{Usings}}
            namespace App
            {
                {{record}}
                [Worker, Unique(Keys = ["Email", "Sender"])]
                public partial class Mailer { {{method}} }
            }
            """);

        Assert.Equal([id], (await program.DiagnoseAsync()).Select(diagnostic => diagnostic.Id).Where(found => found.StartsWith("JOB", StringComparison.Ordinal)).Distinct());
    }

    [Fact]
    public void A_worker_with_a_wrong_key_is_not_unique_by_the_rest_of_them()
    {
        var right = UserProgram.Compile(ByKeys);
        var wrong = UserProgram.Compile(ByKeys.Replace("nameof(EmailArgs.Campaign)", "\"Campain\"", StringComparison.Ordinal));

        Assert.Contains("KeyOfEmailArgs", Emitted(right), StringComparison.Ordinal);
        Assert.DoesNotContain("KeyOf", Emitted(wrong), StringComparison.Ordinal);
        static string Emitted(UserProgram program) => string.Concat(program.Sources.Select(source => source.SourceText));
    }

    static UInt128? Key(WorkerHost host, string worker, object args) => host.New(worker, args).ArgsHash;

    static void Set(object args, string member, object? value) => args.GetType().GetProperty(member)!.SetValue(args, value);

    // Stored JSON in one form: keys sorted, numbers without trailing zeros, instants in UTC.

    static string Canonical(NewJob job)
    {
        using var json = JsonDocument.Parse(job.Args);
        return Canonical(json.RootElement, "");
    }

    static string Canonical(JsonElement json, string key) => json.ValueKind switch
    {
        JsonValueKind.Object => $"{{{string.Join(',', json.EnumerateObject().OrderBy(property => property.Name, StringComparer.Ordinal).Select(property => $"{JsonSerializer.Serialize(property.Name)}:{Canonical(property.Value, property.Name)}"))}}}",
        JsonValueKind.Array => $"[{string.Join(',', json.EnumerateArray().Select(item => Canonical(item, "")))}]",
        JsonValueKind.Number => json.GetDecimal().ToString("0.#############################", CultureInfo.InvariantCulture),
        JsonValueKind.String when key is "n" or "o" => json.GetDateTimeOffset().UtcTicks.ToString(CultureInfo.InvariantCulture),
        _ => json.GetRawText(),
    };

    // Random values from few, so that two are often equal or nearly so

    static object Random(WorkerHost host, Random random) => Value(host.Assembly.GetType("App.EveryArgs")!, random)!;

    static object? Value(Type type, Random random)
    {
        if (Nullable.GetUnderlyingType(type) is { } inner)
            return random.Next(3) == 0 ? null : Value(inner, random);
        if (type.IsEnum)
            return Enum.GetValues(type).GetValue(random.Next(Enum.GetValues(type).Length));
        if (type.IsArray && type != typeof(byte[]))
            return Items(type.GetElementType()!, random).GetType().GetMethod("ToArray")!.Invoke(Items(type.GetElementType()!, random), null);
        if (type.IsGenericType)
            return Collection(type, random);
        if (Scalar(type, random) is { } scalar)
            return scalar;

        var constructor = type.GetConstructors().Single();
        var made = constructor.Invoke([.. constructor.GetParameters().Select(parameter => Value(parameter.ParameterType, random))]);
        foreach (var property in type.GetProperties().Where(property => property.CanWrite && constructor.GetParameters().All(parameter => parameter.Name != property.Name)))
            property.SetValue(made, Value(property.PropertyType, random));
        return made;
    }

    static object Collection(Type type, Random random)
    {
        var item = type.GetGenericArguments()[^1];
        if (type.GetGenericTypeDefinition() == typeof(ImmutableArray<>))
            return Enumerable.Range(0, random.Next(3)).Select(_ => (Guid)Value(item, random)!).ToImmutableArray();
        if (type.GetGenericTypeDefinition() != typeof(Dictionary<,>))
            return Items(item, random);

        var entries = (IDictionary)Activator.CreateInstance(type)!;
        for (var i = random.Next(4); i > 0; i--)
            entries[Text(random)] = Value(item, random);
        return entries;
    }

    static IList Items(Type item, Random random)
    {
        var items = (IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(item))!;
        for (var i = random.Next(3); i > 0; i--)
            items.Add(Value(item, random));
        return items;
    }

    static object? Scalar(Type type, Random random)
    {
        var small = random.Next(4);
        return type switch
        {
            _ when type == typeof(string) => Text(random),
            _ when type == typeof(bool) => small > 1,
            _ when type == typeof(decimal) => new decimal(small, 0, 0, random.Next(2) == 0, (byte)random.Next(29)) * (random.Next(2) == 0 ? 1 : 10),
            _ when type.IsPrimitive => Convert.ChangeType(small, type, CultureInfo.InvariantCulture),
            _ when type == typeof(Guid) => new Guid(small, 0, 0, new byte[8]),
            _ when type == typeof(DateTimeOffset) => new DateTimeOffset(2030, 1, 31, 12, 0, 0, TimeSpan.Zero).AddHours(small).ToOffset(TimeSpan.FromHours(random.Next(-3, 3))),
            _ when type == typeof(DateTime) => new DateTime(2030, 1, 31, 12, small, 0, DateTimeKind.Utc),
            _ when type == typeof(DateOnly) => new DateOnly(2030, 1, small + 1),
            _ when type == typeof(TimeOnly) => new TimeOnly(small, 0),
            _ when type == typeof(TimeSpan) => TimeSpan.FromDays(small - 2),
            _ when type == typeof(Uri) => new Uri(small == 0 ? "/orders" : $"https://example.com/{small}", small == 0 ? UriKind.Relative : UriKind.Absolute),
            _ when type == typeof(byte[]) => new byte[small],
            _ => null,
        };
    }

    static string Text(Random random)
    {
        string[] parts = ["", "a", "b", "é", "🎉", "null"];
        return parts[random.Next(parts.Length)] + parts[random.Next(parts.Length)];
    }
}
