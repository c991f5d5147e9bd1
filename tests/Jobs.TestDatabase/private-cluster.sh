# Runs a private PostgreSQL cluster for as long as standard input is open. The writer's death closes it, however it dies, so the
# cluster never outlives its tests.
#
#   sh -c SCRIPT private-cluster BIN_FOLDER DATA_FOLDER
#   in:   password, then lines of "start PORT" or "restart fast|immediate"
#   out:  "ready" or "failed" for each line; the server's log on standard error where it failed

bin=$1
data=$2
log=$data/server.log

remove() {
    trap '' TERM
    "$bin/pg_ctl" stop --pgdata="$data" --mode=immediate --silent >/dev/null 2>&1
    rm -rf "$data"
}

# The terminal's interrupt is for the tests: they end, and standard input with them.
trap '' INT HUP
trap 'exit 1' TERM
trap remove EXIT

umask 077
mkdir "$data" || exit 1
cd "$data" || exit 1

IFS= read -r password
printf '%s\n' "$password" >"$data.password"
"$bin/initdb" --pgdata="$data" --username=jobs --pwfile="$data.password" --auth=scram-sha-256 --encoding=UTF8 --no-locale \
    >/dev/null || { rm -f "$data.password"; exit 1; }
rm -f "$data.password"

cat >>"$data/postgresql.conf" <<'SETTINGS'
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 300
SETTINGS

# It counts the statements of the databases that ask for it. Some distributions have it in a package of its own.
for module in "$bin"/../lib/pg_stat_statements.* "$bin"/../lib/postgresql/pg_stat_statements.*; do
    [ -e "$module" ] || continue
    cat >>"$data/postgresql.conf" <<'SETTINGS'
shared_preload_libraries = 'pg_stat_statements'
pg_stat_statements.track = none
compute_query_id = off
SETTINGS
    break
done

answer() {
    if "$@" --pgdata="$data" --log="$log" --wait --silent >/dev/null; then
        echo ready
    else
        cat "$log" >&2
        echo failed
    fi
}

while read -r command argument; do
    case $command in
        start) answer "$bin/pg_ctl" start --options="-p $argument" ;;
        restart) answer "$bin/pg_ctl" restart --mode="$argument" ;;
    esac
done
