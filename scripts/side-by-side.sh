# Sourced: run several checks at once, show one line each, and the whole output of those that fail.
#
#   start NAME COMMAND …     begin one          finish     wait for all; returns 1 when any failed

checks_dir=$(mktemp -d)
trap 'rm -rf "$checks_dir"' EXIT
check_names=()
check_pids=()

start() {
    local name=$1 number=${#check_names[@]}
    shift
    "$@" >"$checks_dir/$number" 2>&1 &
    check_names+=("$name")
    check_pids+=($!)
}

finish() {
    local number failed=0
    for number in "${!check_names[@]}"; do
        if wait "${check_pids[$number]}"; then
            printf 'ok      %s\n' "${check_names[$number]}"
        else
            failed=1
            printf 'FAILED  %s\n' "${check_names[$number]}"
            cat "$checks_dir/$number"
        fi
    done
    return $failed
}
