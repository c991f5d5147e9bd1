using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;

namespace Jobs.Generators.Tests.RandomWorkers;

/// <summary>Compiles random workers, compares what is rejected with what the rule says, and runs jobs of the others.</summary>
sealed partial class Trial
{
    const int ValuesPerRecord = 100;
    const int StrangersPerWorker = 50;

    readonly RandomWorker _worker;
    readonly DispatchOracle _oracle;
    readonly WorkerHost _host;
    readonly string _number;
    readonly Random _random;
    readonly RandomValues _values;
    readonly Constant[] _constants;
    readonly Type[] _types;
    readonly object[] _fresh;

    Trial(RandomWorker worker, int number, WorkerHost host)
    {
        _worker = worker;
        _oracle = new DispatchOracle(worker);
        _host = host;
        _number = number.ToString(CultureInfo.InvariantCulture);
        _random = new Random(worker.ValueSeed);
        _values = new RandomValues(_random);
        _constants = [.. worker.Records.SelectMany(record => record.Constants)];
        _types = [.. Enumerable.Range(0, worker.Records.Count).Select(i => host.Assembly.GetType($"App.R{_number}_{i}", throwOnError: true)!)];
        _fresh = [.. _types.Select(RandomValues.Fresh)];
    }

    /// <summary>How it went with one worker.</summary>
    /// <param name="Rejections">Why it is not compiled; empty where it is.</param>
    /// <param name="Unreachable">How many of its records nothing would reach.</param>
    /// <param name="Jobs">How many jobs were run.</param>
    /// <param name="Failure">What is wrong with the generator.</param>
    public sealed record Verdict(IReadOnlyList<Rejection> Rejections, int Unreachable, int Jobs, string? Failure);

    /// <summary>Tries workers, all in one program unless one of them does not compile.</summary>
    public static async Task<IReadOnlyList<Verdict>> OfAsync(IReadOnlyList<RandomWorker> workers)
    {
        var program = UserProgram.From(UserProgram.Create(WorkerSource.Of(workers)).AddSyntaxTrees(UserProgram.Parse(WorkerHost.Log, "Log.cs")));
        var reported = program.Result.Diagnostics.Select(Parse).ToLookup(report => report.Worker, report => report.Rejection);
        var (bytes, faults) = Emit(program);
        if (faults.Count == 0)
        {
            var host = WorkerHost.Load(bytes);
            var verdicts = new List<Verdict>();
            for (var i = 0; i < workers.Count; i++)
                verdicts.Add(await JudgeAsync(workers[i], i, [.. reported[i]], host));
            return verdicts;
        }

        if (workers.Count == 1)
            return [new Verdict([], 0, 0, $"It does not compile as it should: {string.Join('\n', faults.Select(fault => $"{fault}: {LineOf(fault)}"))}")];
        var each = new List<Verdict>();
        foreach (var worker in workers)
            each.AddRange(await OfAsync([worker]));
        return each;
    }

    /// <summary>The program; with errors, and warnings in the generated code, if there are any.</summary>
    static (byte[] Program, IReadOnlyList<Diagnostic> Faults) Emit(UserProgram program)
    {
        using var bytes = new MemoryStream();
        var generated = program.GeneratedTrees.ToHashSet();
        var emitted = program.Compilation.Emit(bytes, cancellationToken: TestContext.Current.CancellationToken);
        return (bytes.ToArray(), [.. emitted.Diagnostics.Where(diagnostic =>
            diagnostic.Severity is DiagnosticSeverity.Error || (diagnostic.Severity is DiagnosticSeverity.Warning && diagnostic.Location.SourceTree is { } tree && generated.Contains(tree)))]);
    }

    static string LineOf(Diagnostic fault) =>
        fault.Location.SourceTree?.GetText().Lines[fault.Location.GetLineSpan().StartLinePosition.Line].ToString().Trim() ?? "";

    static (int Worker, Rejection Rejection) Parse(Diagnostic diagnostic)
    {
        var records = NumberedRecord().Matches(diagnostic.GetMessage(CultureInfo.InvariantCulture));
        var (first, second) = (records[0], diagnostic.Id == "JOB011" ? records[1] : records[0]);
        return (Number(first, 1), new Rejection(diagnostic.Id, Number(first, 2), Number(second, 2)));
    }

    static int Number(Match match, int group) => int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\bR(\d+)_(\d+)\b")]
    private static partial Regex NumberedRecord();

    static async Task<Verdict> JudgeAsync(RandomWorker worker, int number, IReadOnlyList<Rejection> reported, WorkerHost host)
    {
        var oracle = new DispatchOracle(worker);
        var rejections = reported.Distinct().ToList();
        var verdict = new Verdict(rejections, oracle.Unreachable().Count(), 0, null);
        var expected = oracle.Rejections().ToHashSet();
        if (!expected.SetEquals(rejections))
            return verdict with { Failure = $"It is rejected for {{ {string.Join(", ", rejections)} }}, and the rule says {{ {string.Join(", ", expected)} }}." };
        if (rejections.Count > 0)
            return verdict;

        var trial = new Trial(worker, number, host);
        var jobs = 0;
        try
        {
            for (var i = 0; i < worker.Records.Count; i++)
            {
                for (var n = 0; n < ValuesPerRecord; n++, jobs++)
                    await trial.StoreAndPerformAsync(i);
            }

            for (var n = 0; n < StrangersPerWorker; n++)
                await trial.PerformWhatOthersWroteAsync();
            return verdict with { Jobs = jobs };
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return verdict with { Jobs = jobs, Failure = exception.ToString() };
        }
    }

    // What New stores

    async Task StoreAndPerformAsync(int place)
    {
        var record = _worker.Records[place];
        var args = Make(place);
        var stored = _host.New("App.W" + _number, args).Args;
        var batch = _random.Next(2) == 0 ? null : new BatchRef("blast 🎉", _random.Next());

        var keys = Keys(stored);
        Assert.Equal(record.Keys.ToHashSet(StringComparer.Ordinal), keys.Keys.ToHashSet(StringComparer.Ordinal));
        foreach (var bytes in new[] { stored, Jsonb.Of(stored) })
        {
            var (_, lines) = await _host.PerformAsync("App.W" + _number, bytes, batch);
            if (Wrong(lines, place, args, keys.ContainsKey, batch) is { } wrong)
                Assert.Fail($"{Encoding.UTF8.GetString(bytes.Span)}, stored of the record {place}: {wrong}");
        }
    }

    object Make(int place) => _values.Record(_worker.Records[place].Members, _types[place], _constants);

    static Dictionary<string, JsonElement> Keys(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone().EnumerateObject().ToDictionary(property => property.Name, property => property.Value, StringComparer.Ordinal);
    }

    /// <summary>What is wrong with what was performed.</summary>
    /// <param name="lines">The place of the perform method that ran, and its args.</param>
    /// <param name="place">The place of the one that should.</param>
    /// <param name="args">The args that it should have, as far as they were stored.</param>
    /// <param name="isStored">Whether a key was.</param>
    /// <param name="batch">The batch of the job.</param>
    string? Wrong(object?[] lines, int place, object args, Func<string, bool> isStored, BatchRef? batch)
    {
        if ((int)lines[0]! != place)
            return $"it was performed as the record {lines[0]}, not {place}.";
        foreach (var member in _worker.Records[place].Members)
        {
            var property = _types[place].GetProperty(member.PlainName)!;
            var expected = member.Role switch
            {
                Role.Stored when isStored(member.Key) => property.GetValue(args),
                Role.FromBatch when batch is not null => property.PropertyType == typeof(string)
                    ? batch.Id
                    : Convert.ChangeType(batch.Total, Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType, CultureInfo.InvariantCulture),
                _ => property.GetValue(_fresh[place]),
            };
            if (Structure.Difference(expected, property.GetValue(lines[1]), member.PlainName) is { } path)
                return $"{path} is not what it was.";
        }

        return null;
    }

    // What SQL, or another version of the program, stores

    /// <summary>Mixes the keys of records, leaves some out, and sees that the job goes where the rule says, with the values that are there.</summary>
    async Task PerformWhatOthersWroteAsync()
    {
        var json = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var _ in Enumerable.Range(0, _random.Next(1, 4)))
            Overlay(json, Keys(_host.New("App.W" + _number, Make(_random.Next(_types.Length))).Args), key => _random.Next(4) > 0);
        if (_oracle.Takes(json) is not { } place)
        {
            await Assert.ThrowsAsync<UnmatchedArgsException>(() => _host.PerformAsync("App.W" + _number, Text(json)));
            return;
        }

        // The values of the record that it goes to, so that it can be read: unless another would take it for them.
        var args = Make(place);
        var stored = Keys(_host.New("App.W" + _number, args).Args);
        Overlay(json, stored, json.ContainsKey);
        if (_oracle.Takes(json) != place)
            return;
        var (_, lines) = await _host.PerformAsync("App.W" + _number, Text(json));
        if (Wrong(lines, place, args, json.ContainsKey, batch: null) is { } wrong)
            Assert.Fail($"{Text(json)}, written by hand: {wrong}");
    }

    static void Overlay(Dictionary<string, JsonElement> json, Dictionary<string, JsonElement> other, Func<string, bool> isWanted)
    {
        foreach (var (key, value) in other.Where(pair => isWanted(pair.Key)))
            json[key] = value;
    }

    static string Text(Dictionary<string, JsonElement> json) => Jsonb.Of(JsonSerializer.SerializeToElement(json));
}
