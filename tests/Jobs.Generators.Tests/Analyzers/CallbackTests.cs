namespace Jobs.Generators.Tests.Analyzers;

public class CallbackTests
{
    static Task<string[]> DiagnoseAsync(string callback, string more = "") => AdvisedProgram.DiagnoseAsync(
        $"static void It(BatchOptions batch) => batch.OnComplete<{callback}>(); {more}");

    [Fact]
    public async Task A_worker_that_takes_the_callback_is_right() => Assert.Empty(await DiagnoseAsync("Mailer"));

    [Theory]
    [InlineData("string", "CS0311")]
    [InlineData("int", "CS0315")]
    [InlineData("EmailArgs", "CS0311")]
    public async Task Whatever_the_compiler_calls_it_the_sentence_is_added(string type, string error) =>
        Assert.Equal([error, "JOB022"], await DiagnoseAsync(type));

    [Fact]
    public async Task A_type_that_is_not_there_is_the_compilers_affair() => Assert.Equal(["CS0246"], await DiagnoseAsync("Nobody"));

    [Fact]
    public async Task A_worker_whose_callback_the_generator_could_not_write_has_the_generators_error_only() =>
        Assert.Equal(["CS0311", "JOB001"], await DiagnoseAsync("Admin", "} [Worker] public class Admin { [Perform] public void Notify(BatchComplete batch) { }"));

    [Fact]
    public async Task A_worker_that_takes_the_callback_with_metadata_as_a_record_is_right() =>
        Assert.Empty(await DiagnoseAsync("Admin", "} public sealed record Campaign(string Name); [Worker] public partial class Admin { [Perform] public void Notify(BatchComplete<Campaign> batch) { }"));

    [Fact]
    public async Task So_is_one_that_the_generator_could_not_write() =>
        Assert.Equal(["CS0311", "JOB001"], await DiagnoseAsync("Admin", "} public sealed record Campaign(string Name); [Worker] public class Admin { [Perform] public void Notify(BatchComplete<Campaign> batch) { }"));

    [Fact]
    public async Task A_worker_that_takes_another_callback_with_metadata_is_told_of() =>
        Assert.Equal(["CS0311", "JOB022"], await DiagnoseAsync("Admin", "} public sealed record Campaign(string Name); [Worker] public partial class Admin { [Perform] public void Notify(BatchDiscarded<Campaign> batch) { }"));

    [Fact]
    public async Task A_method_of_the_users_own_with_the_same_constraint_is_told_of_too() => Assert.Equal(
        ["CS0311", "JOB022"],
        await AdvisedProgram.DiagnoseAsync("static void End<TWorker>() where TWorker : IPerforms<BatchComplete> { } static void It() => End<EmailArgs>();"));
}
