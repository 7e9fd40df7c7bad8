#!/bin/sh
# Measures how time and memory grow with the number of files: lint/examples/scale.sh COMMAND [FILES…]
#
# A tree of N files consists of copies of one program of several files, with its symbols renamed, so that each
# copy is linked for itself and has one finding. For each N (10, 100, 1000 by default) it prints the files, the
# findings, seconds on the clock, seconds of processor time, and the largest memory of one process in MB.
set -eu

command=$(realpath "$1")
shift
[ $# -gt 0 ] || set -- 10 100 1000
program=$(dirname "$(realpath "$0")")/../../fixtures/host-read-before-sync/misuse_files
symbols=$(grep -hoE '^[a-z_ *]+ \*?[a-z_]+\(' "$program"/*.cu "$program"/*.h | sed -E 's/.*[ *]([a-z_]+)\($/\1/' | sort -u | grep -v '^main$')
files=$(ls "$program" | wc -l)

for count in "$@"; do
    tree=$(mktemp -d)
    copies=$(((count + files - 1) / files))
    for copy in $(seq "$copies"); do
        mkdir "$tree/$copy"
        cp "$program"/* "$tree/$copy"
        for symbol in $symbols; do
            sed -i -E "s/\b$symbol\b/${symbol}_$copy/g" "$tree/$copy"/*.cu "$tree/$copy"/*.h
        done
    done
    found=$(/usr/bin/time -o "$tree/time" -f '%e %U %S %M' "$command" -q --format short "$tree" 2>/dev/null | wc -l)
    awk -v files=$((copies * files)) -v found="$found" '$4 ~ /^[0-9]+$/ {
        printf "%d files, %d findings: %.1f s, %.1f s of processor time, %d MB\n", files, found, $1, $2 + $3, $4 / 1024
    }' "$tree/time"
    rm -r "$tree"
done
