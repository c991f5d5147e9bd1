using System.Diagnostics;
using System.Globalization;
using Microsoft.CodeAnalysis;

namespace Jobs.Microbench.Generator;

/// <summary>Measures what the generator costs an editor: the first run over a program, and the run after each keystroke.</summary>
/// <remarks>
/// The clock covers the call of the driver alone, on a compilation of which nothing has been bound: what the generator asks of symbols is bound
/// within it. Parsing the edited file is not in it.
/// </remarks>
sealed class GeneratorRun(int workers, int runs)
{
    readonly List<(string Name, double[] Milliseconds)> _results = [];

    public void Run(TextWriter output)
    {
        var program = ManyWorkers.Create(workers);
        var driver = ManyWorkers.NewDriver();
        _results.Add(("cold, first in the process", [Time(ref driver, program)]));
        _results.Add(("cold", [.. Enumerable.Range(0, runs).Select(_ => Cold())]));
        foreach (var keystroke in Keystroke.All)
            _results.Add(($"keystroke {keystroke.Name}", [.. Keystrokes(driver, program, keystroke)]));
        Write(output);
    }

    double Cold()
    {
        var driver = ManyWorkers.NewDriver();
        return Time(ref driver, ManyWorkers.Create(workers));
    }

    IEnumerable<double> Keystrokes(GeneratorDriver driver, Compilation program, Keystroke keystroke)
    {
        for (var number = 0; number < runs; number++)
            yield return Time(ref driver, ManyWorkers.Edit(program, keystroke, number));
    }

    static double Time(ref GeneratorDriver driver, Compilation compilation)
    {
        GC.Collect();
        var started = Stopwatch.GetTimestamp();
        driver = driver.RunGeneratorsAndUpdateCompilation(compilation, out _, out var diagnostics);
        var elapsed = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        if (!diagnostics.IsEmpty)
            throw new InvalidOperationException(diagnostics[0].ToString());
        return elapsed;
    }

    void Write(TextWriter output)
    {
        output.WriteLine($"{workers} workers, milliseconds: median (least–most)");
        foreach (var (name, milliseconds) in _results)
        {
            Array.Sort(milliseconds);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{name,-42}{milliseconds[milliseconds.Length / 2],8:N1} ({milliseconds[0]:N1}–{milliseconds[^1]:N1}) of {milliseconds.Length}"));
        }
    }
}
