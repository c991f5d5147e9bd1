using Jobs.Testing.Database;
using Npgsql;

namespace EmailBlast.Tests;

public sealed class KillTests
{
    /// <remarks>How many mails go out twice depends on the disk: those that the dead node had sent, and whose jobs were not stored as completed yet.</remarks>
    [Fact]
    public async Task A_node_killed_in_the_middle_costs_no_mail_and_no_second_message_to_the_admins()
    {
        var folder = Directory.CreateTempSubdirectory("email-blast-");
        await using var database = await TestDatabase.CreateAsync(TestContext.Current.CancellationToken);
        var list = Path.Combine(folder.FullName, "list.csv");
        await File.WriteAllLinesAsync(list, ["email", .. Enumerable.Range(0, 400).Select(i => $"reader.{i}@example.com")], TestContext.Current.CancellationToken);
        string[] common = ["--database", database.ConnectionString, "--output", folder.FullName, "--dry-run", "--delay-ms", "100", "--concurrency", "5"];

        IReadOnlySet<string> interrupted;
        await using (var victim = SampleProcess.Start(["--work-only", .. common]))
        {
            await victim.WaitUntilReadyAsync();
            await using var mailing = SampleProcess.Start(["--list", list, "--batch", "weekly", .. common]);
            await mailing.WaitUntilReadyAsync();
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
            while (Delivered().Count(file => file.Length > 5) < 2)
                await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
            await victim.KillAsync();
            interrupted = await ExecutingAsync(database);
            Assert.NotEmpty(interrupted);

            var exitCode = await mailing.WaitForExitAsync();
            Assert.Equal((0, mailing.Output), (exitCode, mailing.Output));
            Assert.Equal(1, mailing.Lines.Count(line => line == "Batch weekly is complete!"));
        }

        var addresses = Delivered().SelectMany(file => file).ToList();
        Assert.Equal(400, addresses.Distinct().Count());
        Assert.All(addresses.CountBy(static address => address).Where(static sent => sent.Value > 1), sent => Assert.Contains(sent.Key, interrupted));
        Assert.InRange(addresses.Count, 400, 400 + interrupted.Count);
        Assert.Single(Directory.GetFiles(folder.FullName, "dry-run-*-admins.txt").SelectMany(File.ReadAllLines));
        folder.Delete(recursive: true);

        IReadOnlyList<string[]> Delivered() =>
            [.. Directory.GetFiles(folder.FullName, "dry-run-*.txt").Where(file => !file.EndsWith("-admins.txt", StringComparison.Ordinal)).Select(File.ReadAllLines)];
    }

    // The dead node claims nothing any more, so of its jobs only these can be run again.
    static async Task<IReadOnlySet<string>> ExecutingAsync(TestDatabase database)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand("SELECT args->>'email' FROM jobs.jobs WHERE state = 'executing'", connection);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var addresses = new HashSet<string>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
            addresses.Add(reader.GetString(0));
        return addresses;
    }
}
