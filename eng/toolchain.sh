# Sourced: what it takes to build Jobs, and to publish a native program.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/packages.sh"

# ensure_dotnet: false, with the reason said, where there is no .NET 10 SDK.
ensure_dotnet() {
    if ! command -v dotnet >/dev/null; then
        say "The .NET 10 SDK is missing. Get it from https://dotnet.microsoft.com/download/dotnet/10.0 and try again."
        return 1
    fi
    if ! dotnet --list-sdks | grep -q '^10\.'; then
        say "dotnet is here, but no .NET 10 SDK. Get it from https://dotnet.microsoft.com/download/dotnet/10.0 and try again."
        return 1
    fi
}

# ensure_native_toolchain: NativeAOT links with clang or gcc, and with zlib.
ensure_native_toolchain() {
    links_with clang || links_with gcc || { install_packages gcc libc6-dev zlib1g-dev && links_with gcc; }
}

links_with() {
    command -v "$1" >/dev/null || return 1
    local program
    program=$(mktemp)
    printf '#include <zlib.h>\nint main(void) { return zlibVersion() == 0; }\n' |
        "$1" -x c - -lz -o "$program" 2>/dev/null
    local status=$?
    rm -f "$program"
    return $status
}
