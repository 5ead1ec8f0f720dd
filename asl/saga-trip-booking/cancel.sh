#!/bin/sh
# Cancels a booking, if the desk that does so is open: "late" opens at the third attempt, "closed" never.
set -eu
. ./common.sh

case $(field desk) in
closed) fail DeskClosed "nobody answers at the $1 desk" ;;
late) [ "$(field attempt)" -ge 2 ] || fail DeskClosed "the $1 desk is not open yet" ;;
esac
echo "cancelled $(field reference)" >> "$ledger/lines"
printf '{"cancelled":"%s"}\n' "$(field reference)"
