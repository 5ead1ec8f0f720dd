# Whole days between two timestamps.
set -eu
event=$(cat)

seconds() {
        date -u -d "$(printf '%s' "$event" | sed -n 's/.*"'"$1"'" *: *"\([^"]*\)".*/\1/p')" +%s
}

printf '{"days":%d}\n' $((($(seconds to) - $(seconds from)) / 86400))
