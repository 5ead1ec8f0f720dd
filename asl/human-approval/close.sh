#!/bin/sh
# Answers what became of the request, and removes its folder.
set -eu
event=$(cat)

field() {
        printf '%s' "$event" | sed -n 's/.*"'"$1"'" *: *"\{0,1\}\([^",}]*\).*/\1/p'
}

folder=$(field folder)
request=$(sed -n 1p "$folder/request")
case $folder in
*/galliard-approval-*) rm -r "$folder" ;;
esac
printf '{"outcome":"%s: %s"}\n' "$request" "$(field outcome)"
