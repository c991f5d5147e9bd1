namespace EmailBlast.Tests;

public sealed class SameCommandTests
{
    [Theory]
    [InlineData("--batch=weekly")]
    [InlineData("--list people.csv --batch=weekly", "--list", "people.csv")]
    [InlineData("--list people.csv --strict --batch=weekly", "--list", "people.csv", "--batch", "old", "--strict")]
    [InlineData("--strict --batch=weekly", "--batch=old", "--strict")]
    [InlineData("'--list=it'\\''s here.csv' --batch=weekly", "--list=it's here.csv")]
    [InlineData("'--database=Host=x;Username=ada;Password=***' --batch=weekly", "--database", "Host=x;Username=ada;Password=s3cret")]
    [InlineData("'--database=Host=x;Password=***' --batch=weekly", "--database:Host=x;Pwd=s3cret")]
    public void It_is_the_command_of_before_with_its_batch_and_without_a_password(string expected, params string[] args) =>
        Assert.EndsWith(" " + expected, SameCommand.For(args, "weekly"), StringComparison.Ordinal);

    [Fact]
    public void An_id_that_a_shell_would_take_apart_is_quoted() =>
        Assert.EndsWith(" '--batch=spring news; rm -r $HOME'", SameCommand.For([], "spring news; rm -r $HOME"), StringComparison.Ordinal);
}
