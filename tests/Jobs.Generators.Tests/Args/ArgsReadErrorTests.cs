namespace Jobs.Generators.Tests;

/// <summary>What a failed attempt says of stored args that do not fit: where, what was expected, and no value.</summary>
public class ArgsReadErrorTests
{
    const string Program = """
        [Flags] public enum Days { None = 0, Monday = 1, Friday = 16 }
        public enum Tone { Formal, Casual }
        public sealed record Address(string Street, string? Zip = null) { public required string City { get; init; } [JsonRequired] public int? Floor { get; init; } }
        public sealed record Home(Address Address, List<Address> More);
        public sealed record TheArgs(int Key)
        {
            public DateTime At { get; init; }
            public DateOnly Day { get; init; }
            public TimeOnly Time { get; init; }
            public TimeSpan Length { get; init; }
            public Uri? Link { get; init; }
            public Guid Id { get; init; }
            public byte[]? Bytes { get; init; }
            public Days Days { get; init; }
            public Tone Tone { get; init; }
            public List<string> Tags { get; init; } = [];
            public int[]? Numbers { get; init; }
            public Address? Address { get; init; }
            public List<Home>? Homes { get; init; }
            public Dictionary<string, int>? Counts { get; init; }
            public Dictionary<string, List<Address>>? Places { get; init; }
            public Address? After { get; init; }
            public HashSet<int>? Set { get; init; }
        }
        [JsonSerializable(typeof(HashSet<int>))] internal sealed partial class SetJson : JsonSerializerContext;

        """;

    [Theory]
    [InlineData("\"key\": 2147483648", "key in the stored args must be a whole number from -2147483648 to 2147483647, and is another number.")]
    [InlineData("\"at\": \"2030-01-31 12:00\"", "at in the stored args must be a date and time such as \"2030-01-31T12:00:00Z\", and is another string.")]
    [InlineData("\"at\": 5", "at in the stored args must be a date and time such as \"2030-01-31T12:00:00Z\", and is a number.")]
    [InlineData("\"at\": \"0001-01-01T00:00:00+14:00\"", "at in the stored args must be a date and time such as \"2030-01-31T12:00:00Z\", and is another string.")]
    [InlineData("\"at\": \"\\ud800-01-31T12:00:00Z\"", "at in the stored args is no valid text: it has broken UTF-8 or half of a surrogate pair.")]
    [InlineData("\"id\": \"\\ud800\"", "id in the stored args is no valid text: it has broken UTF-8 or half of a surrogate pair.")]
    [InlineData("\"bytes\": \"\\udc00\"", "bytes in the stored args is no valid text: it has broken UTF-8 or half of a surrogate pair.")]
    [InlineData("\"bytes\": \"AQI\"", "bytes in the stored args must be bytes in Base64 such as \"AQID\", and is another string.")]
    [InlineData("\"bytes\": [1]", "bytes in the stored args must be bytes in Base64 such as \"AQID\", and is an array.")]
    [InlineData("\"day\": \"2030-02-30\"", "day in the stored args must be a date such as \"2030-01-31\", and is another string.")]
    [InlineData("\"day\": \"2030-01-31T00:00:00Z\"", "day in the stored args must be a date such as \"2030-01-31\", and is another string.")]
    [InlineData("\"time\": \"24:00:00\"", "time in the stored args must be a time of day such as \"23:59:00\", and is another string.")]
    [InlineData("\"time\": \"-00:00:01\"", "time in the stored args must be a time of day such as \"23:59:00\", and is another string.")]
    [InlineData("\"length\": \"PT1H\"", "length in the stored args must be a length of time such as \"1.12:30:00\", which is a day and a half and 30 minutes, and is another string.")]
    [InlineData("\"length\": \"10675199.02:48:05.4775808\"", "length in the stored args must be a length of time such as \"1.12:30:00\", which is a day and a half and 30 minutes, and is another string.")]
    [InlineData("\"link\": \"http://[\"", "link in the stored args must be a URI such as \"https://example.com/\", and is another string.")]
    [InlineData("\"days\": \"Monday, Sunday\"", "days in the stored args must be one of None, Monday, Friday, and is another string.")]
    [InlineData("\"days\": \"\"", "days in the stored args must be one of None, Monday, Friday, and is another string.")]
    [InlineData("\"tone\": \"formal\"", "tone in the stored args must be one of Formal, Casual, and is another string.")]
    [InlineData("\"tone\": null", "tone in the stored args must be one of Formal, Casual, and is null.")]
    [InlineData("\"tags\": null", "tags in the stored args must be an array, and is null.")]
    [InlineData("\"tags\": {}", "tags in the stored args must be an array, and is an object.")]
    [InlineData("\"tags\": [\"a\", null]", "tags[1] in the stored args must be a string, and is null.")]
    [InlineData("\"numbers\": [1, 2, \"secret\"]", "numbers[2] in the stored args must be a whole number from -2147483648 to 2147483647, and is a string.")]
    [InlineData("\"address\": [\"secret\"]", "address in the stored args must be an object, and is an array.")]
    [InlineData("\"address\": {\"street\": null, \"city\": \"secret\", \"floor\": 1}", "address.street in the stored args must be a string, and is null.")]
    [InlineData("\"address\": {\"street\": \"secret\", \"floor\": 1}", "address in the stored args has no key city, which it must have.")]
    [InlineData("\"address\": {\"street\": \"secret\", \"city\": \"secret\"}", "address in the stored args has no key floor, which it must have.")]
    [InlineData("\"address\": {}", "address in the stored args has no key street, which it must have.")]
    [InlineData("\"homes\": [{\"address\": {\"street\": \"s\", \"city\": \"c\", \"floor\": 1}, \"more\": []}, {\"address\": {\"street\": \"s\", \"city\": 7}, \"more\": []}]", "homes[1].address.city in the stored args must be a string, and is a number.")]
    [InlineData("\"homes\": [{\"address\": {\"street\": \"s\", \"city\": \"c\", \"floor\": 1}, \"more\": [{\"x\": {}}, {}]}]", "homes[0].more[0] in the stored args has no key street, which it must have.")]
    [InlineData("\"counts\": {\"secret\": \"secret\"}", "counts[…] in the stored args must be a whole number from -2147483648 to 2147483647, and is a string.")]
    [InlineData("\"counts\": {\"\\ud800secret\": 1}", "counts[…] in the stored args is no valid text: it has broken UTF-8 or half of a surrogate pair.")]
    [InlineData("\"places\": {\"secret\": [{\"street\": \"s\", \"city\": \"c\", \"floor\": 1}, {\"street\": 1}]}", "places[…][1][…] in the stored args must be a string, and is a number.")]
    [InlineData("\"places\": {\"secret\": [{\"street\": \"secret\"}]}", "places[…][0] in the stored args has no key city, which it must have.")]
    [InlineData("\"counts\": {\"secret\": 1}, \"after\": {\"street\": 1}", "after.street in the stored args must be a string, and is a number.")]
    [InlineData("\"set\": [1, \"secret\"]", "set in the stored args could not be read as a System.Collections.Generic.HashSet`1[System.Int32] by App.SetJson: JsonException.")]
    public async Task Stored_args_that_do_not_fit_fail_with_the_path_and_what_was_expected_and_no_value(string json, string message)
    {
        var host = await ArgsProgram.StartAsync(Program);

        var said = await host.FailAsync<InvalidArgsException>("App.W", $"{{\"key\": 1, {json}}}");

        Assert.Equal(message, said);
        Assert.DoesNotContain("secret", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_optional_key_of_a_nested_record_gets_its_default()
    {
        var host = await ArgsProgram.StartAsync(Program);

        var (_, lines) = await host.PerformAsync("App.W", """{"key": 1, "address": {"floor": null, "city": "c", "street": "s"}}""");

        Assert.Contains("Address(Street = \"s\", Zip = null, City = \"c\", Floor = null)", ArgsProgram.Describe(lines[0]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_enum_without_members_has_a_text_of_its_own()
    {
        var host = await ArgsProgram.StartAsync("public enum Nothing { }\npublic sealed record TheArgs(Nothing Nothing);\n");

        Assert.Equal("nothing in the stored args cannot be read: its enum has no members.", await host.FailAsync<InvalidArgsException>("App.W", """{"nothing": "x"}"""));
    }
}
