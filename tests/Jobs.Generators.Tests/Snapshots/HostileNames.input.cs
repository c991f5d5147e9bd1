namespace @namespace.System
{
    public class Jobs { }
    public class Task { }
    public class Shape { }
    public class ThisWorker { }
    public class String { }
    public enum @enum { @class, Grün }
    public sealed record @record(string @class, int @int, @enum Größe, string Json, string Args, string Read, string 名前);
    public sealed record None(int Job);

    public partial class Outer
    {
        public class Global { }

        [global::Jobs.Worker]
        public partial class @event
        {
            public class ArgsJson { }
            public class Microsoft { }

            [global::Jobs.Perform]
            public global::System.Threading.Tasks.Task @job(@record args, global::System.Threading.CancellationToken token) => throw new global::System.NotSupportedException();
        }
    }
}
