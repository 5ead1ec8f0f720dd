#!/bin/sh
# Reads the decision file, if there is one whose time has come, and says when to look again: not past the deadline.
set -eu
event=$(cat)

field() {
        printf '%s' "$event" | sed -n 's/.*"'"$1"'" *: *"\{0,1\}\([^",}]*\).*/\1/p'
}

now=$(field now)
deadline=$(field deadline)
folder=$(field folder)
decision=pending
by=
if [ -f "$folder/decision" ]; then
        read -r time answer name < "$folder/decision"
        if [ "$(date -u -d "$time" +%s)" -le "$(date -u -d "$now" +%s)" ]; then
                decision=$answer
                by=$name
        fi
fi
next=$(($(date -u -d "$now" +%s) + $(field lookEveryMinutes) * 60))
last=$(date -u -d "$deadline" +%s)
[ "$next" -le "$last" ] || next=$last
printf '{"decision":"%s","by":"%s","nextLook":"%s"}\n' "$decision" "$by" "$(date -u -d "@$next" +%Y-%m-%dT%H:%M:%SZ)"
