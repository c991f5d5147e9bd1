using Jobs.Bench.Plots.Charts;
using ScottPlot;

namespace Jobs.Bench.Plots.Drawing;

/// <summary>Where and when the figures were measured.</summary>
sealed class Footer(Chart chart) : EdgePanel(Edge.Bottom, Height)
{
    public const float Height = 40;

    protected override void Render(RenderPack rp, Pixel corner)
    {
        Write(rp, chart.Origin, Look.Text(Look.SmallSize, Look.PaleInk), corner.WithOffset(0, 4));
        Write(rp, chart.Machine, Look.Text(Look.SmallSize, Look.PaleInk), corner.WithOffset(0, 20));
    }
}
