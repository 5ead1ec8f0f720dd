# The aggregator: the cheapest quote, and of two equal ones the faster. The event is one line of JSON;
# with "}" as the record separator every quote is a record of its own.
function field(name,    rest) {
        if (!match($0, "\"" name "\" *: *"))
                return ""
        rest = substr($0, RSTART + RLENGTH)
        sub(/^"/, "", rest)
        sub(/[",].*/, "", rest)
        return rest
}

BEGIN { RS = "}" }

/"answered" *: *true/ {
        price = field("price") + 0
        days = field("days") + 0
        if (!found || price < best_price || (price == best_price && days < best_days)) {
                found = 1
                best = field("carrier")
                best_price = price
                best_days = days
        }
}

END {
        if (!found) {
                print "{\"errorType\":\"NoQuotes\",\"errorMessage\":\"nothing to choose from\"}" > "/dev/stderr"
                exit 1
        }
        printf "{\"carrier\":\"%s\",\"price\":%d,\"days\":%d}\n", best, best_price, best_days
}
