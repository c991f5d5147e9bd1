using System.Text.Json;
using Jobs.Generators.Text;

namespace Jobs.Generators.Tests;

public class NamingTests
{
    [Theory]
    [InlineData("Email"), InlineData("BatchId"), InlineData("UserID"), InlineData("HTTPServer2Name"), InlineData("X509Cert"), InlineData("Line2Text"), InlineData("aB")]
    [InlineData("Größe"), InlineData("名前"), InlineData("With_Underscore"), InlineData("A"), InlineData("IOStream"), InlineData("Size2"), InlineData("ABTest")]
    public void Keys_are_those_of_System_Text_Json(string name) =>
        Assert.Equal(JsonNamingPolicy.SnakeCaseLower.ConvertName(name), JsonText.SnakeCase(name));
}
