#!/bin/sh
# Answers the counts, most words first, and removes the job.
set -eu
. ./common.sh

sort -k 2,2nr -k 1,1 "$job/counts" | awk '
{
        list = list (NR > 1 ? "," : "") "{\"text\":\"" $1 "\",\"words\":" $2 "}"
        words += $2
}
END { printf "{\"words\":%d,\"texts\":[%s]}\n", words, list }'
rm -r "$job"
