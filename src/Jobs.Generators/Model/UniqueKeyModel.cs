namespace Jobs.Generators.Model;

/// <summary>What of the args makes two jobs of a unique worker one.</summary>
/// <remarks>Holds no symbol, syntax node or location.</remarks>
/// <param name="Constants">The constants that count: all or none.</param>
/// <param name="Members">The members that count.</param>
sealed record UniqueKeyModel(EquatableArray<ConstantModel> Constants, EquatableArray<MemberModel> Members);
