# Runs a PgBouncer for as long as standard input is open. The writer's death closes it, however it dies, so the pooler never outlives its tests.
#
#   sh -c SCRIPT pgbouncer PROGRAM FOLDER
#   in:   the line of its user list, its settings, and a line with a dot
#   err:  its log, where it has ended by itself

program=$1
folder=$2
trap '' INT HUP
trap 'exit 1' TERM
trap 'rm -rf "$folder"' EXIT

umask 077
mkdir "$folder" && cd "$folder" || exit 1
IFS= read -r user
printf '%s\n' "$user" >users
while IFS= read -r setting && [ "$setting" != . ]; do
    printf '%s\n' "$setting"
done >settings
printf 'auth_file = %s/users\nlogfile = %s/log\n' "$folder" "$folder" >>settings

"$program" --quiet settings </dev/null &
pooler=$!
while read -r _; do :; done
if kill "$pooler" 2>/dev/null; then
    wait "$pooler"
else
    cat log >&2
fi
