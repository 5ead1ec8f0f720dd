#!/bin/sh
# Queues a job: {"job": NAME, "texts": [FILE, ...]}.
set -eu
. ./common.sh

mkdir -p "$job"
: > "$job/counts"
printf '%s' "$event" | sed 's/.*"texts" *: *\[\([^]]*\)\].*/\1/' | tr -d '" ' | tr ',' '\n' > "$job/texts"
echo >> "$job/texts"
sed -i '/^$/d' "$job/texts"
answer QUEUED "0 of $(grep -c . "$job/texts") texts"
