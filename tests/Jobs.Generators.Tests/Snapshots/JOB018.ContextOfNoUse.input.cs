using System;
using System.Collections.Generic;
using System.Text.Json.Serialization;
using Jobs;

namespace App;

public sealed record ExportArgs(Version Version);

[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Serialization)]
[JsonSerializable(typeof(Version))]
internal sealed partial class WriteOnlyJson : JsonSerializerContext;

[Worker]
public partial class Exporter
{
    [Perform]
    public void Export(ExportArgs args) { }
}
