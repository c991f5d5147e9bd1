using Jobs.Bench.Plots.Charts;
using ScottPlot;

namespace Jobs.Bench.Plots.Drawing;

/// <summary>Colours and sizes, in pixels.</summary>
static class Look
{
    /// <summary>The texts are measured with it, so it has to be installed. Verdana, which is on machines that do not have it, is as wide.</summary>
    public const string Font = "DejaVu Sans";
    public const float Width = 960;
    public const float Margin = 18;
    public const float BarHeight = 19;

    /// <summary>Between rows, in heights of a bar.</summary>
    public const double RowGap = 0.45;

    /// <summary>The middle of a text is taken to be above that of its digits and capitals.</summary>
    public const float ToMiddle = 3;
    public const float TitleSize = 16;
    public const float TextSize = 12;
    public const float SmallSize = 10.5f;

    public static readonly Color Ink = Color.FromHex("#1F2933");
    public static readonly Color PaleInk = Color.FromHex("#5B6772");
    public static readonly Color Grid = Color.FromHex("#E4E8EC");

    public static Color Of(Role role) => Color.FromHex(role switch
    {
        Role.Limit => "#C8553D",
        Role.Without => "#9AA5B1",
        Role.Jobs => "#2F7DD1",
        Role.Native => "#174A8B",
        _ => "#D9A441",
    });

    public static string NameOf(Role role) => role switch
    {
        Role.Limit => "PostgreSQL itself (limit)",
        Role.Without => "the same without",
        Role.Jobs => "Jobs",
        Role.Native => "Jobs, NativeAOT",
        _ => "peers",
    };

    public static LabelStyle Text(float size, Color color, bool bold = false) => new()
    {
        FontName = Font,
        FontSize = size,
        ForeColor = color,
        Bold = bold,
        Alignment = Alignment.UpperLeft,
        AntiAliasText = true,
    };
}
