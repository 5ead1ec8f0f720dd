#!/bin/sh
# Answers how far the job is. Every call finds it one text further: the job is worked off here, in small bites.
set -eu
. ./common.sh

total=$(grep -c . "$job/texts")
counted=$(grep -c . "$job/counts" || true)
if [ "$counted" -lt "$total" ]; then
        text=$(sed -n "$((counted + 1))p" "$job/texts")
        case $text in
        */*) answer FAILED "$text: not a name"; exit ;;
        esac
        if [ ! -f "texts/$text" ]; then
                answer FAILED "$text: no such text"
                exit
        fi
        words=$(wc -w < "texts/$text")
        echo "$text $((words))" >> "$job/counts"
        counted=$((counted + 1))
fi
if [ "$counted" -eq "$total" ]; then
        answer SUCCEEDED "$total of $total texts"
else
        answer RUNNING "$counted of $total texts"
fi
