#!/bin/sh
# Answers what the ledger holds and what in it is still booked, and removes it.
set -eu
. ./common.sh

mkdir -p "$ledger"
touch "$ledger/lines"
awk '
function quoted_list(list, count,    i, text) {
        for (i = 1; i <= count; i++)
                if (list[i] != "")
                        text = text (text == "" ? "" : ",") "\"" list[i] "\""
        return "[" text "]"
}
{ lines[++count] = $0 }
$1 == "booked" { open[++bookings] = $2 }
$1 == "cancelled" {
        for (i = 1; i <= bookings; i++)
                if (open[i] == $2)
                        open[i] = ""
}
END { printf "{\"lines\":%s,\"open\":%s}\n", quoted_list(lines, count), quoted_list(open, bookings) }
' "$ledger/lines"
rm -r "$ledger"
