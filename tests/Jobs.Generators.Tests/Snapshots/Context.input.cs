using System;
using System.Collections.Generic;
using System.Text.Json.Serialization;
using Jobs;

namespace App;

[JsonDerivedType(typeof(Circle), "circle")]
public abstract record Figure;

public sealed record Circle(double Radius) : Figure;

public sealed record DrawArgs(HashSet<string> Columns, Figure Figure, Figure? Frame, List<Version> Versions, Half? Scale);

[JsonSerializable(typeof(HashSet<string>)), JsonSerializable(typeof(Figure)), JsonSerializable(typeof(Version)), JsonSerializable(typeof(Half))]
internal sealed partial class DrawJson : JsonSerializerContext;

[Worker]
public partial class Drawer
{
    [Perform]
    public void Draw(DrawArgs args) { }
}
