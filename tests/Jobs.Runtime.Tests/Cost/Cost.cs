using System.Globalization;
using System.Text;

namespace Jobs.Runtime.Tests.Cost;

/// <summary>What PostgreSQL was asked: each statement with its calls, the most called first, and how many transactions were committed.</summary>
sealed record Cost(IReadOnlyList<(string Sql, long Calls)> Statements, long Commits = 0)
{
    public long Calls => Statements.Sum(statement => statement.Calls);

    /// <summary>How often statements that hold <paramref name="text"/> were called.</summary>
    public long CallsOf(string text) => Statements.Where(statement => statement.Sql.Contains(text, StringComparison.Ordinal)).Sum(statement => statement.Calls);

    public override string ToString()
    {
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"{Calls} statements, {Commits} commits"));
        foreach (var (sql, calls) in Statements)
            text.Append(CultureInfo.InvariantCulture, $"\n{calls,7}  {(sql.Length > 110 ? $"{sql[..109]}…" : sql)}");
        return text.ToString();
    }
}
