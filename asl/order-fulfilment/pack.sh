#!/bin/sh
# Packs one parcel: its label ends in a check sum of what is in it.
set -eu
event=$(cat)

field() {
        printf '%s' "$event" | sed -n 's/.*"'"$1"'" *: *"\{0,1\}\([^",}]*\).*/\1/p'
}

sleep 0.1
contents=$(printf '%s' "$event" | sed 's/.*"contents" *: *"\(.*\]\)".*/\1/')
sum=$(printf '%s' "$contents" | cksum | cut -d ' ' -f 1)
printf '{"label":"%s-%s-%s","grams":%s}\n' "$(field orderId)" "$(field number)" "$sum" "$(field grams)"
