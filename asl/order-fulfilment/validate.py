"""Checks an order, prices it and packs it into parcels of at most 1500 grams."""
import json
import sys

TAX_PERCENT = 19
PARCEL_GRAMS_MAX = 1500


def refuse(reason):
    # The last line of standard error, when it is an object with errorType, is the task's error.
    print(json.dumps({"errorType": "InvalidOrder", "errorMessage": reason}), file=sys.stderr)
    sys.exit(1)


def check(order):
    if not order.get("items"):
        refuse("the order has no items")
    for item in order["items"]:
        if item["quantity"] < 1:
            refuse("%s: the quantity must be at least 1, not %d" % (item["sku"], item["quantity"]))
        if item["grams"] > PARCEL_GRAMS_MAX:
            refuse("%s: too heavy for a parcel" % item["sku"])


def pack(items):
    """First fit, heaviest first."""
    pieces = [(item["grams"], item["sku"]) for item in items for _ in range(item["quantity"])]
    parcels = []
    for grams, sku in sorted(pieces, reverse=True):
        for parcel in parcels:
            if parcel["grams"] + grams <= PARCEL_GRAMS_MAX:
                break
        else:
            parcel = {"grams": 0, "contents": []}
            parcels.append(parcel)
        parcel["grams"] += grams
        parcel["contents"].append(sku)
    return parcels


order = json.load(sys.stdin)
check(order)
order["subtotal"] = sum(item["quantity"] * item["unitPrice"] for item in order["items"])
order["tax"] = (order["subtotal"] * TAX_PERCENT + 50) // 100
order["total"] = order["subtotal"] + order["tax"]
order["parcels"] = pack(order["items"])
json.dump(order, sys.stdout)
