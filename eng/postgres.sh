# Sourced: a PostgreSQL server of one's own from the binaries that the machine has, or can get.
#
#   ensure_postgres_binaries                      sets POSTGRES_BIN
#   start_private_cluster DIR [SETTING=VALUE…]    sets PRIVATE_CLUSTER and PRIVATE_CONNECTION_STRING
#   stop_private_cluster [DIR]
#
# DIR keeps its data between runs. Somebody else who starts a server in the same DIR at the same time gets DIR-2, and so on.
# The lock is held on file descriptor 9 until the calling shell ends.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/packages.sh"

OLDEST_POSTGRES=14

# ensure_postgres_binaries: sets POSTGRES_BIN to the folder of the newest server; installs the distribution's where there is none.
ensure_postgres_binaries() {
    find_postgres_binaries && return
    install_postgres_without_a_cluster || return 1
    find_postgres_binaries && return
    say "The server that was installed is older than PostgreSQL $OLDEST_POSTGRES."
    return 1
}

find_postgres_binaries() {
    local candidate major newest=0
    POSTGRES_BIN=
    for candidate in "$(folder_of initdb)" \
        /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin; do
        [ -x "$candidate/initdb" ] && [ -x "$candidate/pg_ctl" ] && [ -x "$candidate/postgres" ] || continue
        major=$(major_version "$candidate")
        if [ "${major:-0}" -ge "$OLDEST_POSTGRES" ] && [ "$major" -gt "$newest" ]; then
            newest=$major
            POSTGRES_BIN=$candidate
        fi
    done
    [ -n "$POSTGRES_BIN" ]
}

# The folder of the program behind a name on the PATH, which may be a link that stands apart from its neighbours.
folder_of() {
    local program
    program=$(command -v "$1") && dirname "$(readlink -f "$program" 2>/dev/null || printf '%s' "$program")"
}

major_version() {
    "$1/postgres" --version | sed -n 's/^[^0-9]*\([0-9][0-9]*\).*/\1/p'
}

# Debian's package would start a server on port 5432 for the whole machine, which nobody asked for.
install_postgres_without_a_cluster() {
    local settings=/etc/postgresql-common/createcluster.conf as_root=()
    [ "$(id -u)" = 0 ] || as_root=(sudo -n)
    install_packages postgresql-common || return 1
    ${as_root[@]+"${as_root[@]}"} sh -c "cp -p $settings $settings.before && echo 'create_main_cluster = false' >>$settings" || return 1
    install_packages postgresql
    local status=$?
    ${as_root[@]+"${as_root[@]}"} mv "$settings.before" "$settings"
    return $status
}

# start_private_cluster DIR [SETTING=VALUE…]: the server listens on 127.0.0.1 only, on a port that is free, and wants a password.
start_private_cluster() {
    local dir=$1
    shift
    lock_cluster "$dir" || return 1
    place_cluster || return 1
    [ -f "$CLUSTER_HOME/data/PG_VERSION" ] || create_cluster || return 1
    if cluster_is_running; then
        # Its starter was killed before it could stop it: we hold the lock, so nobody uses it.
        stop_private_cluster
    fi
    start_on_a_free_port "$@" || return 1
    PRIVATE_CONNECTION_STRING="Host=127.0.0.1;Port=$CLUSTER_PORT;Username=jobs;Password=$(as_cluster_user cat "$CLUSTER_HOME/password");Database=postgres"
}

# stop_private_cluster: ends its sessions, writes everything to disk, and returns when the server is gone.
stop_private_cluster() {
    [ -n "${CLUSTER_HOME:-}" ] || return 0
    cluster_is_running || return 0
    as_cluster_user "$POSTGRES_BIN/pg_ctl" stop -D "$CLUSTER_HOME/data" -m fast -w >/dev/null
}

# Sets PRIVATE_CLUSTER to DIR, or to the first of DIR-2, DIR-3, … that nobody else uses.
lock_cluster() {
    local number
    if ! command -v flock >/dev/null; then
        say "flock is missing (package util-linux), which keeps two private servers apart."
        return 1
    fi
    for number in 1 2 3 4 5 6 7 8 9; do
        PRIVATE_CLUSTER=$1
        [ "$number" = 1 ] || PRIVATE_CLUSTER=$1-$number
        mkdir -p "$PRIVATE_CLUSTER" || return 1
        exec 9>"$PRIVATE_CLUSTER/lock" || return 1
        flock -n 9 && return
    done
    say "Nine private servers already run in $1 and beside it."
    return 1
}

# Sets CLUSTER_HOME: in PRIVATE_CLUSTER, unless its user cannot get there, as in a clone below /root. One per version, whose data no
# other version reads.
place_cluster() {
    local name
    name=pg$(major_version "$POSTGRES_BIN")
    CLUSTER_HOME=$(cd "$PRIVATE_CLUSTER" && pwd -P)/$name || return 1
    mkdir -p "$CLUSTER_HOME" || return 1
    if [ "$(id -u)" = 0 ]; then
        CLUSTER_USER=nobody
        ! id postgres >/dev/null 2>&1 || CLUSTER_USER=postgres
        chown "$CLUSTER_USER" "$CLUSTER_HOME" || return 1
        if ! as_cluster_user test -w "$CLUSTER_HOME"; then
            CLUSTER_HOME=/var/lib/jobs-private/$(printf '%s' "$CLUSTER_HOME" | cksum | cut -d ' ' -f 1)-$name
            mkdir -p "$CLUSTER_HOME" && chown "$CLUSTER_USER" "$CLUSTER_HOME" || return 1
        fi
    fi
    chmod 700 "$CLUSTER_HOME"
}

# PostgreSQL refuses to run as root. The lock stays with the caller: a server that inherited it would hold it for ever.
as_cluster_user() {
    (
        if [ "$(id -u)" != 0 ]; then
            exec "$@" 9>&-
        fi
        cd / || exit 1
        exec setpriv --reuid "$CLUSTER_USER" --regid "$(id -g "$CLUSTER_USER")" --clear-groups -- "$@" 9>&-
    )
}

create_cluster() {
    say "Creating a private PostgreSQL server in $CLUSTER_HOME …"
    # Under another name until it is whole: whoever is interrupted here starts afresh the next time.
    # shellcheck disable=SC2016
    as_cluster_user sh -c '
        umask 077
        cd "$2" && rm -rf data.new data &&
        od -An -N24 -tx1 /dev/urandom | tr -d " \n" >password &&
        "$1/initdb" -D data.new -U jobs -A scram-sha-256 --pwfile=password -E UTF8 --locale=C >initdb.log 2>&1 &&
        mv data.new data' sh "$POSTGRES_BIN" "$CLUSTER_HOME" && return
    say "initdb failed:"
    tail -n 20 "$CLUSTER_HOME/initdb.log" >&2
    return 1
}

cluster_is_running() {
    as_cluster_user "$POSTGRES_BIN/pg_ctl" status -D "$CLUSTER_HOME/data" >/dev/null 2>&1
}

# Sets CLUSTER_PORT. The port is looked for below those that Linux gives to clients; whoever takes it in between costs us one more try.
start_on_a_free_port() {
    local settings="" setting try
    for setting in "$@"; do
        settings="$settings -c $setting"
    done
    for try in 1 2 3 4 5 6 7 8; do
        CLUSTER_PORT=$((20000 + RANDOM % 12000))
        ! (exec 3<>"/dev/tcp/127.0.0.1/$CLUSTER_PORT") 2>/dev/null || continue
        as_cluster_user "$POSTGRES_BIN/pg_ctl" start -w -t 60 -D "$CLUSTER_HOME/data" -l "$CLUSTER_HOME/log" \
            -o "-p $CLUSTER_PORT -c listen_addresses=127.0.0.1 -c unix_socket_directories=''$settings" >/dev/null 2>&1 && return
        as_cluster_user tail -n 5 "$CLUSTER_HOME/log" | grep -q 'could not create any TCP/IP sockets' || break
    done
    say "The private PostgreSQL server did not start:"
    as_cluster_user tail -n 20 "$CLUSTER_HOME/log" >&2
    return 1
}
