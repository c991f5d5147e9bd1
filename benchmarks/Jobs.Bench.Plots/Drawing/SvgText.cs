using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Jobs.Bench.Plots.Drawing;

/// <summary>
/// Makes Skia's SVG small, the same for the same chart, and readable where the font is another: Skia places each letter, and cuts each drawing
/// off at the edge of the bars, where nothing is.
/// </summary>
static partial class SvgText
{
    static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    public static string Tidy(string svg)
    {
        var root = XDocument.Parse(svg).Root!;
        root.Descendants(Svg + "clipPath").Remove();
        foreach (var cut in root.Descendants(Svg + "g").Reverse().ToList())
            cut.ReplaceWith(cut.Elements());
        root.Descendants(Svg + "path").Where(static path => Nowhere().IsMatch((string)path.Attribute("d")!)).Remove();
        foreach (var text in root.Descendants(Svg + "text"))
            Place(text);
        foreach (var number in root.DescendantsAndSelf().Attributes().Where(static attribute => !attribute.IsNamespaceDeclaration && attribute.Name != "font-family"))
            number.Value = LongNumber().Replace(number.Value, static digits => Round(double.Parse(digits.Value, CultureInfo.InvariantCulture)));
        return root.ToString().ReplaceLineEndings("\n") + "\n";
    }

    // Where its letters begin says whether it begins, ends or has its middle at the place; the viewer then sets them.
    static void Place(XElement text)
    {
        var letters = Numbers((string)text.Attribute("x")!);
        var (x, y) = (Numbers(Translation().Match((string)text.Attribute("transform")!).Groups["place"].Value), Numbers((string)text.Attribute("y")!)[0]);
        var anchor = letters.Length == 1 || letters[0] > -1 ? null : letters[^1] > -1 ? "middle" : "end";
        text.Value = text.Value.Trim();
        text.SetAttributeValue("transform", null);
        text.SetAttributeValue("x", Round(x[0] + (anchor is null ? letters[0] : 0)));
        text.SetAttributeValue("y", Round(x[1] + y));
        text.SetAttributeValue("text-anchor", anchor);
        text.SetAttributeValue("font-family", $"{Look.Font}, Verdana, sans-serif");
    }

    static double[] Numbers(string list) =>
        [.. list.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries).Select(static number => double.Parse(number, CultureInfo.InvariantCulture))];

    // A zero has no sign.
    static string Round(double number) => (Math.Round(number, 2) + 0.0).ToString("0.##", CultureInfo.InvariantCulture);

    // A tick of an axis that has no length.
    [GeneratedRegex(@"^M(?<place>[^L]+)L\k<place>$")]
    private static partial Regex Nowhere();

    [GeneratedRegex(@"translate\((?<place>[^)]*)\)")]
    private static partial Regex Translation();

    [GeneratedRegex(@"-?\d+\.\d{3,}")]
    private static partial Regex LongNumber();
}
