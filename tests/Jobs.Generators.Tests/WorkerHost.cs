using System.Collections.Concurrent;
using System.Reflection;
using System.Text;
using Jobs.Generated;

namespace Jobs.Generators.Tests;

/// <summary>A compiled program whose workers are run for real over stored JSON. They write what they did into <c>App.Log.Lines</c>.</summary>
sealed class WorkerHost : IServiceProvider
{
    public const string Log = """
        namespace App
        {
            public static class Log
            {
                public static readonly System.Collections.Generic.List<object?> Lines = new();
            }
        }
        """;

    static readonly ConcurrentDictionary<string, Lazy<Task<byte[]>>> Compiled = new(StringComparer.Ordinal);

    readonly List<object?> _lines;
    readonly Dictionary<Type, object> _services = [];

    WorkerHost(Assembly assembly)
    {
        Assembly = assembly;
        _lines = (List<object?>)assembly.GetType("App.Log")!.GetField("Lines")!.GetValue(null)!;
        var registration = assembly.GetCustomAttribute<WorkerAssemblyAttribute>()!.Registration;
        registration.GetMethod("Register")!.Invoke(null, [Workers]);
    }

    public Assembly Assembly { get; }

    public WorkerRegistry Workers { get; } = new();

    /// <summary>Starts a program that is compiled already, with <see cref="Log"/> in it.</summary>
    public static WorkerHost Load(byte[] program) => new(Assembly.Load(program));

    /// <summary>Starts the program. One that several tests share is compiled once, and each gets its own copy of the assembly.</summary>
    public static async Task<WorkerHost> StartAsync(string source) =>
        new(Assembly.Load(await Compiled.GetOrAdd(source, static source => new Lazy<Task<byte[]>>(() => CompileAsync(source))).Value));

    static async Task<byte[]> CompileAsync(string source)
    {
        var program = UserProgram.From(UserProgram.Create(source).AddSyntaxTrees(UserProgram.Parse(Log, "Log.cs")));
        Assert.Empty(await program.DiagnoseAsync());
        return program.Emit();
    }

    public void Add(Type type, object service) => _services[type] = service;

    public object? GetService(Type serviceType) => _services.GetValueOrDefault(serviceType);

    /// <summary>Runs a job, and returns its outcome and what its perform method logged.</summary>
    public async Task<(JobOutcome Outcome, object?[] Lines)> PerformAsync(string worker, ReadOnlyMemory<byte> args, BatchRef? batch = null)
    {
        Assert.True(Workers.TryGet(worker, out var definition));
        var job = new JobContext
        {
            Id = 4182,
            Worker = worker,
            Queue = definition.Queue,
            Attempt = 1,
            MaxAttempts = definition.MaxAttempts,
            Batch = batch,
            Args = args,
            Services = this,
        };
        _lines.Clear();
        var outcome = await definition.Create(this).PerformAsync(job, TestContext.Current.CancellationToken);
        return (outcome, _lines.ToArray());
    }

    public Task<(JobOutcome Outcome, object?[] Lines)> PerformAsync(string worker, string args, BatchRef? batch = null) =>
        PerformAsync(worker, Encoding.UTF8.GetBytes(args), batch);

    public async Task<string> FailAsync<TException>(string worker, string args, BatchRef? batch = null)
        where TException : Exception => (await Assert.ThrowsAsync<TException>(() => PerformAsync(worker, args, batch))).Message;

    /// <summary>What <c>New</c> of the worker makes of an args record.</summary>
    public NewJob New(string worker, object args)
    {
        var method = Assembly.GetType(worker)!.GetMethod("New", [args.GetType()])!;
        try
        {
            return (NewJob)method.Invoke(null, [args])!;
        }
        catch (TargetInvocationException wrapped) when (wrapped.InnerException is InvalidArgsException refused)
        {
            throw new InvalidArgsException(refused.Message, refused);
        }
    }

    public object Make(string type, params object?[] arguments) => Activator.CreateInstance(Assembly.GetType(type)!, arguments)!;
}
