#!/usr/bin/env python3
"""Replays recorded behaviour of AWS Step Functions against `galliard serve`.

    run.py GALLIARD SHARED [--store sqlite|postgres] [-v] [FILTER ...]

SHARED is the folder that holds conformance/run_asl.py and its vectors; where it is not, everything is skipped and
said so. `vectors.txt` beside this file says which vectors are left out; a FILTER (a part of an id) narrows the rest
down. On Postgres in the database that GAL_TEST_POSTGRES names (tests/tools/pg_cluster.py makes one).
"""

import argparse
import fnmatch
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ACCOUNT, REGION = "123456789012", "us-east-1"
# What a vector with this tag needs, and is not there yet.
MISSING = {
    "jsonata": "JSONata", "test_state": "tests of single states", "express": "Express executions",
    "dynamodb": "calls of DynamoDB", "s3": "calls of S3", "sqs": "calls of SQS", "states": "nested executions",
    "aws-sdk": "calls of AWS services",
}
JOBS = 8
READY_SECONDS_MAX, STOP_SECONDS_MAX = 60, 10
SANITIZER = re.compile(r"ERROR: AddressSanitizer|LeakSanitizer|runtime error:")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def read_patterns():
    """Returns ([(glob to leave out, why)], [glob to take in again])."""
    unwanted, wanted = [], []
    with open(os.path.join(HERE, "vectors.txt"), encoding="utf-8") as file:
        for line in file:
            glob, _, reason = (part.strip() for part in line.partition("#"))
            kind, _, glob = glob.partition(" ")
            if kind == "not":
                unwanted.append((glob.strip(), reason))
            elif kind == "but":
                wanted.append(glob.strip())
    return unwanted, wanted


def reason_to_skip(name, tags, unwanted, wanted):
    if any(fnmatch.fnmatchcase(name, glob) for glob in wanted):
        return None
    for glob, reason in unwanted:
        if fnmatch.fnmatchcase(name, glob):
            return reason
    missing = sorted(MISSING[tag] for tag in tags & MISSING.keys())
    return "needs " + ", ".join(missing) if missing else None


def choose(runner, filters):
    """Returns ([id to run], {id: why it is skipped}, [pattern that matches no vector])."""
    unwanted, wanted = read_patterns()
    listing = subprocess.run([sys.executable, runner, "--list"], check=True, capture_output=True, text=True).stdout
    unused = set(wanted) | {glob for glob, _ in unwanted}
    chosen, skipped = [], {}
    for name, tags in re.findall(r"^(\S+)  \[(.*?)\]", listing, re.M):
        unused -= {glob for glob in unused if fnmatch.fnmatchcase(name, glob)}
        if filters and not any(part in name for part in filters):
            continue
        reason = reason_to_skip(name, set(tags.split()), unwanted, wanted)
        if reason:
            skipped[name] = reason
        else:
            chosen.append(name)
    return chosen, skipped, sorted(unused)


def exactly(name):
    """A filter of the runner that matches this id alone: it takes any part of an id, but a glob as a whole."""
    return f"[{name[0]}]" + re.sub(r"([*?[])", r"[\1]", name[1:])


class Serve:
    def __init__(self, galliard, store, folder, lambda_port):
        self.port = free_port()
        self.log_path = os.path.join(folder, "serve.log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [os.path.abspath(galliard), "serve", "--store", store, "--listen", f"127.0.0.1:{self.port}",
                 "--lambda-endpoint", f"http://127.0.0.1:{lambda_port}"],
                cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def wait_ready(self):
        end = time.monotonic() + READY_SECONDS_MAX
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ready"):
                    return True
            except (OSError, urllib.error.URLError):
                time.sleep(0.05)
        return False

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def stop(self):
        """What is wrong with its end; None: nothing."""
        self.process.terminate()
        try:
            status = self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return f"serve does not stop within {STOP_SECONDS_MAX} s"
        if status != 0 or SANITIZER.search(self.log()):
            return f"serve ended with {status}:\n{self.log()[-6000:]}"
        return None


def replay(runner, chosen, store, options):
    """Returns (passed, failed, skipped by the runner)."""
    lambda_port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        serve = Serve(options.galliard, store, folder, lambda_port)
        if not serve.wait_ready():
            print(f"serve is not ready:\n{serve.log()}")
            serve.stop()
            return 0, len(chosen), 0
        command = [sys.executable, runner, "--endpoint", f"http://127.0.0.1:{serve.port}", "--lambda-port",
                   str(lambda_port), "--account", ACCOUNT, "--region", REGION, "--jobs", str(JOBS)]
        command += ["-v"] if options.verbose else []
        done = subprocess.run(command + [exactly(name) for name in chosen], stdout=subprocess.PIPE, text=True)
        fault = serve.stop()
    *lines, last = done.stdout.rstrip("\n").split("\n")
    print("\n".join(lines))
    summary = re.fullmatch(r"(\d+) passed, (\d+) failed, (\d+) skipped", last)
    counts = [int(count) for count in summary.groups()] if summary else [0, 0, 0]
    if sum(counts) != len(chosen):
        print(f"{last}\nthe runner should have replayed {len(chosen)} vectors")
        counts[1] += 1
    if fault:
        print(fault)
        counts[1] += 1
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("galliard")
    parser.add_argument("shared")
    parser.add_argument("filters", nargs="*", metavar="FILTER")
    parser.add_argument("--store", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("-v", "--verbose", action="store_true", help="show the differences, and what is skipped")
    options = parser.parse_intermixed_args()
    runner = os.path.join(options.shared, "conformance", "run_asl.py")
    if not os.path.exists(runner):
        print(f"no recordings in {os.path.dirname(runner)}: nothing to compare with")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    chosen, skipped, unused = choose(runner, options.filters)
    if options.verbose:
        for name, reason in skipped.items():
            print(f"SKIP {name} ({reason})")
    for glob in unused:
        print(f"vectors.txt: {glob} matches no vector")
    if not chosen:
        print("no vectors match")
        return 2
    store = "sqlite:galliard.db" if options.store == "sqlite" else os.environ["GAL_TEST_POSTGRES"]
    passed, failed, unsupported = replay(runner, chosen, store, options)
    failed += len(unused)
    print(f"{passed} passed, {failed} failed, {len(skipped) + unsupported} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
