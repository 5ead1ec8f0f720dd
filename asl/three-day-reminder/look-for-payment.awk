# {"invoice": I, "day": D} on standard input: has the money for I come in by day D? The bank's list is payments.csv.
{
        match($0, /"invoice" *: *"[^"]*"/)
        invoice = substr($0, RSTART, RLENGTH)
        sub(/"$/, "", invoice)
        sub(/.*"/, "", invoice)
        match($0, /"day" *: *[0-9]+/)
        day = substr($0, RSTART, RLENGTH)
        sub(/.*: */, "", day)
}

END {
        while ((getline line < "payments.csv") > 0) {
                split(line, payment, ",")
                if (payment[1] == invoice && payment[2] + 0 <= day + 0) {
                        printf "{\"paid\":true,\"cents\":%d}\n", payment[3]
                        exit
                }
        }
        print "{\"paid\":false}"
}
