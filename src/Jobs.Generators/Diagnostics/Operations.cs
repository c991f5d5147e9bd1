using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Jobs.Generators.Diagnostics;

/// <summary>What the analyzers ask of operations.</summary>
static class Operations
{
    public static IOperation WithoutConversions(this IOperation operation)
    {
        while (operation is IConversionOperation conversion)
            operation = conversion.Operand;
        return operation;
    }

    /// <summary>The method, local function or lambda that the operation is in.</summary>
    public static IMethodSymbol? Function(this IOperation operation, ISymbol containing)
    {
        for (var outer = operation.Parent; outer is not null; outer = outer.Parent)
        {
            if (outer is IAnonymousFunctionOperation lambda)
                return lambda.Symbol;
            if (outer is ILocalFunctionOperation local)
                return local.Symbol;
        }

        return containing as IMethodSymbol;
    }
}
