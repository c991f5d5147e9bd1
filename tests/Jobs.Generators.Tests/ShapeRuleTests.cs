using System.Text;

namespace Jobs.Generators.Tests;

/// <summary>Random workers, held to the dispatch rule by an oracle that knows nothing of how it is emitted.</summary>
public class ShapeRuleTests
{
    static readonly string[] OpenKeys = ["a", "b", "c", "d", "e"];
    static readonly string[] TextKeys = ["kind", "mode"];
    static readonly string?[] Texts = [null, "x", "y", "z"];

    sealed record Shape(IReadOnlyDictionary<string, bool> IsOptional, IReadOnlyDictionary<string, string> Constants)
    {
        public IEnumerable<string> Keys => IsOptional.Keys.Concat(Constants.Keys);

        public bool Fits(IReadOnlyDictionary<string, string> json) =>
            IsOptional.All(member => member.Value || json.ContainsKey(member.Key)) &&
            Constants.All(constant => json.TryGetValue(constant.Key, out var value) && value == constant.Value);

        public (int, int, int) Score(IReadOnlyDictionary<string, string> json) =>
            (Constants.Count, Keys.Count(json.ContainsKey), -IsOptional.Count(member => member.Value && !json.ContainsKey(member.Key)));
    }

    [Theory]
    [InlineData(1), InlineData(2), InlineData(3)]
    public async Task Random_workers_dispatch_by_the_rule_and_are_refused_exactly_where_something_stored_could_go_astray(int seed)
    {
        var random = new Random(seed);
        var workers = Enumerable.Range(0, 120).Select(_ => Enumerable.Range(0, random.Next(2, 5)).Select(_ => Make(random)).ToList()).ToList();

        var diagnosed = UserProgram.Compile(Source(workers.Select((shapes, i) => (shapes, i)))).Result.Diagnostics
            .Select(diagnostic => diagnostic.Location.SourceTree!.GetText().Lines.GetLineFromPosition(diagnostic.Location.SourceSpan.Start).ToString().Split("/*")[1].Split("*/")[0])
            .Select(int.Parse)
            .Distinct()
            .Order()
            .ToList();
        var clashing = workers.Select((shapes, i) => (shapes, i)).Where(worker => Clashes(worker.shapes)).Select(worker => worker.i).ToList();
        Assert.Equal(clashing, diagnosed);
        Assert.InRange(clashing.Count, 5, 115);

        var sound = workers.Select((shapes, i) => (shapes, i)).Where(worker => !clashing.Contains(worker.i)).ToList();
        var host = await WorkerHost.StartAsync(Source(sound));
        foreach (var (shapes, i) in sound)
        {
            foreach (var json in AllJson(shapes.SelectMany(shape => shape.Keys).ToHashSet(), onlyWhole: false))
                Assert.Equal(Expected(shapes, json), await Performed(host, $"App.W{i}", json));
        }
    }

    static Shape Make(Random random)
    {
        var members = OpenKeys.OrderBy(_ => random.Next()).Take(random.Next(0, 4)).ToDictionary(key => key, _ => random.Next(2) == 0);
        var constants = new Dictionary<string, string>();
        foreach (var key in TextKeys)
        {
            if (random.Next(4) == 0)
                constants[key] = random.Next(2) == 0 ? "x" : "y";
            else if (random.Next(8) == 0)
                members[key] = random.Next(2) == 0;
        }

        return new Shape(members, constants);
    }

    static string Source(IEnumerable<(List<Shape> Shapes, int Number)> workers)
    {
        var source = new StringBuilder("using Jobs;\nnamespace App\n{\n");
        foreach (var (shapes, number) in workers)
        {
            for (var i = 0; i < shapes.Count; i++)
            {
                foreach (var constant in shapes[i].Constants)
                    source.Append($"[Matches(\"{constant.Key}\", \"{constant.Value}\")] ");
                var members = shapes[i].IsOptional.Select(member => $"{(TextKeys.Contains(member.Key) ? "string" : "int")}{(member.Value ? "?" : "")} {char.ToUpperInvariant(member.Key[0])}{member.Key[1..]}");
                source.Append($"public sealed record R{number}_{i}({string.Join(", ", members)});\n");
            }

            source.Append($"[Worker] public partial class W{number}\n{{\n");
            for (var i = 0; i < shapes.Count; i++)
                source.Append($"[Perform] public void P{i}(R{number}_{i} args) => Log.Lines.Add(\"{i}\"); /*{number}*/\n");
            source.Append("}\n");
        }

        return source.Append("}\n").ToString();
    }

    static async Task<string> Performed(WorkerHost host, string worker, Dictionary<string, string> json)
    {
        var text = "{" + string.Join(", ", json.Select(pair => $"\"{pair.Key}\": {(TextKeys.Contains(pair.Key) ? $"\"{pair.Value}\"" : pair.Value)}")) + "}";
        try
        {
            return (string)(await host.PerformAsync(worker, text)).Lines.Single()!;
        }
        catch (UnmatchedArgsException)
        {
            return "none";
        }
    }

    static string Expected(List<Shape> shapes, Dictionary<string, string> json)
    {
        var fitting = Enumerable.Range(0, shapes.Count).Where(i => shapes[i].Fits(json)).ToList();
        return fitting.Count == 0 ? "none" : fitting.OrderByDescending(i => shapes[i].Score(json)).ThenBy(i => i).First().ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Whether something that one of the shapes stores goes to another, or as well could.</summary>
    static bool Clashes(List<Shape> shapes) => shapes.Any(shape => AllJson([.. shape.Keys], onlyWhole: true)
        .Where(json => shape.Constants.All(constant => json[constant.Key] == constant.Value))
        .Any(json => shapes.Any(other => !ReferenceEquals(other, shape) && other.Fits(json) && other.Score(json).CompareTo(shape.Score(json)) >= 0)));

    /// <summary>Every JSON of the keys, with every text of interest.</summary>
    static IEnumerable<Dictionary<string, string>> AllJson(HashSet<string> keys, bool onlyWhole)
    {
        IEnumerable<Dictionary<string, string>> all = [[]];
        foreach (var key in keys)
        {
            var values = (TextKeys.Contains(key) ? Texts : [null, "1"]).Where(value => value is not null || !onlyWhole).ToList();
            all = all.SelectMany(json => values.Select(value => value is null ? json : new Dictionary<string, string>(json) { [key] = value })).ToList();
        }

        return all;
    }
}
