using Microsoft.CodeAnalysis;

namespace Jobs.Generators.Tests;

/// <summary>Which members can hold a constant of another record, so that the two clash.</summary>
public class ShapeClashTests
{
    [Theory]
    [InlineData("Colour", "\"Red\"")]
    [InlineData("Days", "\"Monday, Friday\"")]
    [InlineData("System.Guid", "\"0a0b0c0d-0000-0000-0000-000000000001\"")]
    [InlineData("System.DateTimeOffset", "\"2030-01-31T12:00:00+00:00\"")]
    [InlineData("System.DateTime", "\"2030-01-31T12:00:00.5\"")]
    [InlineData("System.DateTime", "\"2030-01-31T12:00:00Z\"")]
    [InlineData("System.DateOnly", "\"2030-01-31\"")]
    [InlineData("System.TimeOnly", "\"12:00:00\"")]
    [InlineData("System.TimeSpan", "\"1.12:00:00\"")]
    [InlineData("System.Uri", "\"/orders\"")]
    [InlineData("byte[]", "\"AQID\"")]
    [InlineData("float", "16777216")]
    [InlineData("float", "123456790")]
    [InlineData("double", "16777217")]
    public void A_member_that_can_be_written_as_a_constant_clashes_with_it(string type, string constant) =>
        Assert.Equal(["JOB011"], Diagnosed(type, constant).Select(diagnostic => diagnostic.Id));

    [Theory]
    [InlineData("Colour", "\"red\"")]
    [InlineData("Colour", "\"Crimson\"")]
    [InlineData("Days", "\"Friday, Monday\"")]
    [InlineData("Days", "\"Monday,Friday\"")]
    [InlineData("Days", "\"Monday, Monday\"")]
    [InlineData("System.Guid", "\"0A0B0C0D-0000-0000-0000-000000000001\"")]
    [InlineData("System.DateTimeOffset", "\"2030-01-31T12:00:00Z\"")]
    [InlineData("System.DateTime", "\"2030-01-31T12:00:00.50\"")]
    [InlineData("System.DateOnly", "\"2030-01-31T00:00:00\"")]
    [InlineData("System.TimeOnly", "\"1.12:00:00\"")]
    [InlineData("System.TimeSpan", "\"12:00\"")]
    [InlineData("System.Uri", "\"http://[\"")]
    [InlineData("byte[]", "\"AQI\"")]
    [InlineData("float", "16777217")]
    [InlineData("float", "123456789")]
    [InlineData("double", "9007199254740993")]
    public void A_member_that_is_never_written_as_a_constant_does_not_clash_with_it(string type, string constant) =>
        Assert.Empty(Diagnosed(type, constant));

    [Fact]
    public void The_message_names_the_member_by_which_a_job_would_go_astray_and_no_other()
    {
        var diagnostic = Assert.Single(Diagnosed("""
            [Matches("a", 1)] public sealed record Writer(string K, string J);
            [Matches("k", "x"), Matches("j", "y")] public sealed record Taker(int? A);
            """, "Writer", "Taker"));

        Assert.Contains("Taker has the constant \"k\": \"x\", and Writer.K can hold the same.", diagnostic.GetMessage(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);
    }

    static IEnumerable<Diagnostic> Diagnosed(string type, string constant) => Diagnosed($$"""
        public enum Colour { Red, Crimson = Red }
        [System.Flags] public enum Days { None = 0, Monday = 1, Friday = 2 }
        public sealed record Open({{type}} Mode);
        [Matches("mode", {{constant}})] public sealed record Fixed;
        """, "Open", "Fixed");

    static IEnumerable<Diagnostic> Diagnosed(string records, string first, string second) => UserProgram.Compile($$"""
        using Jobs;
        namespace App;
        {{records}}
        [Worker] public partial class Mailer
        {
            [Perform] public void One({{first}} args) { }
            [Perform] public void Other({{second}} args) { }
        }
        """).Result.Diagnostics;
}
