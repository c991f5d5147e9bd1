using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Jobs.Torture.Work;

/// <summary>A way for a job to take its process along.</summary>
sealed record Death(string Name, Action Die);

/// <summary>Twenty ways to die. None leaves the job time to say anything, and none can be caught.</summary>
static partial class Deaths
{
    /// <summary>A death that has not come by then has failed to kill.</summary>
    public static readonly TimeSpan ComesWithin = TimeSpan.FromSeconds(30);

    public static readonly IReadOnlyList<Death> All =
    [
        new("fail-fast", static () => Environment.FailFast("poison")),
        new("exit-with-1", static () => Environment.Exit(1)),
        new("exit-with-0", static () => Environment.Exit(0)),
        new("stack-overflow", static () => Recurse(1)),
        new("exception-on-a-thread", static () => OnThread(Throw)),
        new("exception-in-the-pool", static () => ThreadPool.UnsafeQueueUserWorkItem(static _ => Throw(), null)),
        new("exception-in-async-void", AsyncVoid),
        new("exception-in-a-timer", ThrowingTimer),
        new("exception-in-a-finalizer", static () => Finalize(Throw)),
        new("exit-in-a-finalizer", static () => Finalize(static () => Environment.Exit(3))),
        new("managed-memory", static () => OnThread(AllocateUntilKilled)),
        new("native-memory", static () => OnThread(AllocateNativelyUntilKilled)),
        new("sigkill", static () => _ = SendSignal(Environment.ProcessId, Sigkill)),
        new("abort", Abort),
        new("wild-write", WriteWildly),
        new("wild-call", CallWildly),
        new("exit-of-the-c-library", static () => ExitNow(4)),
        new("processor-time", static () => OnThread(SpinUntilKilled)),
        new("free-of-a-wild-pointer", FreeWildPointer),
        new("another-program", BecomeAnotherProgram),
    ];

    const int Sigkill = 9;
    const int LimitOfProcessorTime = 0;
    const int LimitOfAddressSpace = 9;
    const long NobodysAddress = 0x7000_0000_0000;

    public static Death Find(string name) => All.First(death => death.Name == name);

    static void Throw() => throw new InvalidOperationException("poison");

    static void OnThread(Action action) => new Thread(() => action()).Start();

    static int Recurse(int depth)
    {
        Span<byte> frame = stackalloc byte[64 * 1024];
        frame[depth % frame.Length] = (byte)depth;
        return Recurse(depth + 1) + frame[0];
    }

    static async void AsyncVoid()
    {
        await Task.Yield();
        Throw();
    }

    static void ThrowingTimer()
    {
        var timer = new Timer(static _ => Throw(), null, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        GC.KeepAlive(timer);
    }

    static void Finalize(Action action)
    {
        Forget(action);
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static void Forget(Action action) => _ = new Mine(action);

    // The node has a limit for its heap, so the machine is not harmed: NodeProcess.HeapLimit.
    static void AllocateUntilKilled()
    {
        var kept = new List<byte[]>();
        while (true)
            kept.Add(GC.AllocateArray<byte>(1024 * 1024));
    }

    // In steps, so that the process dies of a small allocation as a leak does.
    static unsafe void AllocateNativelyUntilKilled()
    {
        var used = Process.GetCurrentProcess().VirtualMemorySize64;
        Limit(LimitOfAddressSpace, (ulong)used + 256 * 1024 * 1024);
        while (true)
            NativeMemory.Fill(NativeMemory.Alloc(4 * 1024 * 1024), 4 * 1024 * 1024, 1);
    }

    static void SpinUntilKilled()
    {
        Limit(LimitOfProcessorTime, (ulong)Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds + 1);
        for (var i = 0L; ; i++)
            GC.KeepAlive(i);
    }

    static unsafe void WriteWildly() => *(int*)NobodysAddress = 1;

    static unsafe void CallWildly() => ((delegate* unmanaged<void>)NobodysAddress)();

    static unsafe void FreeWildPointer()
    {
        var block = (byte*)NativeMemory.Alloc(256);
        NativeMemory.Clear(block, 256);
        Free(block + 40);
    }

    static unsafe void BecomeAnotherProgram()
    {
        fixed (byte* path = "/bin/true\0"u8)
        {
            var arguments = stackalloc byte*[2] { path, null };
            _ = Execute(path, arguments);
        }
    }

    static unsafe void Limit(int resource, ulong value)
    {
        var limit = stackalloc ulong[2] { value, value };
        if (SetLimit(resource, limit) != 0)
            throw new InvalidOperationException($"The limit of resource {resource} could not be set.");
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);

    [LibraryImport("libc", EntryPoint = "abort")]
    private static partial void Abort();

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void ExitNow(int status);

    [LibraryImport("libc", EntryPoint = "free")]
    private static unsafe partial void Free(void* block);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static unsafe partial int SetLimit(int resource, ulong* limit);

    [LibraryImport("libc", EntryPoint = "execv")]
    private static unsafe partial int Execute(byte* path, byte** arguments);

    /// <summary>Does something when it is collected.</summary>
    sealed class Mine(Action action)
    {
        ~Mine() => action();
    }
}
