using System.Text;

namespace EmailBlast.Tests;

public sealed class MailingListTests
{
    [Fact]
    public void A_list_is_read_as_RFC_4180_has_it()
    {
        var list = Parse("name,email\r\n\"Smith, \"\"Jo\"\"\",jo@example.com\r\n\"Two\r\nLines\",two@example.com\r\n,none@example.com\r\n");

        Assert.Equal([new("jo@example.com", "Smith, \"Jo\""), new("two@example.com", "Two Lines"), new("none@example.com", null)], list.Recipients);
        Assert.Empty(list.Skipped);
    }

    [Theory]
    [InlineData("email\nada@example.com")]
    [InlineData("email\rada@example.com\r")]
    [InlineData("\uFEFFemail\nada@example.com\n")]
    [InlineData("EMAIL , city\nada@example.com, London\n")]
    [InlineData("email\n\n\nada@example.com\n\n")]
    public void Common_forms_of_the_same_list_are_read(string csv) =>
        Assert.Equal([new Recipient("ada@example.com", null)], Parse(csv).Recipients);

    [Fact]
    public void Rows_that_cannot_be_mailed_are_skipped_with_their_line_and_reason()
    {
        var list = Parse("email,name\n\"ok@example.com\",\"over\ntwo lines\"\nno-at.example.com,x\na b@example.com,x\nOK@EXAMPLE.com,x\nok@EXAMPLE.COM,x\n,x\nfew@example.com\n");

        Assert.Equal(["ok@example.com", "OK@EXAMPLE.com"], list.Recipients.Select(recipient => recipient.Email));
        Assert.Equal(
            [
                new(4, "The address \"no-at.example.com\" has no @"),
                new(5, "The address \"a b@example.com\" has a space before the @"),
                new(7, "The address \"ok@EXAMPLE.COM\" is a duplicate of line 2"),
                new(8, "The address is empty"),
                new(9, "The row has not as many columns as the header"),
            ],
            list.Skipped);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("\uFEFF", "is empty")]
    [InlineData("mail,name\na@example.com,A\n", "has no column \"email\"")]
    [InlineData("email,email\na@example.com,b@example.com\n", "two columns")]
    [InlineData("email\n", "has nobody to write to")]
    [InlineData("email\nnobody\n", "has nobody to write to")]
    [InlineData("email,name\nada@example.com,\"never closed\nbob@example.com,Bob\n", "never closed")]
    public void A_list_that_cannot_be_mailed_is_refused_with_a_reason(string csv, string reason) =>
        Assert.Contains(reason, Assert.Throws<ListRefusedException>(() => Parse(csv)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_list_in_another_encoding_is_refused_with_the_line()
    {
        byte[] latin1 = [.. "email,name\na@example.com,A\nb@example.com,J"u8, 0xFC, .. "rgen\n"u8];

        Assert.Contains("line 3", Assert.Throws<ListRefusedException>(() => MailingList.Parse(latin1, "list.csv")).Message, StringComparison.Ordinal);
        Assert.Contains("UTF-16", Assert.Throws<ListRefusedException>(() => MailingList.Parse([0xFF, 0xFE, (byte)'e', 0], "list.csv")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_there_and_a_folder_are_refused()
    {
        Assert.Contains("There is no list", Assert.Throws<ListRefusedException>(() => MailingList.Load("no-such-list.csv")).Message, StringComparison.Ordinal);
        Assert.Contains("is a folder", Assert.Throws<ListRefusedException>(() => MailingList.Load(AppContext.BaseDirectory)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ada@example.com")]
    [InlineData("o'connor+news@mail.example.com")]
    [InlineData("χρήστης@παράδειγμα.test")]
    [InlineData("邮件@例子.test")]
    public void Addresses_of_all_scripts_are_taken(string address) => Assert.Null(EmailAddress.FindProblem(address, out _));

    [Theory]
    [InlineData("ada")]
    [InlineData("@example.com")]
    [InlineData("ada@")]
    [InlineData("ada@localhost")]
    [InlineData("ada@example..com")]
    [InlineData("ada@-example.com")]
    [InlineData(".ada@example.com")]
    [InlineData("ada@example.com\r\nBcc: eve@example.com")]
    [InlineData("a\u202Eda@example.com")]
    [InlineData("\"a b\"@[192.0.2.1]")]
    public void Malformed_addresses_are_not(string address) => Assert.NotNull(EmailAddress.FindProblem(address, out _));

    [Fact]
    public void One_domain_in_Unicode_and_punycode_is_one_address() =>
        Assert.Equal("is a duplicate of line 2", Assert.Single(Parse("email\na@παράδειγμα.test\na@xn--hxajbheg2az3al.test\n").Skipped).Reason[^24..]);

    [Fact]
    public void The_list_that_ships_has_a_thousand_rows_in_many_scripts_a_duplicate_and_three_malformed_addresses()
    {
        var list = MailingList.Load(Path.Combine(AppContext.BaseDirectory, "list.csv"));

        Assert.Equal((996, 4), (list.Recipients.Count, list.Skipped.Count));
        Assert.Single(list.Skipped, row => row.Reason.Contains("duplicate", StringComparison.Ordinal));
        foreach (var script in (string[])["Łukasz", "Ελένη", "Анна", "محمد", "דוד", "सीता", "สมชาย", "李清照", "さくら", "김철수", "ნინო", "Անի", "🚀"])
            Assert.Contains(list.Recipients, recipient => recipient.Name?.Contains(script, StringComparison.Ordinal) == true);
    }

    static MailingList Parse(string csv) => MailingList.Parse(Encoding.UTF8.GetBytes(csv), "list.csv");
}
