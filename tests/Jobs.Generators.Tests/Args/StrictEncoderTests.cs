using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Jobs.Generated;

namespace Jobs.Generators.Tests;

/// <summary>The encoder of stored args writes what the relaxed one of the framework writes, or refuses.</summary>
public class StrictEncoderTests
{
    static readonly string[] Parts =
        ["", "a", "\"", "\\", "\n", "\u0001", "\u007f", "é", "名前", "🎉", "\u2028", "\ufffd", "\ufffe", "\uffff", "\ud7ff", "\ue000", "<&'>", "\U0010ffff", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"];

    static readonly string[] Broken = ["\0", "\ud800", "\udc00", "\udfff\ud800", "\udbff"];

    [Theory]
    [InlineData(1), InlineData(2), InlineData(3)]
    public void Whole_text_is_written_as_the_relaxed_encoder_writes_it(int seed)
    {
        var random = new Random(seed);

        for (var i = 0; i < 5000; i++)
        {
            var text = Text(random, Parts);
            Assert.Equal(Write(JavaScriptEncoder.UnsafeRelaxedJsonEscaping, text), Write(new StrictEncoder(), text));
        }
    }

    [Theory]
    [InlineData(1), InlineData(2), InlineData(3)]
    public void Text_with_a_NUL_or_half_of_a_surrogate_pair_is_refused_wherever_it_stands(int seed)
    {
        var random = new Random(seed);

        for (var i = 0; i < 2000; i++)
        {
            var text = Text(random, Parts) + Broken[random.Next(Broken.Length)] + "\"" + Text(random, Parts);
            Assert.Throws<StrictEncoder.RefusedException>(() => Write(new StrictEncoder(), text));
        }
    }

    [Fact]
    public void Every_character_is_written_as_the_relaxed_encoder_writes_it_or_refused()
    {
        for (var c = 1; c <= char.MaxValue; c++)
        {
            var text = $"\"{(char)c}\"";
            if (char.IsSurrogate((char)c))
                Assert.Throws<StrictEncoder.RefusedException>(() => Write(new StrictEncoder(), text));
            else
                Assert.Equal(Write(JavaScriptEncoder.UnsafeRelaxedJsonEscaping, text), Write(new StrictEncoder(), text));
        }
    }

    // As a value, as a key, and from UTF-8, which are three ways through the writer.
    static string Write(JavaScriptEncoder encoder, string text)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Encoder = encoder });
        json.WriteStartObject();
        json.WriteString(text, text);
        json.WriteString("utf-8"u8, Encoding.UTF8.GetBytes(text));
        json.WriteEndObject();
        json.Flush();
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    static string Text(Random random, string[] parts) => string.Concat(Enumerable.Range(0, random.Next(8)).Select(_ => parts[random.Next(parts.Length)]));
}
