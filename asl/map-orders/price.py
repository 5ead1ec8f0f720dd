"""Prices one order by the list of prices; a discount of 5 percent for large ones, then tax. Amounts are in cents."""
import csv
import json
import os
import sys
import time

event = json.load(sys.stdin)
with open(os.environ["PRICE_LIST"], newline="") as file:
    prices = {row["article"]: int(row["cents"]) for row in csv.DictReader(file)}

net = 0
for line in event["order"]["lines"]:
    if line["article"] not in prices:
        reason = "no price for %s" % line["article"]
        print(json.dumps({"errorType": "BadOrder", "errorMessage": reason}), file=sys.stderr)
        sys.exit(1)
    net += prices[line["article"]] * line["count"]
if net >= event["discountFrom"]:
    net -= (net * 5 + 50) // 100
time.sleep(0.1)
json.dump({
    "order": event["order"]["id"],
    "position": event["position"],
    "net": net,
    "total": net + (net * event["taxPercent"] + 50) // 100,
}, sys.stdout)
