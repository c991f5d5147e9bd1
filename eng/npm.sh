# Sourced: npm, for what comes from its registry, from the distribution's packages.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/packages.sh"

# install_npm_packages DIR: what DIR's package-lock.json names, into DIR/node_modules, unless it is there. False, with the reason said, where that
# cannot be done.
install_npm_packages() {
    local log
    # npm writes the hidden file when it has finished.
    [ -f "$1/node_modules/.package-lock.json" ] && [ ! "$1/node_modules/.package-lock.json" -ot "$1/package-lock.json" ] && return
    command -v npm >/dev/null || install_packages npm || return 1
    say "Installing the packages of $1 …"
    log=$(mktemp)
    if npm ci --prefix "$1" --no-audit --no-fund >"$log" 2>&1; then
        rm -f "$log"
        return 0
    fi
    tail -n 20 "$log" >&2
    rm -f "$log"
    say "npm could not install the packages of $1."
    return 1
}
