# Sourced by the other files of this folder: installs what is missing with the distribution's package manager.

# say TEXT…: a line for the person who waits, out of the way of what a program prints.
say() {
    printf '%s\n' "$*" >&2
}

# install_packages PACKAGE…: false, with the reason said, where that cannot be done.
install_packages() {
    local as_root=()
    if ! command -v apt-get >/dev/null; then
        say "This machine lacks: $*. It has no apt-get, so install them in its own way (the names are Debian's)."
        return 1
    fi
    if [ "$(id -u)" != 0 ]; then
        if ! sudo -n true 2>/dev/null; then
            say "This machine lacks: $*. Run 'sudo apt-get install $*' and try again."
            return 1
        fi
        as_root=(sudo -n)
    fi

    say "Installing $* …"
    local log
    log=$(mktemp)
    if ${as_root[@]+"${as_root[@]}"} apt-get update >"$log" 2>&1 &&
        ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y --no-install-recommends "$@" >>"$log" 2>&1 </dev/null; then
        rm -f "$log"
        return 0
    fi
    tail -n 20 "$log" >&2
    rm -f "$log"
    say "apt-get could not install: $*."
    return 1
}
