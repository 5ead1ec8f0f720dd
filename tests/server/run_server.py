#!/usr/bin/env python3
"""Runs `galliard serve` and the verbs on stores, as a user would.

    run_server.py GALLIARD [--store sqlite|postgres] [--jobs N] [PART OF A CASE'S NAME...]

Each case has a directory and a store of its own; on Postgres that is a database of its own in the cluster that
GAL_TEST_POSTGRES names (tests/tools/pg_cluster.py makes one). N of them run at a time, since most of their time is
waiting; in the end those that must be alone.
"""
import argparse
import concurrent.futures
import os
import subprocess
import sys
import time
import traceback

import activities
import calls
import cases
import corruption
import endpoint
import forwarding
import network
import outages
import poison
import protocol
import retention
from place import Fault, make_place

MODULES = [activities, calls, corruption, forwarding, network, outages, poison, protocol, retention] # they register their cases


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
    for case in cases.CASES:
        for store in stores:
            label = "%s/%s" % (store, case.function.__name__)
            if case.only in (None, store) and (not names or any(name in label for name in names)):
                yield label, case, stores[store]


def run_timed(galliard, label, case, make_url):
    begun = time.monotonic()
    fault = run_case(galliard, case.function, make_url)
    return label, fault, time.monotonic() - begun


def results_of(galliard, chosen, jobs):
    """As they come."""
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(run_timed, galliard, *one) for one in chosen if not one[1].alone]
        for future in concurrent.futures.as_completed(futures):
            yield future.result()
    for one in chosen:
        if one[1].alone:
            yield run_timed(galliard, *one)


def run_all(galliard, stores, options):
    passed = failed = 0
    for label, fault, seconds in results_of(galliard, list(choose(stores, options.names)), options.jobs):
        print("%-4s %-48s %6.2f s" % ("FAIL" if fault else "ok", label, seconds), flush=True)
        if fault:
            print("     " + fault.replace("\n", "\n     "), flush=True)
        passed += not fault
        failed += bool(fault)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("galliard", type=os.path.abspath)
    parser.add_argument("--store", choices=("sqlite", "postgres"))
    parser.add_argument("--jobs", type=int, default=3)
    parser.add_argument("names", nargs="*")
    options = parser.parse_intermixed_args()
    stores = {"sqlite": lambda directory: "sqlite:galliard.db"}
    if "GAL_TEST_POSTGRES" in os.environ:
        stores["postgres"] = make_database
    chosen = {name: stores[name] for name in stores if options.store in (None, name)}
    return run_all(options.galliard, chosen, options)


if __name__ == "__main__":
    sys.exit(main())
