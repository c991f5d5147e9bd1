namespace Jobs.Microbench.Generator;

/// <summary>What is typed, and where.</summary>
/// <param name="Name">What the table calls it.</param>
/// <param name="IsInWorker">Whether it is in a worker's file; each one in another's.</param>
/// <param name="Behind">The text behind which it is typed.</param>
/// <param name="Typed">What is typed; <c>#</c> becomes a number, so that no two are the same.</param>
sealed record Keystroke(string Name, bool IsInWorker, string Behind, string Typed)
{
    public static readonly Keystroke[] All =
    [
        new("in a method of another class", false, "return price", " + #m"),
        new("in a method of a worker", true, "args.Note ?? ", "\"#\" + "),
        new("a line above a worker", true, "using Jobs;\n", "// #\n"),
        new("a member of an args record", true, "int Days", ", int More#"),
    ];
}
