namespace Jobs.Runtime.Tests.Behaviour;

public sealed class StorableTextTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a\0b", "a\uFFFDb")]
    [InlineData("x^", "x\uFFFD")]
    [InlineData("^y", "\uFFFDy")]
    [InlineData("👋", "👋")]
    public void What_cannot_be_held_is_replaced(string text, string expected) =>
        Assert.Equal(expected, StorableText.Clean(WithHalf(text), longest: 100));

    // The compiler stores an attribute's text as UTF-8, which cannot hold half of a surrogate pair.
    internal static string WithHalf(string text) => text.Replace('^', '\ud83d');

    [Fact]
    public void Long_text_is_cut_between_characters_and_says_so() =>
        Assert.Equal("abc … (5 more characters)", StorableText.Clean("abc👋xyz", longest: 4));
}
