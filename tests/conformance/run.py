#!/usr/bin/env python3
"""Replays recorded behaviour of AWS Step Functions against the galliard command.

    run.py GALLIARD SHARED [-v] [FILTER ...]

SHARED is the folder that holds conformance/run_asl.py and its vectors; where it is not, everything is skipped and
said so. `vectors.txt` beside this file says which vectors must pass; a FILTER (a part of an id) narrows that down.
"""

import argparse
import fnmatch
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading

import shim

HERE = os.path.dirname(os.path.abspath(__file__))
# A vector with any other tag needs more than the command line: a server, other services, another query language.
SUPPORTED_TAGS = {"lambda", "express"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def read_patterns():
    """Returns (globs to run, [(glob to leave out, why)])."""
    wanted, unwanted = [], []
    with open(os.path.join(HERE, "vectors.txt"), encoding="utf-8") as file:
        for line in file:
            glob, _, reason = (part.strip() for part in line.partition("#"))
            if glob.startswith("not "):
                unwanted.append((glob[4:].strip(), reason))
            elif glob:
                wanted.append(glob)
    return wanted, unwanted


def reason_to_skip(name, tags, wanted, unwanted):
    if name in wanted:
        return None  # named as a whole: whatever its tags say
    for glob, reason in unwanted:
        if fnmatch.fnmatchcase(name, glob):
            return reason
    missing = sorted(tags - SUPPORTED_TAGS)
    return "needs " + ", ".join(missing) if missing else None


def choose(runner, filters):
    """Returns ({id to run: its tags}, {id: why it is skipped}, [pattern that matches no vector])."""
    wanted, unwanted = read_patterns()
    listing = subprocess.run([sys.executable, runner, "--list"], check=True, capture_output=True, text=True).stdout
    vectors = re.findall(r"^(\S+)  \[(.*?)\]", listing, re.M)
    unused = set(wanted) | {glob for glob, _ in unwanted}
    chosen, skipped = {}, {}
    for name, tags in vectors:
        tags = set(tags.split())
        unused -= {glob for glob in unused if fnmatch.fnmatchcase(name, glob)}
        if not any(fnmatch.fnmatchcase(name, glob) for glob in wanted):
            continue
        if filters and not any(part in name for part in filters):
            continue
        reason = reason_to_skip(name, tags, wanted, unwanted)
        if reason:
            skipped[name] = reason
        else:
            chosen[name] = tags
    return chosen, skipped, sorted(unused)


def exactly(name):
    """A filter of the runner that matches this id alone: it takes any part of an id, but a glob as a whole."""
    return f"[{name[0]}]" + re.sub(r"([*?[])", r"[\1]", name[1:])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("galliard")
    parser.add_argument("shared")
    parser.add_argument("filters", nargs="*", metavar="FILTER")
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
    return replay(runner, chosen, len(skipped), len(unused), options)


def replay(runner, chosen, skipped, broken_patterns, options):
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        server = shim.make_server(os.path.abspath(options.galliard), f"http://127.0.0.1:{port}", folder)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        command = [sys.executable, runner, "--endpoint", f"http://127.0.0.1:{server.server_port}",
                   "--lambda-port", str(port), "--account", shim.ACCOUNT, "--region", shim.REGION]
        command += ["-v"] if options.verbose else []
        command += [f"--allow={tag}" for tag in sorted(set().union(*chosen.values()))]
        done = subprocess.run(command + [exactly(name) for name in chosen], stdout=subprocess.PIPE, text=True)
        server.shutdown()
    *lines, last = done.stdout.rstrip("\n").split("\n")
    print("\n".join(lines))
    summary = re.fullmatch(r"(\d+) passed, (\d+) failed, (\d+) skipped", last)
    if not summary or sum(map(int, summary.groups())) != len(chosen):
        print(last)
        print(f"the runner should have replayed {len(chosen)} vectors")
        return 1
    passed, failed, unsupported = map(int, summary.groups())
    print(f"{passed} passed, {failed + broken_patterns} failed, {skipped + unsupported} skipped")
    return 1 if failed or broken_patterns else 0


if __name__ == "__main__":
    sys.exit(main())
