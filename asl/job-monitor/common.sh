# Read by the functions of this folder: the event, and the folder in which its job lives (outside of the tree;
# collect.sh removes it). In it: "texts" is what to count, a name a line; "counts" is what has been counted.
event=$(cat)
job="${TMPDIR:-/tmp}/galliard-job-$(printf '%s' "$event" | sed -n 's/.*"job" *: *"\([^"]*\)".*/\1/p')"

# state, message: what start.sh and check.sh answer
answer() {
        printf '{"state":"%s","message":"%s"}\n' "$1" "$2"
}
