using Jobs.Bench.Plots.Charts;
using ScottPlot;

namespace Jobs.Bench.Plots.Drawing;

/// <summary>The title, the unit, and what the colours mean.</summary>
sealed class Header(Chart chart) : EdgePanel(Edge.Top, Height)
{
    public const float Height = 84;
    const float Swatch = 11;

    protected override void Render(RenderPack rp, Pixel corner)
    {
        Write(rp, chart.Title, Look.Text(Look.TitleSize, Look.Ink, bold: true), corner.WithOffset(0, 10));
        Write(rp, chart.Unit, Look.Text(Look.TextSize, Look.PaleInk), corner.WithOffset(0, 34));
        var x = 0f;
        foreach (var role in chart.Bars.Select(static bar => bar.Role).Distinct().Order())
        {
            var place = corner.WithOffset(x, 59);
            ScottPlot.Drawing.FillRectangle(
                rp.Canvas, new PixelRect(place.X, place.X + Swatch, place.Y + Swatch, place.Y), rp.Paint, new FillStyle { Color = Look.Of(role) });
            x += Swatch + 6 + Write(rp, Look.NameOf(role), Look.Text(Look.TextSize, Look.Ink), place.WithOffset(Swatch + 6, 0)) + 22;
        }
    }
}
