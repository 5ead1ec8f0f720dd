"""Runs every example machine in asl/ and compares what it puts out with what it must put out.

    run_examples.py GALLIARD [NAME...]

A case is a pair in asl/NAME/: input.json with expected.json, input-X.json with expected-X.json; an expected file
without an input runs without --input. The expected file holds "status" and, where they matter, "output", "error" and
"cause"; "virtualTime": true adds --virtual-time. Every case has a temporary directory of its own (TMPDIR) and must
leave it empty; none may leave or change a file in asl/.
"""
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "asl"
CASE_SECONDS_MAX = 30
CASES_AT_ONCE = 2
SANITIZER = re.compile(r"(Address|Leak|Memory|Thread)Sanitizer|runtime error:")

Case = collections.namedtuple("Case", "label definition input expected")


def find_cases(folder):
    """The cases of one example; an input that nothing is expected of would never be run, so it is an error."""
    definition = folder / (folder.name + ".asl.json")
    cases = []
    for expected in sorted(folder.glob("expected*.json")):
        variant = expected.stem[len("expected"):]
        given = folder / ("input%s.json" % variant)
        cases.append(Case(folder.name + variant, definition, given if given.exists() else None, expected))
    used = {case.input for case in cases}
    strays = [path.name for path in folder.glob("input*.json") if path not in used]
    if strays or not cases or not definition.exists():
        sys.exit("%s: needs a definition, and an expected file for every input %s" % (folder, strays))
    return cases


def run_case(galliard, case):
    """Returns the faults of a case, as lines; none when all is well."""
    expected = json.loads(case.expected.read_text())
    command = [galliard, "run", str(case.definition), "--json"]
    if case.input:
        command += ["--input", "@%s" % case.input]
    if expected.pop("virtualTime", False):
        command.append("--virtual-time")
    with tempfile.TemporaryDirectory(prefix="galliard-example-") as scratch:
        returncode, out, err = run_bounded(command, {**os.environ, "TMPDIR": scratch})
        left = sorted(os.listdir(scratch))
    faults = compare(expected, returncode, out) if returncode is not None else ["took over %d s" % CASE_SECONDS_MAX]
    if left:
        faults.append("left in TMPDIR: %s" % ", ".join(left))
    if SANITIZER.search(err):
        faults.append("a sanitizer complains")
    if faults:
        faults += ["command: " + " ".join(command)] + err.splitlines()[-40:]
    return faults


def run_bounded(command, environment):
    """Like subprocess.run, but a late process is asked to end before it is killed: it has children to end."""
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    try:
        out, err = process.communicate(timeout=CASE_SECONDS_MAX)
        return process.returncode, out, err
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGTERM)
    try:
        out, err = process.communicate(timeout=3)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
    return None, out, err


def compare(expected, returncode, out):
    faults = []
    wanted = 0 if expected["status"] == "SUCCEEDED" else 1
    if returncode != wanted:
        faults.append("exit status: expected %d, was %d" % (wanted, returncode))
    try:
        actual = json.loads(out)
    except ValueError as error:
        return faults + ["standard output is not JSON (%s): %.400s" % (error, out)]
    if not isinstance(actual, dict):
        return faults + ["standard output is not an object: %.400s" % out]
    for member, value in expected.items():
        # As text: in Python 1 == 1.0 == True, in JSON these are three values.
        if as_text(actual.get(member)) != as_text(value):
            faults.append("%s: expected %s" % (member, as_text(value)))
            faults.append("%s       was %s" % (" " * len(member), as_text(actual.get(member))))
    if wanted == 1 and actual.get("output") is not None:
        faults.append("output: only a succeeded execution has one, not %s" % as_text(actual["output"]))
    return faults


def as_text(value):
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def list_tree():
    """What may not change: every file in asl/ with its size and time."""
    return {str(path.relative_to(ROOT)): (path.stat().st_size, path.stat().st_mtime_ns)
            for path in EXAMPLES.rglob("*") if path.is_file()}


def run_timed(galliard, case):
    start = time.monotonic()
    faults = run_case(galliard, case)
    return faults, time.monotonic() - start


def main(galliard, names):
    folders = [path for path in sorted(EXAMPLES.iterdir()) if path.is_dir() and (not names or path.name in names)]
    cases = [case for folder in folders for case in find_cases(folder)]
    if not cases:
        sys.exit("no examples in %s" % EXAMPLES)
    passed = failed = 0
    before = list_tree()
    with concurrent.futures.ThreadPoolExecutor(CASES_AT_ONCE) as pool:
        results = pool.map(lambda case: run_timed(galliard, case), cases)
        for case, (faults, seconds) in zip(cases, results):
            print("%-4s %-36s %6.2f s" % ("FAIL" if faults else "ok", case.label, seconds), flush=True)
            for fault in faults:
                print("     " + fault)
            passed += not faults
            failed += bool(faults)
    after = list_tree()
    changed = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
    if changed:
        print("FAIL files made, changed or removed in the tree: %s" % ", ".join(changed))
        failed += 1
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(os.path.abspath(sys.argv[1]), sys.argv[2:]))
