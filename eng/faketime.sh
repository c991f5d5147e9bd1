# Sourced: libfaketime, with which a test gives a process a clock of its own, from the distribution's packages.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/packages.sh"

# ensure_faketime: false, with the reason said, where there is none.
ensure_faketime() {
    has_faketime && return
    install_packages libfaketime && has_faketime && return
    say "There is no libfaketime for the tests: they preload /usr/lib/*/faketime/libfaketimeMT.so.1."
    return 1
}

has_faketime() {
    compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' >/dev/null
}
