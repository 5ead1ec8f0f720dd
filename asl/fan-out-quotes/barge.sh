# The river carrier: the same list of tariffs, any weight, no hurry.
set -eu
event=$(cat)

field() {
        printf '%s' "$event" | sed -n 's/.*"'"$1"'" *: *"\{0,1\}\([^",}]*\).*/\1/p'
}

awk -F , -v from="$(field from)" -v to="$(field to)" -v kilograms="$(field kilograms)" '
$1 == "barge" && $2 == from && $3 == to {
        printf "{\"carrier\":\"barge\",\"answered\":true,\"price\":%d,\"days\":%d}\n", $4 + $5 * kilograms, $6
        found = 1
}
END {
        if (!found) {
                printf "{\"errorType\":\"NoSuchRoute\",\"errorMessage\":\"no river from %s to %s\"}\n", from, to > "/dev/stderr"
                exit 1
        }
}' tariffs.csv
