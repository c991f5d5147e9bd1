using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Microsoft.CodeAnalysis;

namespace Jobs.Generators.Tests;

/// <summary>A program with one worker, <c>App.W</c>, that logs the <c>TheArgs</c> it is given.</summary>
static class ArgsProgram
{
    const string Usings = """
        using System; using System.Collections.Generic; using System.Collections.Immutable; using System.Text.Json; using System.Text.Json.Serialization; using Jobs;
        namespace App;

        """;

    const string Worker = """

        [Worker] public partial class W { [Perform] public void Run(TheArgs args) => Log.Lines.Add(args); }

        """;

    public static string Of(string code) => Usings + code + Worker;

    public static Task<WorkerHost> StartAsync(string code) => WorkerHost.StartAsync(Of(code));

    /// <summary>What the errors of the program say, each with its id.</summary>
    public static async Task<string[]> ErrorsAsync(string code, params MetadataReference[] more) =>
        [.. (await UserProgram.From(UserProgram.Create(Of(code), "App", more).AddSyntaxTrees(UserProgram.Parse(WorkerHost.Log, "Log.cs"))).DiagnoseAsync()).Select(diagnostic => $"{diagnostic.Id}: {diagnostic.GetMessage(CultureInfo.InvariantCulture)}")];

    /// <summary>Enqueues the args, runs the job, and returns what its method was given.</summary>
    public static async Task<object> RoundTripAsync(WorkerHost host, object args) =>
        (await host.PerformAsync("App.W", host.New("App.W", args).Args)).Lines.Single()!;

    /// <summary>What a static method of the program returns.</summary>
    public static object Call(WorkerHost host, string type, string method) =>
        host.Assembly.GetType(type)!.GetMethod(method, BindingFlags.Public | BindingFlags.Static)!.Invoke(null, null)!;

    /// <summary>All that a value holds, so that two are the same only if nothing of them differs.</summary>
    public static string Describe(object? value) => value switch
    {
        null => "null",
        string text => JsonSerializer.Serialize(text),
        double number => $"{number:R}/{BitConverter.DoubleToInt64Bits(number):x}",
        float number => $"{number:R}/{BitConverter.SingleToInt32Bits(number):x}",
        DateTime time => $"{time.Ticks} {time.Kind}",
        DateTimeOffset time => $"{time.Ticks} {time.Offset}",
        DateOnly date => date.DayNumber.ToString(CultureInfo.InvariantCulture),
        TimeOnly time => time.Ticks.ToString(CultureInfo.InvariantCulture),
        TimeSpan length => length.Ticks.ToString(CultureInfo.InvariantCulture),
        Uri uri => uri.IsAbsoluteUri ? uri.AbsoluteUri : $"relative {uri.OriginalString}",
        JsonElement element => JsonSerializer.Serialize(element),
        IDictionary entries => $"{{{string.Join(", ", entries.Keys.Cast<object>().Select(key => $"{Describe(key)}: {Describe(entries[key])}"))}}}",
        IEnumerable items => $"[{string.Join(", ", items.Cast<object?>().Select(Describe))}]",
        _ when value.GetType().Namespace == "App" && !value.GetType().IsEnum =>
            $"{value.GetType().Name}({string.Join(", ", value.GetType().GetProperties().Where(property => property.Name != "EqualityContract").Select(property => $"{property.Name} = {Describe(property.GetValue(value))}"))})",
        _ => string.Create(CultureInfo.InvariantCulture, $"{value.GetType().Name} {value}"),
    };
}
