# Compares the items of an order with the stock list. Standard input is one line of JSON;
# with "}" as the record separator every item is a record of its own.
function field(name,    rest) {
        if (!match($0, "\"" name "\" *: *"))
                return ""
        rest = substr($0, RSTART + RLENGTH)
        sub(/^"/, "", rest)
        sub(/[",].*/, "", rest)
        return rest
}

BEGIN {
        while ((getline line < "stock.txt") > 0) {
                split(line, word, " ")
                stock[word[1]] = word[2]
        }
        RS = "}"
}

/"orderId"/ { order = field("orderId") }

/"sku"/ {
        if (field("quantity") + 0 > stock[field("sku")] + 0) {
                printf "{\"errorType\":\"OutOfStock\",\"errorMessage\":\"%s: %d wanted, %d in stock\"}\n", \
                        field("sku"), field("quantity"), stock[field("sku")] > "/dev/stderr"
                failed = 1
                exit 1
        }
        pieces += field("quantity")
}

END {
        if (!failed)
                printf "{\"reservation\":\"R-%s-%d\"}\n", order, pieces
}
