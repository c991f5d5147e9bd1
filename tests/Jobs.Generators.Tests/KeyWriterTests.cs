using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Jobs.Generated;

namespace Jobs.Generators.Tests;

/// <summary>The form in which keys are hashed. Hashes are stored, so a test that fails here for a new form asks for a new version.</summary>
public class KeyWriterTests
{
    [Fact]
    public void The_form_is_a_version_and_then_tags_lengths_and_values()
    {
        var hash = Hash(key =>
        {
            key.StartObject();
            key.Name("a"u8).Write("é");
            key.Name("b"u8).Write(-12L);
            key.Name("c"u8).StartList();
            key.Write(true);
            key.Write(false);
            key.WriteNull();
            key.EndList();
            key.Name("d"u8).Write(new DateTimeOffset(1, 1, 1, 0, 0, 0, TimeSpan.Zero).AddTicks(258));
            key.Name("e"u8).Write([7, 8]);
            key.EndObject();
        });

        Assert.Equal(
            HashOf("""
                01
                09
                04 00000001 61  04 00000002 C3A9
                04 00000001 62  03 00000003 2D3132
                04 00000001 63  07 02 01 00 08
                04 00000001 64  05 0000000000000102
                04 00000001 65  06 00000002 0708
                0A
                """),
            hash);
    }

    static UInt128 HashOf(string form)
    {
        var bytes = Convert.FromHexString(string.Concat(form.Where(static c => !char.IsWhiteSpace(c))));
        return BinaryPrimitives.ReadUInt128BigEndian(SHA256.HashData(bytes));
    }

    public static TheoryData<string, Action<KeyWriter>, string> Goldens => new()
    {
        { "null", key => key.WriteNull(), "47dc540c94ceb704a23875c11273e16b" },
        { "text", key => key.Write("ada@example.com"), "9fb8e0a23fffbcb629656bed85300862" },
        { "number", key => key.Write(12.5m), "8de3dd7fd4eee76b93264be3af6603ab" },
        { "UUID", key => key.Write(new Guid("0190d9d2-1c6b-7c3e-8f0a-52b6b1a5c0de")), "f06ce25f38be477f0dbdee67d5f41f7f" },
        { "instant", key => key.Write(new DateTimeOffset(2030, 1, 31, 12, 0, 0, TimeSpan.FromHours(2))), "3b2b3c1497db7fedae6ef256ef9875d4" },
        { "date", key => key.Write(new DateOnly(2030, 1, 31)), "20c4c12c76bec2305d56f1588e15ae65" },
        { "time", key => key.Write(new TimeOnly(23, 59)), "420de3de3a3124a6f33e71adf5060d10" },
        { "length", key => key.Write(new TimeSpan(1, 12, 30, 0)), "074f93c4a69ce37915b9df044fab80bb" },
        { "URI", key => key.Write(new Uri("https://example.com/a?b=c#d")), "3fd70de8e3d8c4942dadb43ccf7262a6" },
        { "names", key => key.WriteNames(3, [("None", 0), ("Monday", 1), ("Tuesday", 2)], "Days"), "24fb0b3c1eeae239a589ee547a1e671c" },
    };

    [Theory, MemberData(nameof(Goldens))]
    public void Hashes_stay_as_they_were_stored(string name, Action<KeyWriter> write, string golden)
    {
        Assert.NotEmpty(name);
        Assert.Equal(golden, Hex(Hash(write)));
    }

    [Fact]
    public void What_is_stored_as_text_is_that_text()
    {
        AssertSame(key => key.Write(new Guid("0190d9d2-1c6b-7c3e-8f0a-52b6b1a5c0de")), key => key.Write("0190d9d2-1c6b-7c3e-8f0a-52b6b1a5c0de"));
        AssertSame(key => key.Write(new DateOnly(2030, 1, 31)), key => key.Write("2030-01-31"));
        AssertSame(key => key.Write(new TimeOnly(23, 59)), key => key.Write("23:59:00"));
        AssertSame(key => key.Write(TimeSpan.MinValue), key => key.Write("-10675199.02:48:05.4775808"));
        AssertSame(key => key.Write(new Uri("https://EXAMPLE.com/#a")), key => key.Write("https://EXAMPLE.com/#a"));
        AssertSame(key => key.WriteNames(3, [("None", 0), ("Monday", 1), ("Tuesday", 2)], "Days"), key => key.Write("Monday, Tuesday"));
        AssertSame(key => key.WriteNames(0, [("None", 0), ("Monday", 1)], "Days"), key => key.Write("None"));
    }

    [Fact]
    public void A_number_is_the_same_in_every_type_that_holds_it()
    {
        AssertSame(key => key.Write(7L), key => key.Write((byte)7), key => key.Write((short)7), key => key.Write(7), key => key.Write(7UL), key => key.Write(7m), key => key.Write(7.00m));
        AssertSame(key => key.Write(0L), key => key.Write(0.00m), key => key.Write(new decimal(0, 0, 0, true, 2)));
        AssertSame(key => key.Write(long.MinValue), key => key.Write((decimal)long.MinValue));
        AssertSame(key => key.Write(ulong.MaxValue), key => key.Write((decimal)ulong.MaxValue));
        AssertSame(key => key.Write(100m), key => key.Write(100L));
        AssertSame(key => key.Write(0.10m), key => key.Write(0.1m));
        AssertDiffer(
            key => key.Write(1L), key => key.Write(10L), key => key.Write(0.1m), key => key.Write(-1L), key => key.Write("1"), key => key.Write(true),
            key => key.Write(decimal.MaxValue), key => key.Write(decimal.MinValue), key => key.Write(0.0000000000000000000000000001m));
    }

    [Fact]
    public void An_instant_is_the_same_at_every_offset()
    {
        var noon = new DateTimeOffset(2030, 1, 31, 12, 0, 0, TimeSpan.Zero);

        AssertSame(key => key.Write(noon), key => key.Write(noon.ToOffset(TimeSpan.FromHours(-7))), key => key.Write(noon.UtcDateTime), key => key.Write(noon.DateTime));
        AssertDiffer(key => key.Write(noon), key => key.Write(noon.AddTicks(1)), key => key.Write(new DateTimeOffset(noon.DateTime, TimeSpan.FromHours(1))));
    }

    [Fact]
    public void Null_is_neither_missing_nor_empty_nor_a_word() => AssertDiffer(
        key => key.Write((string?)null),
        key => key.Write(""),
        key => key.Write("null"),
        key => key.Write([]),
        key => { key.StartList(); key.EndList(); },
        key => { key.StartList(); key.WriteNull(); key.EndList(); },
        key => { key.StartObject(); key.EndObject(); },
        key => { key.StartObject(); key.Name("a"u8).WriteNull(); key.EndObject(); },
        key => { key.StartObject(); key.Name("a"u8).Write(""); key.EndObject(); });

    [Fact]
    public void Nothing_moves_from_one_value_into_its_neighbour() => AssertDiffer(
        key => WriteTexts(key, "a", "b"),
        key => WriteTexts(key, "ab"),
        key => WriteTexts(key, "ab", ""),
        key => WriteTexts(key, "", "ab"),
        key => WriteTexts(key, "a\0b"),
        key => WriteTexts(key, "a,b"),
        key => { key.StartList(); WriteTexts(key, "a"); WriteTexts(key, "b"); key.EndList(); },
        key => { key.StartList(); WriteTexts(key, "a", "b"); WriteTexts(key); key.EndList(); },
        key => { key.StartObject(); key.Name("a"u8).Write(1L); key.Name("b"u8).Write(2L); key.EndObject(); },
        key => { key.StartObject(); key.Name("a"u8).Write(2L); key.Name("b"u8).Write(1L); key.EndObject(); },
        key => { key.StartObject(); key.Name("a"u8).Write("1b2"); key.EndObject(); },
        key => { key.StartObject(); key.Name("ab"u8).Write(12L); key.EndObject(); });

    static void WriteTexts(KeyWriter key, params string[] texts)
    {
        key.StartList();
        foreach (var text in texts)
            key.Write(text);
        key.EndList();
    }

    /// <summary>The texts of an independent canonical form are equal exactly when the hashes are, over values that are nearly alike.</summary>
    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4)]
    public void Hashes_are_equal_exactly_when_the_values_are(int seed)
    {
        var random = new Random(seed);
        var texts = new Dictionary<UInt128, string>();
        var hashes = new Dictionary<string, UInt128>(StringComparer.Ordinal);
        var repeats = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var value = Tree(random, 3);
            var (text, hash) = (Text(value), Hash(key => Write(key, value, random)));
            if (!hashes.TryAdd(text, hash))
                repeats++;
            Assert.Equal(hash, hashes[text]);
            Assert.Equal(text, texts.GetValueOrDefault(hash, text));
            texts[hash] = text;
        }

        Assert.InRange(repeats, 1_000, 19_000);
    }

    static object? Tree(Random random, int depth)
    {
        string[] words = ["", "a", "b", "ab", "null", "1", "\0", "é", "🎉", "\ue000"];
        return random.Next(depth == 0 ? 5 : 8) switch
        {
            0 => null,
            1 => random.Next(2) == 0,
            2 => (decimal)random.Next(-2, 12),
            3 => random.Next(-20, 20) / 10m,
            4 => words[random.Next(words.Length)],
            5 or 6 => Enumerable.Range(0, random.Next(4)).Select(_ => Tree(random, depth - 1)).ToList(),
            _ => Enumerable.Range(0, random.Next(4)).Select(_ => words[random.Next(words.Length)]).Distinct()
                .ToDictionary(word => word, _ => Tree(random, depth - 1)),
        };
    }

    // A number in any type that holds it, and entries in any order.
    static void Write(KeyWriter key, object? value, Random random)
    {
        switch (value)
        {
            case bool truth:
                key.Write(truth);
                break;
            case decimal number when decimal.IsInteger(number) && random.Next(2) == 0:
                key.Write((long)number);
                break;
            case decimal number:
                key.Write(number + (random.Next(2) == 0 ? 0.00m : 0m));
                break;
            case List<object?> items:
                key.StartList();
                foreach (var item in items)
                    Write(key, item, random);
                key.EndList();
                break;
            case Dictionary<string, object?> entries:
                key.StartDictionary();
                foreach (var (name, item) in entries.OrderBy(_ => random.Next()))
                    Write(key.Entry(name), item, random);
                key.EndDictionary();
                break;
            default:
                key.Write((string?)value);
                break;
        }
    }

    static string Text(object? value) => value switch
    {
        decimal number => number.ToString("0.#", CultureInfo.InvariantCulture),
        List<object?> items => $"[{string.Join(',', items.Select(Text))}]",
        Dictionary<string, object?> entries => $"{{{string.Join(',', entries.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"{JsonSerializer.Serialize(entry.Key)}:{Text(entry.Value)}"))}}}",
        _ => JsonSerializer.Serialize(value),
    };

    [Fact]
    public void A_dictionary_is_a_record_with_the_same_keys() => AssertSame(
        key =>
        {
            key.StartObject();
            key.Name("a"u8).Write(1L);
            key.Name("b"u8).Write(2L);
            key.EndObject();
        },
        key =>
        {
            key.StartDictionary();
            key.Entry("b").Write(2L);
            key.Entry("a").Write(1L);
            key.EndDictionary();
        });

    [Fact]
    public void Large_values_grow_the_buffer_and_a_writer_is_used_again()
    {
        var large = new string('x', 1_000_000);
        var small = Hash(key => key.Write("a"));

        AssertDiffer(key => key.Write(large), key => key.Write(large + "x"));
        AssertSame(key => key.Write(large), key => key.Write(large.ToString()));
        Assert.Equal(small, Hash(key => key.Write("a")));
    }

    [Fact]
    public void A_key_can_be_written_while_another_one_is()
    {
        var inner = Hash(key => key.Write("inner"));

        var outer = Hash(key =>
        {
            key.StartList();
            Assert.Equal(inner, Hash(key => key.Write("inner")));
            key.Write("outer");
            key.EndList();
        });

        Assert.Equal(Hash(key => WriteTexts(key, "outer")), outer);
    }

    [Fact]
    public void A_key_that_fails_leaves_nothing_in_the_next_one()
    {
        var sound = Hash(key => key.Write("a"));

        Assert.Throws<InvalidArgsException>(() => Hash(key =>
        {
            key.StartDictionary();
            key.Entry("a").WriteNames(4, [("Monday", 1)], "Days");
        }));

        Assert.Equal(sound, Hash(key => key.Write("a")));
    }

    [Fact]
    public void Names_of_a_value_with_a_bit_too_many_are_refused() => Assert.StartsWith(
        "Days holds a value that its enum has no name for",
        Assert.Throws<InvalidArgsException>(() => Hash(key => key.WriteNames(5, [("Monday", 1)], "Days"))).Message,
        StringComparison.Ordinal);

    static UInt128 Hash(Action<KeyWriter> write) => KeyWriter.Hash(write, static (key, write) => write(key));

    static string Hex(UInt128 hash) => hash.ToString("x32", CultureInfo.InvariantCulture);

    static void AssertSame(params Action<KeyWriter>[] writes) => Assert.Single(writes.Select(Hash).Distinct());

    static void AssertDiffer(params Action<KeyWriter>[] writes) => Assert.Equal(writes.Length, writes.Select(Hash).Distinct().Count());
}
