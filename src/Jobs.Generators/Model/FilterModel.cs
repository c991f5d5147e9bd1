namespace Jobs.Generators.Model;

/// <summary>The <c>Where</c> of a worker: a parameter for each single value in the args of its jobs.</summary>
/// <param name="Modifiers">Its accessibility, and <c>new</c> where it hides one of a base class.</param>
/// <param name="Members">The members, each key and type once.</param>
sealed record FilterModel(string Modifiers, EquatableArray<FilterMember> Members);

/// <summary>A parameter of a <c>Where</c>.</summary>
/// <param name="Parameter">Its name, escaped if it is a keyword.</param>
/// <param name="Member">The member that it is a value of.</param>
sealed record FilterMember(string Parameter, MemberModel Member)
{
    public string Type => Member.Value.Type + (Member.Value.IsNullable ? "?" : "");
}
