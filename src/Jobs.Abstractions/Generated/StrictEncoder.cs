using System.Text.Encodings.Web;

namespace Jobs.Generated;

/// <summary>
/// Escapes as little as JSON allows, and refuses what would not come back: a NUL character, which jsonb cannot hold, and half of a
/// surrogate pair, which other encoders replace in silence.
/// </summary>
/// <remarks>Generated code checks each text before; this holds for what a serializer context of the user writes.</remarks>
sealed class StrictEncoder : JavaScriptEncoder
{
    static readonly JavaScriptEncoder Relaxed = UnsafeRelaxedJsonEscaping;

    public override int MaxOutputCharactersPerInputCharacter => Relaxed.MaxOutputCharactersPerInputCharacter;

    public override unsafe int FindFirstCharacterToEncode(char* text, int textLength) => Relaxed.FindFirstCharacterToEncode(text, textLength);

    public override int FindFirstCharacterToEncodeUtf8(ReadOnlySpan<byte> utf8Text) => Relaxed.FindFirstCharacterToEncodeUtf8(utf8Text);

    public override unsafe bool TryEncodeUnicodeScalar(int unicodeScalar, char* buffer, int bufferLength, out int numberOfCharactersWritten) => unicodeScalar switch
    {
        0 => throw new RefusedException("a NUL character (\\u0000)"),
        // A replacement character that the text really has needs no encoding and does not come here.
        0xfffd => throw new RefusedException("half of a surrogate pair"),
        _ => Relaxed.TryEncodeUnicodeScalar(unicodeScalar, buffer, bufferLength, out numberOfCharactersWritten),
    };

    public override bool WillEncode(int unicodeScalar) => Relaxed.WillEncode(unicodeScalar);

    /// <summary>Thrown out of the writer, and translated where the member's name is known.</summary>
    internal sealed class RefusedException(string what) : Exception(what);
}
