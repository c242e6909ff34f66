#!/bin/sh
# Adds up the figures of the fault suite (test/faults/support/figures.ts): add-figures.sh FILE. Fails when a fault was found.
set -eu
LC_ALL=C awk -F '\t' '
  { sum[$2] += $1 }
  END {
    print "== Figures of the fault suite"
    split("cases injections rounds inputs", efforts, " ")
    for (i = 1; i in efforts; i++) printf "%s %d%s", efforts[i], sum[efforts[i]], (i < 4 ? ", " : "\n")
    n = split("torn states/lies/survivors/innocents hit", faults, "/")
    for (i = 1; i <= n; i++) {
      printf "%s %d (%d looks)%s", faults[i], sum[faults[i]], sum["looks for " faults[i]], (i < n ? ", " : "\n")
      found += sum[faults[i]]
    }
    for (name in sum) if (name ~ /: /) print name | "sort"
    close("sort")
    exit found > 0
  }' "$1"
