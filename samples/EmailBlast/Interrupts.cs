using System.Runtime.InteropServices;

namespace EmailBlast;

/// <summary>Takes the signals by which a person or a service manager ends a program. The host drains at the first; the second ends the process.</summary>
sealed class Interrupts : IDisposable
{
    readonly Action _first;
    readonly PosixSignalRegistration[] _registrations;
    int _count;

    /// <summary>Takes the signals until it is disposed.</summary>
    /// <param name="first">What is done at the first one.</param>
    public Interrupts(Action first)
    {
        _first = first;
        _registrations = [PosixSignalRegistration.Create(PosixSignal.SIGINT, Take), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Take)];
    }

    void Take(PosixSignalContext signal)
    {
        signal.Cancel = true;
        switch (Interlocked.Increment(ref _count))
        {
            case 1:
                _first();
                break;
            case 2:
                Environment.Exit(ExitCode.Interrupted);
                break;
        }
    }

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
    }
}
