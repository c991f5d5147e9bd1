namespace Mailing;

/// <summary>Where mails go. The host says which it is.</summary>
public interface IPostbox
{
    Task PutAsync(string mail, CancellationToken cancellationToken);
}
