using System.Text;

namespace Jobs.Generators.Text;

/// <summary>Writes indented text. Each block it is given ends with one <c>\n</c>, whatever the machine.</summary>
sealed class SourceWriter
{
    const int Width = 4;

    readonly StringBuilder _text = new();
    int _depth;

    /// <summary>Writes every line of <paramref name="block"/> at the current depth; empty lines stay empty.</summary>
    public void WriteLine(string block = "")
    {
        foreach (var line in block.Split('\n'))
        {
            var content = line.TrimEnd('\r');
            if (content.Length > 0)
                _text.Append(' ', _depth * Width).Append(content);
            _text.Append('\n');
        }
    }

    /// <summary>Indents until the result is disposed.</summary>
    public Indentation Indent()
    {
        _depth++;
        return new Indentation(this);
    }

    public override string ToString() => _text.ToString();

    public readonly struct Indentation(SourceWriter writer) : IDisposable
    {
        public void Dispose() => writer._depth--;
    }
}
