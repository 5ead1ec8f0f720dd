# Read by the functions of this folder: the event, its fields, failing, and where the ledger lies.
event=$(cat)

field() {
        printf '%s' "$event" | sed -n 's/.*"'"$1"'" *: *"\{0,1\}\([^",}]*\).*/\1/p'
}

# The last line of standard error, when it is an object with errorType, is the task's error.
fail() {
        printf '{"errorType":"%s","errorMessage":"%s"}\n' "$1" "$2" >&2
        exit 1
}

# One ledger an execution, outside of the tree; close-ledger.sh removes it.
ledger="${TMPDIR:-/tmp}/galliard-trip-$(field ledger)"
