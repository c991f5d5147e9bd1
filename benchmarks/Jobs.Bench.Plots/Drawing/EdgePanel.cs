using ScottPlot;

namespace Jobs.Bench.Plots.Drawing;

/// <summary>A strip of the figure above or below the bars, as wide as the figure.</summary>
abstract class EdgePanel : IPanel
{
    readonly float _height;

    protected EdgePanel(Edge edge, float height)
    {
        Edge = edge;
        _height = MinimumSize = MaximumSize = height;
    }

    public bool IsVisible { get; set; } = true;
    public float MinimumSize { get; set; }
    public float MaximumSize { get; set; }
    public bool ShowDebugInformation { get; set; }
    public Edge Edge { get; }

    public float Measure(Paint paint) => _height;

    public PixelRect GetPanelRect(PixelRect dataRect, float size, float offset, Paint paint) => Edge == Edge.Top
        ? new PixelRect(0, Look.Width, dataRect.Top - offset, dataRect.Top - offset - size)
        : new PixelRect(0, Look.Width, dataRect.Bottom + offset + size, dataRect.Bottom + offset);

    public void Render(RenderPack rp, float size, float offset)
    {
        var rect = GetPanelRect(rp.DataRect, size, offset, rp.Paint);
        Render(rp, rect.TopLeft.WithOffset(Look.Margin, 0));
    }

    protected abstract void Render(RenderPack rp, Pixel corner);

    /// <returns>How wide the text is.</returns>
    protected static float Write(RenderPack rp, string text, LabelStyle style, Pixel corner)
    {
        style.Text = text;
        style.Render(rp.Canvas, corner, rp.Paint);
        return style.Measure(text, rp.Paint).Width;
    }
}
