using System.Data.Common;
using Jobs.Torture.Checking;
using Jobs.Torture.Journals;

namespace Jobs.Torture.Work;

/// <summary>A table of the program that uses Jobs, which is written together with jobs in one transaction. It refuses nothing.</summary>
static class UserTable
{
    public static Task CreateAsync(Observer observer, CancellationToken cancellationToken) => observer.ExecuteAsync(
        "CREATE TABLE torture_writes (key text NOT NULL, job bigint, at timestamptz NOT NULL DEFAULT clock_timestamp())", [], cancellationToken);

    public static async Task InsertAsync(DbTransaction transaction, string key, long? job, CancellationToken cancellationToken)
    {
        await using var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "INSERT INTO torture_writes (key, job) VALUES (@key, @job)";
        Add("key", key);
        Add("job", job is { } id ? id : DBNull.Value);
        await command.ExecuteNonQueryAsync(cancellationToken);

        void Add(string name, object value)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value;
            command.Parameters.Add(parameter);
        }
    }

    /// <summary>What was written, each row as the end of its job.</summary>
    public static Task<List<JournalLine>> ReadAsync(Observer observer, CancellationToken cancellationToken) => observer.ListAsync(
        "SELECT key, coalesce(job, 0), at FROM torture_writes", [],
        static row => new JournalLine(0, Moment.Ended, row.GetDateTime(2), row.GetInt64(1), row.GetString(0)), cancellationToken);
}
