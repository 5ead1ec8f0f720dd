"""The air carrier: a tariff per route out of tariffs.csv, and nothing above 30 kilograms."""
import csv
import json
import sys


def refuse(name, message):
    print(json.dumps({"errorType": name, "errorMessage": message}), file=sys.stderr)
    sys.exit(1)


event = json.load(sys.stdin)
if event["kilograms"] > 30:
    refuse("TooHeavy", "%d kilograms, 30 at most" % event["kilograms"])
with open("tariffs.csv", newline="") as file:
    for row in csv.DictReader(file):
        if (row["carrier"], row["from"], row["to"]) == ("albatross", event["from"], event["to"]):
            break
    else:
        refuse("NoSuchRoute", "we do not fly from %s to %s" % (event["from"], event["to"]))
price = int(row["base"]) + int(row["per_kilogram"]) * event["kilograms"]
json.dump({"carrier": "albatross", "answered": True, "price": price, "days": int(row["days"])}, sys.stdout)
