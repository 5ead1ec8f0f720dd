"""Charges a card at a gateway that is busy at every first attempt."""
import hashlib
import json
import sys
import time


def fail(name, message):
    print(json.dumps({"errorType": name, "errorMessage": message}), file=sys.stderr)
    sys.exit(1)


def passes_luhn(card):
    digits = [int(digit) for digit in reversed(card)]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[0::2]) + sum(doubled)) % 10 == 0


event = json.load(sys.stdin)
if not passes_luhn(event["card"]):
    fail("CardRefused", "the card ending in %s was refused" % event["card"][-4:])
time.sleep(0.1)
if event["attempt"] == 0:
    fail("GatewayBusy", "try again in a second")
text = "%s/%d" % (event["orderId"], event["amount"])
json.dump({
    "authorization": hashlib.sha256(text.encode()).hexdigest()[:12],
    "attempts": event["attempt"] + 1,
}, sys.stdout)
