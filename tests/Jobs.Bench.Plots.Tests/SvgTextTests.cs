using Jobs.Bench.Plots.Drawing;

namespace Jobs.Bench.Plots.Tests;

public sealed class SvgTextTests
{
    [Theory]
    [InlineData("0, 7.5, 15, ", """x="100" y="54.5">""")]
    [InlineData("-10, -2.5, 5, ", """x="100" y="54.5" text-anchor="middle">""")]
    [InlineData("-22.5, -15, -7.5, ", """x="100" y="54.5" text-anchor="end">""")]
    [InlineData("-3.75, ", """x="96.25" y="54.5">""")]
    public void The_viewer_sets_the_letters_of_a_text_that_begins_ends_or_has_its_middle_where_it_had(string letters, string expected)
    {
        var svg = SvgText.Tidy(Drawing($"""<text transform="translate(100 50)" font-family="DejaVu Sans" x="{letters}" y="4.5, ">{"\n\t\t"}1 &lt; 2{"\n\t"}</text>"""));

        Assert.Contains("""<text font-family="DejaVu Sans, Verdana, sans-serif" """ + expected + "1 &lt; 2</text>", svg);
    }

    [Fact]
    public void Numbers_are_short_nothing_is_cut_off_and_what_has_no_length_is_left_out()
    {
        var svg = SvgText.Tidy(Drawing(
            """<clipPath id="cl_1"><rect width="5" height="5"/></clipPath><g clip-path="url(#cl_1)"><path d="M1.23456 -0.0001L3 4.5"/><path d="M374.19 194L374.19 194"/></g><rect x="0.5" width="7"/>"""));

        Assert.DoesNotContain("clip", svg);
        Assert.DoesNotContain("374", svg);
        Assert.Contains("""<path d="M1.23 0L3 4.5" />""", svg);
        Assert.True(svg.IndexOf("<path", StringComparison.Ordinal) < svg.IndexOf("<rect", StringComparison.Ordinal));
    }

    static string Drawing(string content) => $"""<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{content}</svg>""";
}
