"""Runs the `galliard` executable as a user would and looks at all that a user could see.

    run_cli.py GALLIARD [PART OF A CASE'S NAME...]

A file in tests/cases/cli/ is a case, or several that share something:

    about         what it shows
    files         NAME -> content; a text stands for itself, "@NAME" for a file of cases/cli/shared/, {"$text": [...]} is
                  put together from texts and {"repeat": TEXT, "times": N}, any other value is written as JSON;
                  "\\udcff" becomes the byte FF, which is no UTF-8
    args, stdin   of the call; stdin is made as a file is, and is empty by default
    environment   added to ours (null removes)
    descriptors   the most that the process may have open; {"soft": N} is a limit that it may raise itself
    ignored       signals that are ignored when it starts: ["HUP"], as nohup does
    terminal      "stderr" or "stdout": that stream is a terminal, and the process's controlling one
    sink          what is at the other end of standard output: "full" (/dev/full), "closed", "head" (reads 1 byte)
    deliver       [{"when": WHEN, "signal": "SIGINT"}, or "keys": "\u0003", or "create": NAME]; WHEN is {"file": NAME}
                  (it is there) or {"stderr": REGEX}; one after the other; "times": 2 sends a signal twice at once
    exit          status; -6 would be SIGABRT; a list: any of these
    stdout        "" nothing, {"json": VALUE}, {"members": {...}} of an object, {"lines": [VALUE...]}, {"match": REGEX};
                  in a VALUE {"$match": REGEX} stands for any text that it matches; exit 2 without "stdout" means ""
    stderr        "" nothing, or a list of regular expressions that are all found
    notStderr     regular expressions that are not found
    events        types of the events that --json and --history print
    left          NAME -> text that the process or its children leave in their directory
    seconds       {"min", "max"} of wall time; "max" is SECONDS_MAX unless given
    server        what the server at "%SERVER%" answers, one after the other, the last one again and again: {"json": VALUE}
                  with "status" (200) and "headers", {"text": TEXT} that is no JSON, {"drop": true} closes the connection,
                  {"raw": TEXT} is no HTTP
    requests      all that this server was asked: [{"action": NAME, "body": VALUE}, ...], with "headers": NAME -> REGEX that
                  the header's value matches (null: it is not there)
    variants      a list of objects that each replace members of the case: that many cases

"%ENDPOINT%" in a file or argument is a Lambda endpoint that does as the function's name says (tests/fakes/endpoint.py),
"%REFUSING%" a port of loopback where nobody listens. Whatever a case is about, it ends in bounded time, leaves no process
behind and makes no sanitizer speak.
"""
import concurrent.futures
import http.server
import json
import os
import pathlib
import pty
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASES = ROOT / "tests" / "cases" / "cli"
ENDPOINT = ROOT / "tests" / "fakes" / "endpoint.py"
# Nothing that a case starts comes near it; with sanitizers and four at once on two cores a call takes half a second.
SECONDS_MAX = 20
CASES_AT_ONCE = 4
MARK = "GALLIARD_CLI_CASE"
SANITIZER = re.compile(r"(Address|Leak|Memory|Thread|UndefinedBehavior)Sanitizer|runtime error:")
KEYS = {"about", "files", "args", "stdin", "environment", "descriptors", "ignored", "terminal", "sink", "deliver", "exit",
        "stdout", "stderr", "notStderr", "events", "left", "seconds", "server", "requests"}


class Fault(Exception):
    """What a case found; several lines are one fault."""


# Making a case.

def load_cases(names):
    cases = []
    for path in sorted(CASES.glob("*.json")):
        case = json.loads(path.read_text())
        variants = case.pop("variants", None)
        for i, variant in enumerate(variants or [{}]):
            label = path.stem if variants is None else "%s[%d]" % (path.stem, i)
            whole = {**case, **variant}
            unknown = set(whole) - KEYS
            if unknown or "args" not in whole or "exit" not in whole:
                sys.exit("%s: unknown members %s, or no args, or no exit" % (path, sorted(unknown)))
            if not names or any(name in label for name in names):
                cases.append((label, whole))
    return cases


def substitute(text, places):
    for name, value in places.items():
        text = text.replace("%" + name + "%", value)
    return text


def make_bytes(content, places):
    if isinstance(content, str) and content.startswith("@"):
        content = (CASES / "shared" / content[1:]).read_text()
    if isinstance(content, dict) and list(content) == ["$text"]:
        pieces = [piece if isinstance(piece, str) else piece["repeat"] * piece["times"] for piece in content["$text"]]
        return "".join(pieces).encode("utf-8", "surrogateescape")
    if not isinstance(content, str):
        content = json.dumps(content, indent=2, ensure_ascii=False)
    return substitute(content, places).encode("utf-8", "surrogateescape")


def make_command(galliard, case, places, tty):
    """Through a shell where the process needs something done to itself first."""
    command = [galliard] + [substitute(word, places) for word in case["args"]]
    script = ""
    if "descriptors" in case:
        descriptors = case["descriptors"]
        script += "ulimit -S -n %d; " % descriptors["soft"] if isinstance(descriptors, dict) else "ulimit -n %d; " % descriptors
    if "ignored" in case:
        script += "trap '' %s; " % " ".join(case["ignored"])
    if tty:
        # The leader of a session that opens a terminal gets it as its controlling one.
        script += "exec %s<>%s; " % ("2" if case["terminal"] == "stderr" else "1", tty)
    if case.get("sink") == "closed":
        script += "exec 1>&-; "
    return ["sh", "-c", script + 'exec "$@"', "sh"] + command if script else command


def make_environment(case, mark, places):
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "GALLIARD_"))}
    environment = {**ours, MARK: mark, "LC_ALL": "C.UTF-8", "TERM": "xterm", "TZ": "UTC"}
    environment.pop("NO_COLOR", None)
    for name, value in case.get("environment", {}).items():
        environment.pop(name, None)
        if value is not None:
            environment[name] = substitute(value, places)
    return environment


# The server that it may talk to.

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fake = self.server.fake
        fake.requests.append({"action": self.headers.get("X-Amz-Target", "").removeprefix("AWSStepFunctions."),
                              "body": parse(body.decode()), "headers": dict(self.headers.items())})
        answer = fake.answers[min(len(fake.requests), len(fake.answers)) - 1]
        self.close_connection = "drop" in answer or "raw" in answer
        if "raw" in answer:
            self.wfile.write(answer["raw"].encode())
        if self.close_connection:
            return
        text = (answer["text"] if "text" in answer else json.dumps(answer["json"])).encode()
        self.send_response(answer.get("status", 200))
        for name, value in answer.get("headers", {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


class FakeServer:
    """Answers as the case says, and remembers what it was asked."""

    def __init__(self, answers):
        self.answers, self.requests = answers, []
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.fake = self
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def url(self):
        return "http://127.0.0.1:%d" % self.http.server_port

    def close(self):
        self.http.shutdown()
        self.http.server_close()


# Running it.

class Reader(threading.Thread):
    """Collects what comes out of a descriptor, or closes it after the first byte."""

    def __init__(self, descriptor, bytes_max=None):
        super().__init__(daemon=True)
        self.descriptor, self.bytes_max, self.data = descriptor, bytes_max, b""
        self.start()

    def run(self):
        while self.bytes_max is None or len(self.data) < self.bytes_max:
            try:
                block = os.read(self.descriptor, 65536 if self.bytes_max is None else 1)
            except OSError:  # of a terminal whose last user is gone
                break
            if not block:
                break
            self.data += block
        os.close(self.descriptor)

    def text(self):
        return self.data.decode("utf-8", "replace").replace("\r\n", "\n")


class Run:
    """One call of the executable in a directory of its own."""

    def __init__(self, galliard, case, directory, places):
        self.case, self.directory = case, directory
        self.mark = str(uuid.uuid4())
        self.master = None
        for name, content in case.get("files", {}).items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(make_bytes(content, places))
        self.start(galliard, places)

    def start(self, galliard, places):
        case = self.case
        tty = None
        if "terminal" in case:
            self.master, slave = pty.openpty()
            tty = os.ttyname(slave)
        sink = open("/dev/full", "w") if case.get("sink") == "full" else subprocess.PIPE
        with tempfile.TemporaryFile() as stdin:
            stdin.write(make_bytes(case.get("stdin", ""), places))
            stdin.seek(0)
            self.begun = time.monotonic()
            self.process = subprocess.Popen(
                make_command(galliard, case, places, tty), cwd=self.directory, stdin=stdin, stdout=sink,
                stderr=subprocess.PIPE, env=make_environment(case, self.mark, places), start_new_session=True)
        self.stderr = Reader(self.take(self.process.stderr))
        self.stdout = None
        if sink == subprocess.PIPE:
            self.stdout = Reader(self.take(self.process.stdout), 1 if case.get("sink") == "head" else None)
        else:
            sink.close()
        if tty:
            terminal = Reader(os.dup(self.master))
            if case["terminal"] == "stderr":
                self.stderr = terminal
            else:
                self.stdout = terminal
            # Ours keeps the terminal alive until the shell has opened it.
            self.slave = slave

    @staticmethod
    def take(stream):
        descriptor = os.dup(stream.fileno())
        stream.close()
        return descriptor

    def is_time(self, when):
        if "file" in when:
            return (self.directory / when["file"]).exists()
        return re.search(when["stderr"], self.stderr.text(), re.M)

    def deliver(self, action):
        if "create" in action:
            (self.directory / action["create"]).touch()
        elif "keys" in action:
            os.write(self.master, action["keys"].encode())
        else:
            for _ in range(action.get("times", 1)):
                self.process.send_signal(signal.Signals[action["signal"]])

    def wait(self):
        """Until the end; what is late is killed."""
        actions = list(self.case.get("deliver", []))
        end = self.begun + self.case.get("seconds", {}).get("max", SECONDS_MAX)
        while self.process.poll() is None and time.monotonic() < end:
            if actions and self.is_time(actions[0]["when"]):
                self.deliver(actions.pop(0))
            time.sleep(0.003)
        self.seconds = time.monotonic() - self.begun
        late = self.process.poll() is None
        if late:
            self.process.kill()
            self.process.wait()
        if self.master is not None:
            os.close(self.slave)
        left = self.end_children()
        for reader in (self.stdout, self.stderr):
            if reader:
                reader.join(5)
        if self.master is not None:
            os.close(self.master)
        if late:
            yield "ran for more than %.1f s" % (end - self.begun)
        if actions:
            yield "ended before it was time for %s" % actions[0]
        if left:
            yield "processes were left: %s" % ", ".join(left)

    def end_children(self):
        """What bears our mark and is still there. One that was killed may need a moment to go."""
        for _ in range(100):
            left = find_processes("%s=%s" % (MARK, self.mark))
            if not left:
                return []
            time.sleep(0.01)
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        return list(left.values())


def find_processes(mark):
    """pid -> command line of each process with `mark` in its environment."""
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open("/proc/%s/environ" % entry, "rb") as file:
                if mark.encode() in file.read().split(b"\0"):
                    with open("/proc/%s/cmdline" % entry, "rb") as line:
                        found[int(entry)] = line.read().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
    return found


# Judging it.

def matches(expected, actual):
    if isinstance(expected, dict) and list(expected) == ["$match"]:
        return isinstance(actual, str) and re.fullmatch(expected["$match"], actual, re.S) is not None
    if isinstance(expected, dict):
        return (isinstance(actual, dict) and list(expected) == list(actual)
                and all(matches(expected[key], actual[key]) for key in expected))
    if isinstance(expected, list):
        return (isinstance(actual, list) and len(expected) == len(actual)
                and all(matches(one, other) for one, other in zip(expected, actual)))
    return show(expected) == show(actual)  # in Python 1 == 1.0 == True


def show(value):
    return json.dumps(value, ensure_ascii=False)


def demand(expected, actual, what):
    if not matches(expected, actual):
        raise Fault("%s: expected %s\n%s       was %.2000s" % (what, show(expected), " " * len(what), show(actual)))


def parse(text):
    try:
        return json.loads(text)
    except ValueError as error:
        raise Fault("standard output is not JSON (%s): %.400s" % (error, text))


def check_exit(expected, actual):
    if actual not in (expected if isinstance(expected, list) else [expected]):
        raise Fault("exit status: expected %s, was %d" % (expected, actual))


def check_stdout(expected, text):
    if expected == "":
        if text != "":
            raise Fault("standard output is not empty: %.400s" % text)
    elif "match" in expected:
        if not re.fullmatch(expected["match"], text, re.S):
            raise Fault("standard output does not match: %.2000s" % text)
    elif "lines" in expected:
        if text and not text.endswith("\n"):
            raise Fault("standard output does not end its last line")
        lines = [parse(line) for line in text.splitlines()]
        demand(len(expected["lines"]), len(lines), "lines")
        for i, line in enumerate(lines):
            demand(expected["lines"][i], line, "line %d" % (i + 1))
    elif "json" in expected:
        demand(expected["json"], parse(text), "standard output")
    else:
        actual = parse(text)
        for member, value in expected["members"].items():
            demand(value, actual.get(member), member)


def check_events(expected, text):
    events = parse(text)["events"]
    demand(expected, [event["type"] for event in events], "events")
    demand(list(range(1, len(events) + 1)), [event["id"] for event in events], "ids of events")


def check_stderr(case, text):
    expected = case.get("stderr", [])
    if expected == "" and text != "":
        raise Fault("standard error is not empty")
    for pattern in expected or []:
        if not re.search(pattern, text, re.M):
            raise Fault("standard error has no %s" % pattern)
    for pattern in case.get("notStderr", []):
        if re.search(pattern, text, re.M):
            raise Fault("standard error has %s" % pattern)


def check_left(case, directory):
    for name, expected in case.get("left", {}).items():
        path = directory / name
        demand(expected, path.read_text() if path.exists() else None, name)


def check_headers(expected, actual, what):
    for name, pattern in expected.items():
        value = {key.lower(): value for key, value in actual.items()}.get(name.lower())
        if pattern is None and value is not None:
            raise Fault("%s: header %s is there: %s" % (what, name, value))
        if pattern is not None and (value is None or not re.fullmatch(pattern, value)):
            raise Fault("%s: header %s: expected %s, was %s" % (what, name, pattern, value))


def expand(value):
    """"@NAME" of a file of cases/cli/shared/ stands for its text."""
    if isinstance(value, dict):
        return {key: expand(item) for key, item in value.items()}
    if isinstance(value, list):
        return [expand(item) for item in value]
    if isinstance(value, str) and value.startswith("@") and (CASES / "shared" / value[1:]).is_file():
        return (CASES / "shared" / value[1:]).read_text()
    return value


def check_requests(expected, actual):
    demand([request["action"] for request in expected], [request["action"] for request in actual], "actions asked")
    for i, (one, other) in enumerate(zip(expected, actual)):
        what = "request %d" % (i + 1)
        body = expand(one.get("body"))
        if "body" in one and sorted_json(body) != sorted_json(other["body"]):
            raise Fault("%s: expected %s\n      was %s" % (what, show(body), show(other["body"])))
        check_headers(one.get("headers", {}), other["headers"], what)


def sorted_json(value):
    return json.dumps(value, sort_keys=True)


def find_faults(case, run, server):
    stdout = run.stdout.text() if run.stdout else ""
    stderr = run.stderr.text()
    expected = case.get("stdout", "" if case["exit"] == 2 else None)
    checks = [lambda: check_exit(case["exit"], run.process.returncode),
              lambda: check_stdout(expected, stdout) if expected is not None else None,
              lambda: check_events(case["events"], stdout) if "events" in case else None,
              lambda: check_stderr(case, stderr),
              lambda: check_left(case, run.directory),
              lambda: check_requests(case["requests"], server.requests) if "requests" in case else None]
    for check in checks:
        try:
            check()
        except Fault as fault:
            yield str(fault)
    if SANITIZER.search(stderr):
        yield "a sanitizer complains"
    if run.seconds < case.get("seconds", {}).get("min", 0):
        yield "took only %.2f s" % run.seconds


def run_case(galliard, case, places):
    server = FakeServer(case["server"]) if "server" in case else None
    try:
        if server:
            places = {**places, "SERVER": server.url()}
        with tempfile.TemporaryDirectory(prefix="galliard-cli-") as directory:
            run = Run(galliard, case, pathlib.Path(directory), places)
            faults = list(run.wait())
            faults += find_faults(case, run, server)
    finally:
        if server:
            server.close()
    if faults:
        faults.append("command: galliard " + " ".join(word[:200] for word in case["args"]))
        faults += ["    " + line[:400] for line in run.stderr.text().splitlines()[-40:]]
    return faults, run.seconds


def run_guarded(galliard, case, places):
    """A case that cannot be run is a failure with a label, not the end of the others."""
    try:
        return run_case(galliard, case, places)
    except Exception as error:
        return ["cannot be run: %r" % error], 0


def start_endpoint():
    process = subprocess.Popen([sys.executable, str(ENDPOINT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return process, process.stdout.readline().strip()


def main(galliard, names):
    cases = load_cases(names)
    if not cases:
        sys.exit("no such case in %s" % CASES)
    passed = failed = 0
    endpoint, port = start_endpoint()
    # Bound and not listening: nobody else gets the port, and a connection to it is refused.
    refusing = socket.socket()
    refusing.bind(("127.0.0.1", 0))
    places = {"ENDPOINT": "http://127.0.0.1:" + port, "REFUSING": "http://127.0.0.1:%d" % refusing.getsockname()[1]}
    try:
        with concurrent.futures.ThreadPoolExecutor(CASES_AT_ONCE) as pool:
            results = pool.map(lambda case: run_guarded(galliard, case[1], places), cases)
            for (label, _), (faults, seconds) in zip(cases, results):
                print("%-4s %-44s %6.2f s" % ("FAIL" if faults else "ok", label, seconds), flush=True)
                for fault in faults:
                    print("     " + fault.replace("\n", "\n     "))
                passed += not faults
                failed += bool(faults)
    finally:
        endpoint.stdin.close()
        endpoint.wait()
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(os.path.abspath(sys.argv[1]), sys.argv[2:]))
