# {"totals":[1,2,3]} on standard input: their sum, the largest and the average, rounded down.
{
        sub(/.*\[/, "")
        sub(/\].*/, "")
        count = split($0, totals, ",")
        for (i = 1; i <= count; i++) {
                sum += totals[i]
                if (totals[i] + 0 > largest + 0)
                        largest = totals[i] + 0
        }
}

END { printf "{\"total\":%d,\"largest\":%d,\"average\":%d}\n", sum, largest, count ? int(sum / count) : 0 }
