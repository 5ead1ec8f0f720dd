#!/bin/sh
# Books a flight, a hotel or a car if offers.txt has one left, and writes it into the ledger.
set -eu
. ./common.sh

kind=$1
wanted=$(field wanted)
left=$(awk -v kind="$kind" -v wanted="$wanted" '$1 == kind && $2 == wanted { print $3 }' offers.txt)
if [ "${left:-0}" -eq 0 ]; then
        case $kind in
        flight) fail NoSeatsLeft "no flight to $wanted" ;;
        hotel) fail HotelFull "no room in $wanted" ;;
        car) fail NoCarsLeft "no $wanted left" ;;
        esac
fi
reference="$kind-$(printf '%s %s' "$kind" "$wanted" | cksum | cut -c 1-5)"
mkdir -p "$ledger"
echo "booked $reference" >> "$ledger/lines"
printf '{"reference":"%s","left":%d}\n' "$reference" $((left - 1))
