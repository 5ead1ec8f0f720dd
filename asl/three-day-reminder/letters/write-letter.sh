# Fills in a letter: {"letter", "invoice", "customer", "day"}. Runs in this folder (see "directory" in galliard.json).
set -eu
event=$(cat)

field() {
        printf '%s' "$event" | sed -n 's/.*"'"$1"'" *: *"\{0,1\}\([^",}]*\).*/\1/p'
}

text=$(sed -e "s/CUSTOMER/$(field customer)/" -e "s/INVOICE/$(field invoice)/" -e "s/DAY/$(field day)/" "$(field letter).txt")
printf '{"text":"%s"}\n' "$text"
