#!/usr/bin/env python3
"""The table of actions and shapes: its orders, and whether it is what tools/api-shapes makes of the service model.

    test_shapes.py ROOT SHARED

SHARED is the folder with the model; without it that part is skipped.
"""

import importlib.util
import os
import subprocess
import sys

# Enumerations as the services print them: ours, and others with the same texts. The second is the declared order.
PRINTED_VALUES = (
    ("SUCCEEDED TIMED_OUT PENDING_REDRIVE ABORTED FAILED RUNNING",
     "RUNNING SUCCEEDED FAILED TIMED_OUT ABORTED PENDING_REDRIVE"),
    ("ALL_NEW UPDATED_OLD ALL_OLD NONE UPDATED_NEW", "NONE ALL_OLD UPDATED_OLD ALL_NEW UPDATED_NEW"),
    ("INDEXES TOTAL NONE", "INDEXES TOTAL NONE"),
    ("SPECIFIC_ATTRIBUTES COUNT ALL_ATTRIBUTES ALL_PROJECTED_ATTRIBUTES",
     "ALL_ATTRIBUTES ALL_PROJECTED_ATTRIBUTES SPECIFIC_ATTRIBUTES COUNT"),
    ("IN NULL BETWEEN LT NOT_CONTAINS EQ GT NOT_NULL NE LE BEGINS_WITH GE CONTAINS",
     "EQ NE IN LE LT GE GT BETWEEN NOT_NULL NULL CONTAINS NOT_CONTAINS BEGINS_WITH"),
    ("AFTER_SEQUENCE_NUMBER LATEST AT_SEQUENCE_NUMBER TRIM_HORIZON",
     "AT_SEQUENCE_NUMBER AFTER_SEQUENCE_NUMBER TRIM_HORIZON LATEST"),
)
# The members of requests of Kinesis, DynamoDB and SES in the order in which their faults came.
REPORTED_MEMBERS = (
    "sequenceNumberForOrdering partitionKey explicitHashKey data streamName",
    "shardId shardIteratorType startingSequenceNumber streamName",
    "newStartingHashKey streamName shardToSplit",
    "shardCount streamName",
    "tags streamName",
    "writeCapacityUnits readCapacityUnits",
    "value key",
)

passed = failed = skipped = 0


def check(holds, what):
    global passed, failed
    passed, failed = passed + bool(holds), failed + (not holds)
    if not holds:
        print(f"not so: {what}")


def check_orders(root):
    sys.dont_write_bytecode = True
    spec = importlib.util.spec_from_file_location("embed", os.path.join(root, "schemas", "api", "embed.py"))
    embed = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(embed)
    check(embed.hash_code("hello") == 99162322, "String.hashCode()")
    for printed, declared in PRINTED_VALUES:
        check(embed.value_order(declared.split()) == printed.split(), printed)
    for reported in REPORTED_MEMBERS:
        # Declared backwards: what shares a bucket then stands as reported; which way round it goes is not known.
        check(embed.member_order(reversed(reported.split())) == reported.split(), reported)


def check_table(root, shared):
    global skipped
    model = os.path.join(shared, "reference", "stepfunctions.service-2.json")
    if not os.path.exists(model):
        print(f"skipped: {model} is not there")
        skipped += 1
        return
    with open(os.path.join(root, "schemas", "api", "states.json"), encoding="ascii") as file:
        committed = file.read()
    fresh = subprocess.run(
        [os.path.join(root, "tools", "api-shapes"), model, "-"], check=True, capture_output=True, text=True
    ).stdout
    check(committed == fresh, "schemas/api/states.json is what tools/api-shapes makes of the model")


def main():
    check_orders(sys.argv[1])
    check_table(sys.argv[1], sys.argv[2])
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed else 0)


main()
