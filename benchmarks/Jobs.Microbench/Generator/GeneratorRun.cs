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
    readonly List<(string Name, (double Wall, double Cpu)[] Times)> _results = [];

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

    (double Wall, double Cpu) Cold()
    {
        var driver = ManyWorkers.NewDriver();
        return Time(ref driver, ManyWorkers.Create(workers));
    }

    IEnumerable<(double Wall, double Cpu)> Keystrokes(GeneratorDriver driver, Compilation program, Keystroke keystroke)
    {
        for (var number = 0; number < runs; number++)
            yield return Time(ref driver, ManyWorkers.Edit(program, keystroke, number));
    }

    static (double Wall, double Cpu) Time(ref GeneratorDriver driver, Compilation compilation)
    {
        GC.Collect();
        var (started, cpu) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        driver = driver.RunGeneratorsAndUpdateCompilation(compilation, out _, out var diagnostics);
        var times = (Stopwatch.GetElapsedTime(started).TotalMilliseconds, (Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds);
        if (!diagnostics.IsEmpty)
            throw new InvalidOperationException(diagnostics[0].ToString());
        return times;
    }

    // The system counts a process's CPU in steps of 10 ms, so that only the mean of many is worth telling.
    void Write(TextWriter output)
    {
        output.WriteLine($"{workers} workers; milliseconds: median (least–most), and the mean of the process's CPU");
        foreach (var (name, times) in _results)
        {
            var walls = times.Select(time => time.Wall).Order().ToArray();
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{name,-42}{walls[walls.Length / 2],9:N1} ({walls[0]:N1}–{walls[^1]:N1}), CPU {times.Average(time => time.Cpu):N1}, of {times.Length}"));
        }
    }
}
