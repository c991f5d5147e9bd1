# Sourced: a mail server that the tests can run, from the distribution's packages.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/packages.sh"

# ensure_smtp_server: false, with the reason said, where there is none.
#
# aiosmtpd runs for one user, on a port of its own, and stands beside the machine's mail server if it has one; Debian's mail transport
# agents replace each other, and start for the whole machine.
ensure_smtp_server() {
    has_smtp_server && return
    install_packages python3-aiosmtpd && has_smtp_server && return
    say "There is no mail server for the tests: they run aiosmtpd 1.4 or later, by /usr/bin/python3 or the python3 on the PATH."
    return 1
}

has_smtp_server() {
    local python
    for python in /usr/bin/python3 python3; do
        "$python" -c 'import aiosmtpd.smtp; aiosmtpd.smtp.AuthResult' 2>/dev/null && return
    done
    return 1
}
