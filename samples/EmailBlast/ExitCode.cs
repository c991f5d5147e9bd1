namespace EmailBlast;

static class ExitCode
{
    public const int AllDelivered = 0;
    public const int SomeDiscarded = 1;
    public const int CouldNotRun = 2;

    // What a shell says of a program that Ctrl-C ended.
    public const int Interrupted = 130;
}
