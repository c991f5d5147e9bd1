using System.Globalization;
using Jobs.Bench.Plots.Charts;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace Jobs.Bench.Plots.Drawing;

/// <summary>Draws a chart with horizontal bars, so that there is room for what they are called.</summary>
sealed class ChartDrawing
{
    const float AxisHeight = 26;
    const float GapToLabel = 7;

    // Half of the last number of the axis stands in it.
    const float RightMargin = 32;

    readonly Chart _chart;
    readonly Plot _plot = new();
    readonly float _left;

    // Downwards from 0, in heights of a bar.
    double _y;

    ChartDrawing(Chart chart)
    {
        _chart = chart;
        using var paint = Paint.NewDisposablePaint();
        _left = Look.Margin + 10 + chart.Groups.SelectMany(static group => group.Rows).Max(row => Look.Text(Look.TextSize, Look.Ink).Measure(row.Label, paint).Width);
    }

    /// <exception cref="BenchException">The font is not installed.</exception>
    public static string ToSvg(Chart chart)
    {
        if (new[] { false, true }.Any(static bold => Fonts.GetTypeface(Look.Font, bold, italic: false) is not { } face || face.FamilyName != Look.Font || face.IsBold != bold))
            throw new BenchException($"The font {Look.Font} is not installed, or its bold is not, and without it the plots would have no text. Debian's package is fonts-dejavu-core.");
        return new ChartDrawing(chart).Draw();
    }

    string Draw()
    {
        var ticks = new NumericManual();
        foreach (var group in _chart.Groups)
            Draw(group, ticks);
        StyleAxes(ticks);
        _plot.Axes.SetLimits(0, Right(), _y - 0.2, -0.2);
        var rowsHeight = (float)(-_y * Look.BarHeight);
        _plot.Layout.Fixed(new PixelPadding(_left, RightMargin, AxisHeight + Footer.Height, Header.Height));
        return SvgText.Tidy(_plot.GetSvgXml((int)Look.Width, (int)(Header.Height + rowsHeight + AxisHeight + Footer.Height)));
    }

    void Draw(Group group, NumericManual ticks)
    {
        if (group.Title is not null)
        {
            _y -= Look.RowGap;
            var title = Write(group.Title, 0, _y - 0.5, bold: true);
            title.OffsetX = 4;
            _y -= 1;
        }

        var top = _y;
        List<(Charts.Bar Bar, double Y)> bars = [];
        foreach (var row in group.Rows)
        {
            _y -= Look.RowGap / 2;
            ticks.AddMajor(_y - row.Bars.Count / 2.0, row.Label);
            foreach (var bar in row.Bars)
            {
                bars.Add((bar, _y - 0.5));
                _y -= 1;
            }

            _y -= Look.RowGap / 2;
        }

        // What is drawn later lies above: the texts above the line, and the line above the bars.
        foreach (var (bar, y) in bars)
            DrawBar(bar, y);
        if (group.Reference is { } reference)
            DrawLine(reference, top, group.Rows[0].Bars[0].Role == Role.Limit ? Look.Of(Role.Limit) : Look.PaleInk);
        foreach (var (bar, y) in bars)
            DrawFigure(bar, y, group.Reference);
    }

    void DrawLine(double x, double top, Color color)
    {
        var line = _plot.Add.Line(x, top, x, _y);
        line.Color = color;
        line.LinePattern = LinePattern.Dashed;
        line.LineWidth = 1.25f;
        line.MarkerSize = 0;
    }

    void DrawBar(Charts.Bar bar, double y)
    {
        var drawn = _plot.Add.Bar(new ScottPlot.Bar
        {
            Position = y,
            Value = bar.Spread.Median,
            Size = 0.94,
            Orientation = Orientation.Horizontal,
            FillColor = Color.FromHex("#FFFFFF").MixedWith(Look.Of(bar.Role), bar.Strength),
            LineWidth = 0,
        });
        drawn.Horizontal = true;
    }

    void DrawFigure(Charts.Bar bar, double y, double? reference)
    {
        if (bar.Spread.Most > bar.Spread.Least)
        {
            var whisker = _plot.Add.ErrorBar([bar.Spread.Median], [y], [0]);
            whisker.XErrorNegative = [bar.Spread.Median - bar.Spread.Least];
            whisker.XErrorPositive = [bar.Spread.Most - bar.Spread.Median];
            whisker.YErrorNegative = whisker.YErrorPositive = null;
            whisker.Color = Look.Ink;
            whisker.LineWidth = 1.1f;
            whisker.CapSize = 3.5f;
        }

        var label = Write(TextOf(bar, reference), bar.Spread.Most, y, bold: false);
        label.OffsetX = GapToLabel;
        label.LabelBackgroundColor = Colors.White;
    }

    ScottPlot.Plottables.Text Write(string text, double x, double y, bool bold)
    {
        var label = _plot.Add.Text(text, x, y);
        label.LabelFontName = Look.Font;
        label.LabelFontSize = Look.TextSize;
        label.LabelBold = bold;
        label.LabelFontColor = Look.Ink;
        label.LabelPadding = 0;
        label.LabelAlignment = Alignment.MiddleLeft;
        label.OffsetY = Look.ToMiddle;
        return label;
    }

    string TextOf(Charts.Bar bar, double? reference)
    {
        var spread = bar.Spread;
        var text = (bar.Name is null ? "" : bar.Name + " ") + _chart.Write(spread.Median);
        if (spread.Count > 1)
            text += $" ({_chart.Write(spread.Least)}–{_chart.Write(spread.Most)})";
        if (reference is { } whole && bar.Role is not (Role.Limit or Role.Without))
            text += spread.Median < 0.005 * whole ? " · < 0.01" : string.Create(CultureInfo.InvariantCulture, $" · {spread.Median / whole:0.00}");
        return text;
    }

    // So far to the right that each label fits behind its bar.
    double Right()
    {
        using var paint = Paint.NewDisposablePaint();
        var style = Look.Text(Look.TextSize, Look.Ink);
        var width = Look.Width - _left - RightMargin;
        return _chart.Groups
            .SelectMany(static group => group.Rows.SelectMany(static row => row.Bars), static (group, bar) => (group.Reference, Bar: bar))
            .Max(entry => Math.Max(
                entry.Bar.Spread.Most / (1 - (style.Measure(TextOf(entry.Bar, entry.Reference), paint).Width + GapToLabel) / width),
                (entry.Reference ?? 0) * 1.02));
    }

    void StyleAxes(NumericManual ticks)
    {
        var (left, bottom) = (_plot.Axes.Left, _plot.Axes.Bottom);
        left.TickGenerator = ticks;
        bottom.TickGenerator = new NumericAutomatic { TargetTickCount = 8, LabelFormatter = static value => value.ToString("#,0.###", CultureInfo.InvariantCulture) };
        foreach (var axis in new IAxis[] { left, bottom })
        {
            axis.TickLabelStyle.FontName = Look.Font;
            axis.TickLabelStyle.FontSize = Look.TextSize;
            axis.TickLabelStyle.ForeColor = Look.Ink;
            axis.TickLabelStyle.OffsetY = axis == left ? Look.ToMiddle : 0;
            axis.MajorTickStyle.Length = 0;
            axis.MinorTickStyle.Length = 0;
        }

        bottom.TickLabelStyle.FontSize = Look.SmallSize;
        bottom.TickLabelStyle.ForeColor = Look.PaleInk;
        bottom.FrameLineStyle.Width = 0;
        left.FrameLineStyle.Color = Look.PaleInk;
        _plot.Axes.Right.IsVisible = false;
        _plot.Axes.Top.IsVisible = false;
        _plot.Axes.Title.IsVisible = false;
        _plot.Axes.AddPanel(new Header(_chart));
        _plot.Axes.AddPanel(new Footer(_chart));
        _plot.Grid.XAxisStyle.MajorLineStyle.Color = Look.Grid;
        _plot.Grid.YAxisStyle.IsVisible = false;
        _plot.HideLegend();
    }
}
