"""A place where `galliard` works on a store of its own: verbs as people call them, a `serve` that can be killed, and
HTTP on its socket without a client library in between.

Whatever a place starts, it ends; a sanitizer that complains anywhere is a fault.
"""
import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time

SANITIZER = re.compile(r"(Address|Leak|Memory|Thread|UndefinedBehavior)Sanitizer|runtime error:")
VERB_SECONDS_MAX = 60
READY_SECONDS_MAX = 30


class Fault(Exception):
    """What a case found."""


def demand(condition, message):
    if not condition:
        raise Fault(message)


def demand_equal(expected, actual, what):
    demand(expected == actual, "%s: expected %r, was %r" % (what, expected, actual))


class Verb:
    """What a verb did: exit status, standard output (parsed when it is JSON), standard error."""

    def __init__(self, words, exit_status, out, err):
        self.words, self.exit, self.out, self.err = words, exit_status, out, err

    @property
    def json(self):
        try:
            return json.loads(self.out)
        except ValueError:
            raise Fault("%s: standard output is not JSON: %.400r; standard error: %.400s"
                        % (" ".join(self.words), self.out, self.err)) from None

    @property
    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]


class Serve:
    """A running `galliard serve`."""

    def __init__(self, place, words, **options):
        self.log = []
        self.place = place
        if "--listen" not in words:
            words = ("--listen", "127.0.0.1:0", *words)
        self.process = subprocess.Popen([place.galliard, "serve", "--verbose", *words], cwd=place.directory,
                                        env=place.environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                        text=True, **options)
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stderr:
            self.log.append(line.rstrip("\n"))
            if re.search(r"( info |\"info\".*\")(serving|standing by for) ", line):
                self._ready.set()
        self._ready.set()

    def wait_ready(self):
        demand(self._ready.wait(READY_SECONDS_MAX), "serve is not ready")
        demand(self.process.poll() is None, "serve has ended: %s" % "\n".join(self.log))
        return self

    def said(self, pattern):
        return any(re.search(pattern, line) for line in list(self.log))

    def socket_path(self):
        for line in self.log:
            match = re.search(r" process %d, unix:(\S+)$" % self.process.pid, line)
            if match:
                return match.group(1)
        raise Fault("serve has not said where it listens")

    def addresses(self):
        """(host, port) of each TCP address."""
        found = [re.search(r"listening on http://(\[[0-9a-f:]+\]|[0-9.]+):(\d+)\b", line) for line in self.log]
        return [(match.group(1).strip("[]"), int(match.group(2))) for match in found if match]

    def kill(self):
        self.process.kill()
        self._join()

    def stop(self, number=signal.SIGTERM, seconds_max=8):
        """The exit status, and how long it took."""
        begun = time.monotonic()
        self.process.send_signal(number)
        try:
            self.process.wait(seconds_max)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Fault("serve has not stopped in %d s" % seconds_max) from None
        self._join()
        return self.process.returncode, time.monotonic() - begun

    def _join(self):
        self.process.wait()
        self._reader.join(5)
        self.process.stderr.close()

    def end(self):
        if self.process.poll() is None:
            self.kill()


class Place:
    def __init__(self, galliard, directory, url):
        self.galliard, self.directory, self.url = galliard, pathlib.Path(directory), url
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "GALLIARD_"))}
        self.environment = {**ours, "GALLIARD_STORE": url, "TMPDIR": str(directory)}
        self.environment.pop("XDG_RUNTIME_DIR", None)
        self.serves = []

    def is_sqlite(self):
        return self.url.startswith("sqlite:")

    def write(self, name, value):
        path = self.directory / name
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        return str(path)

    def verb(self, *words, expect=0, environment=None):
        process = subprocess.run([self.galliard, *words], cwd=self.directory, stdin=subprocess.DEVNULL,
                                 env={**self.environment, **(environment or {})}, capture_output=True, text=True,
                                 timeout=VERB_SECONDS_MAX)
        verb = Verb(words, process.returncode, process.stdout, process.stderr)
        demand(not SANITIZER.search(verb.err), "a sanitizer complains: %s" % verb.err)
        demand(expect is None or verb.exit == expect, "%s: expected exit %s, was %s: %s%s"
               % (" ".join(words), expect, verb.exit, verb.out[:400], verb.err[:2000]))
        return verb

    def create(self, name, definition, **options):
        return self.verb("create", name, self.write(name + ".asl.json", definition), **options)

    def serve(self, *words, **options):
        """Started and ready."""
        serve = self.serve_unready(*words, **options)
        return serve.wait_ready()

    def serve_unready(self, *words, **options):
        serve = Serve(self, words, **options)
        self.serves.append(serve)
        return serve

    def check(self):
        """The store keeps its promises."""
        report = self.verb("store", "check", expect=None)
        demand(report.exit == 0, "store check: %s %s" % (report.out[:2000], report.err[:400]))
        return report.json

    def end(self):
        for serve in self.serves:
            serve.end()
        for serve in self.serves:
            text = "\n".join(serve.log)
            demand(not SANITIZER.search(text), "a sanitizer complains in serve: %s" % text[-4000:])


@contextlib.contextmanager
def make_place(galliard, make_url):
    """In a short path: a socket's has 107 characters at most."""
    with tempfile.TemporaryDirectory(prefix="gal-", dir="/tmp") as directory:
        place = Place(galliard, directory, make_url(directory))
        try:
            yield place
        finally:
            place.end()


def wait_until(what, condition, seconds_max=30, pause=0.05):
    end = time.monotonic() + seconds_max
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(pause)
    raise Fault("has not happened in %d s: %s" % (seconds_max, what))


class Connection:
    """HTTP/1.1 on a Unix socket, or at (host, port), as bytes."""

    def __init__(self, place):
        family = socket.AF_UNIX if isinstance(place, str) else socket.AF_INET6 if ":" in place[0] else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(30)
        self.socket.connect(place)
        self.rest = b""

    def send(self, data):
        self.socket.sendall(data)

    def read_response(self, has_body=True):
        while b"\r\n\r\n" not in self.rest:
            self._more()
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        lines = head.decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines[1:])}
        length = int(headers.get("content-length", 0)) if has_body else 0
        while len(self.rest) < length:
            self._more()
        body, self.rest = self.rest[:length], self.rest[length:]
        status = int(lines[0].split()[1])
        return status, headers, body.decode()

    def _more(self):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError("the connection was closed")
        self.rest += data

    def request(self, method, path, headers, body=b""):
        head = "%s %s HTTP/1.1\r\nHost: galliard\r\n" % (method, path)
        head += "".join("%s: %s\r\n" % item for item in headers.items())
        if body or method == "POST":
            head += "Content-Length: %d\r\n" % len(body)
        self.send(head.encode() + b"\r\n" + body)
        return self.read_response(method != "HEAD")

    def call(self, action, request, sign=None):
        """(status, headers, the answer's object); `sign(headers, body)` adds to the headers."""
        body = request if isinstance(request, bytes) else json.dumps(request).encode()
        headers = {"X-Amz-Target": "AWSStepFunctions." + action, "Content-Type": "application/x-amz-json-1.0"}
        if sign:
            sign(headers, body)
        status, headers, text = self.request("POST", "/", headers, body)
        return status, headers, json.loads(text)

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
