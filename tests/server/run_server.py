#!/usr/bin/env python3
"""Runs `galliard serve` and the verbs on stores, as a user would.

    run_server.py GALLIARD [--store sqlite|postgres] [PART OF A CASE'S NAME...]

Each case has a directory and a store of its own; on Postgres that is a database of its own in the cluster that
GAL_TEST_POSTGRES names (tests/tools/pg_cluster.py makes one).
"""
import os
import subprocess
import sys
import time
import traceback

import activities
import cases
import corruption
import network
import outages
import poison
import protocol
import retention
from place import Fault, make_place

assert activities and corruption and network and outages and poison and protocol and retention # they register their cases


def run_case(galliard, function, make_url):
    try:
        with make_place(galliard, make_url) as place:
            try:
                function(place)
            except Fault as fault:
                logs = ["", *("    " + line for serve in place.serves for line in serve.log[-20:])]
                return str(fault) + "\n".join(logs)
    except Fault as fault: # at the end of the place
        return str(fault)
    except Exception:
        return traceback.format_exc()
    return None


def make_database(directory):
    """The cluster's URL, with another database in it."""
    url = os.environ["GAL_TEST_POSTGRES"]
    name = os.path.basename(directory).replace("-", "_")
    subprocess.run(["psql", "-qX", "-d", url, "-c", "CREATE DATABASE \"%s\"" % name], check=True)
    return url.replace("/postgres?", "/%s?" % name)


def choose(stores, names):
    for function, only in cases.CASES:
        for store in stores:
            label = "%s/%s" % (store, function.__name__)
            if only in (None, store) and (not names or any(name in label for name in names)):
                yield label, function, stores[store]


def run_all(galliard, stores, names):
    passed = failed = 0
    for label, function, make_url in choose(stores, names):
        begun = time.monotonic()
        fault = run_case(galliard, function, make_url)
        print("%-4s %-48s %6.2f s" % ("FAIL" if fault else "ok", label, time.monotonic() - begun), flush=True)
        if fault:
            print("     " + fault.replace("\n", "\n     "), flush=True)
        passed += not fault
        failed += bool(fault)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


def main(galliard, words):
    store = None
    if words[:1] == ["--store"]:
        store, words = words[1], words[2:]
    stores = {"sqlite": lambda directory: "sqlite:galliard.db"}
    if "GAL_TEST_POSTGRES" in os.environ:
        stores["postgres"] = make_database
    return run_all(galliard, {name: stores[name] for name in stores if store in (None, name)}, words)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(os.path.abspath(sys.argv[1]), sys.argv[2:]))
