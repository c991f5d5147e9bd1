# Sourced: a PgBouncer that the tests can run, from the distribution's packages.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/packages.sh"

# ensure_pgbouncer: false, with the reason said, where there is none.
ensure_pgbouncer() {
    has_pgbouncer && return
    install_pgbouncer_without_a_service && has_pgbouncer && return
    say "There is no PgBouncer for the tests: they run pgbouncer 1.12 or later, from the PATH or /usr/sbin."
    return 1
}

has_pgbouncer() {
    command -v pgbouncer >/dev/null || [ -x /usr/sbin/pgbouncer ]
}

# Debian's package would start one on port 6432 for the whole machine, which nobody asked for. A policy that is there stays, and decides.
install_pgbouncer_without_a_service() {
    local policy=/usr/sbin/policy-rc.d as_root=() status
    [ "$(id -u)" = 0 ] || as_root=(sudo -n)
    if [ -e "$policy" ]; then
        install_packages pgbouncer
        return
    fi
    # Says itself what is missing where this is not allowed.
    ${as_root[@]+"${as_root[@]}"} sh -c "printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy" 2>/dev/null
    install_packages pgbouncer
    status=$?
    ${as_root[@]+"${as_root[@]}"} rm -f "$policy" 2>/dev/null
    return $status
}
