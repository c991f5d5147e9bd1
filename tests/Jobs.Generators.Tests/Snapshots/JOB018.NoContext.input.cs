using System;
using System.Collections.Generic;
using System.Text.Json.Serialization;
using Jobs;

namespace App;

[JsonDerivedType(typeof(Circle), "circle")]
public abstract record Figure;

public sealed record Circle(double Radius) : Figure;

public sealed record Drawing(string Name, [property: JsonConverter(typeof(JsonStringEnumConverter<DayOfWeek>))] DayOfWeek Day);

public sealed record DrawArgs(HashSet<string> Columns, Figure Figure, Dictionary<int, string> Names, Drawing Drawing, Version[] Versions);

[Worker]
public partial class Drawer
{
    [Perform]
    public void Draw(DrawArgs args) { }
}
