"""Databases that are away, and owners that are: cut off, or stopped in the middle of a commit."""
import contextlib
import os
import pathlib
import re
import selectors
import signal
import socket
import subprocess
import threading
import time

from cases import case, start_many, status_of
from machines import PASS, steps
from place import Connection, Fault, demand, demand_equal, wait_until

# What the design promises, and what a busy machine may add to it.
TAKE_OVER_SECONDS = 15
SLACK_SECONDS = 5


def log_calls(place):
    """The log has a line for each call: the attempt's identity, and the process that made it."""
    log = place.directory / "calls.log"
    log.touch()
    text = "cat >/dev/null; echo \"$GALLIARD_TASK_ID $PPID\" >>%s; sleep 0.5; echo '{}'" % log
    place.write("galliard.json", {"functions": {"half": {"command": ["/bin/sh", "-c", text], "maxConcurrency": 50}}})
    return log


def calls_of(log, serve):
    return [line for line in log.read_text().splitlines() if line.endswith(" %d" % serve.process.pid)]


def demand_done(place, names):
    wait_until("all are done", lambda: all(status_of(place, "steps/" + name) == "SUCCEEDED" for name in names), 60)
    place.check()


def histories(place, names):
    return {name: place.verb("history", "steps/" + name).json for name in names}


def demand_nothing_more(place, log, former, names, calls):
    """The former owner is back: it has seen that it is none, and neither wrote nor called anything."""
    before = histories(place, names)
    wait_until("the former one stands by", lambda: former.said("standing by"), 60)
    demand_equal(calls, calls_of(log, former), "calls of the former owner")
    demand_equal(before, histories(place, names), "histories")
    place.check()


# Connections that stop.

class Proxy:
    """Forwards TCP connections to a port until it is told to be still; nothing is closed then, and nothing gets lost:
    what was sent meanwhile arrives later."""

    def __init__(self, port):
        self.port = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.is_still = threading.Event()
        self.is_over = threading.Event()
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.is_over.is_set():
            if self.is_still.is_set():
                time.sleep(0.02)
                continue
            for key, _ in self.selector.select(0.05):
                if key.fileobj is self.listener:
                    self.add()
                else:
                    self.forward(key.fileobj, key.data)

    def add(self):
        client, _ = self.listener.accept()
        server = socket.create_connection(("127.0.0.1", self.port))
        self.selector.register(client, selectors.EVENT_READ, server)
        self.selector.register(server, selectors.EVENT_READ, client)

    def forward(self, source, target):
        try:
            data = source.recv(65536)
            target.sendall(data)
        except OSError:
            data = b""
        if not data:
            for end in (source, target):
                with contextlib.suppress(KeyError, ValueError):
                    self.selector.unregister(end)
                end.close()

    def end(self):
        self.is_over.set()
        self.thread.join()
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()


@contextlib.contextmanager
def make_proxy(place):
    """A proxy before the place's database, and the URL that goes through it."""
    proxy = Proxy(int(re.search(r"port=(\d+)", place.url).group(1)))
    port = proxy.listener.getsockname()[1]
    try:
        yield proxy, re.sub(r"port=\d+", "port=%d" % port, re.sub(r"host=[^&]*", "host=127.0.0.1", place.url))
    finally:
        proxy.end()


@case("postgres")
def an_owner_that_is_cut_off_is_succeeded(place):
    """Its calls end, its commits hang; when the network is back, nothing of them arrives."""
    log, names = log_calls(place), ["s%d" % i for i in range(8)]
    place.create("steps", steps("half", 4, 1))
    with make_proxy(place) as (proxy, url):
        first = place.serve("--store", url)
        second = place.serve()
        start_many(first, "steps", names)
        wait_until("calls are out", lambda: len(calls_of(log, first)) >= len(names))
        proxy.is_still.set()
        wait_until("the second one takes over", lambda: second.said("owns the store"),
                   TAKE_OVER_SECONDS + SLACK_SECONDS)
        calls = calls_of(log, first)
        demand_done(place, names)
        proxy.is_still.clear()
        demand_nothing_more(place, log, first, names, calls)
        demand_equal(0, first.stop()[0], "exit status of the first one")
        demand_equal(0, second.stop()[0], "exit status of the second one")


@case("postgres")
def a_network_that_is_back_soon(place):
    """Nobody else is there: the owner acquires the store again and goes on."""
    log, names = log_calls(place), ["s%d" % i for i in range(4)]
    place.create("steps", steps("half", 3, 1))
    with make_proxy(place) as (proxy, url):
        serve = place.serve("--store", url)
        start_many(serve, "steps", names)
        wait_until("calls are out", lambda: len(calls_of(log, serve)) >= len(names))
        proxy.is_still.set()
        wait_until("it says so", lambda: serve.said("error"), 60)
        status, _ = serve_health(serve)
        demand_equal(200, status, "it answers meanwhile")
        proxy.is_still.clear()
        demand_done(place, names)
        demand_equal(0, serve.stop()[0], "exit status")


def serve_health(serve):
    with Connection(serve.socket_path()) as connection:
        status, _, text = connection.request("GET", "/health", {})
    return status, text


# Commits that stop.

# The keys of the chunks to come: who writes one of them waits until it is known what becomes of these.
HOLD = """BEGIN;
INSERT INTO galliard.history (slot, execution_id, sequence, first_event_id, event_count, body)
SELECT slot, execution_id, max(sequence) + n, 1000 + n, 1, '' FROM galliard.history, generate_series(1, 30) n
GROUP BY slot, execution_id, n ON CONFLICT DO NOTHING;
SELECT 'held';
"""


@contextlib.contextmanager
def held_commits(place):
    session = subprocess.Popen(["psql", "-qXAt", "-d", place.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               text=True)
    session.stdin.write(HOLD)
    session.stdin.flush()
    demand_equal("held\n", session.stdout.readline(), "the keys")
    try:
        yield
    finally:
        session.stdin.close()
        session.wait()
        session.stdout.close()


def waiting_commits(place):
    sql = ("SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
           " WHERE locktype = 'transactionid' AND NOT granted AND datname = current_database()")
    return int(subprocess.run(["psql", "-qXAt", "-d", place.url, "-c", sql], check=True, capture_output=True,
                              text=True).stdout)


@case("postgres")
def an_owner_that_is_stopped_in_a_commit_is_succeeded(place):
    log, names = log_calls(place), ["s%d" % i for i in range(8)]
    place.create("steps", steps("half", 4, 1))
    first = place.serve()
    second = place.serve()
    start_many(first, "steps", names)
    wait_until("calls are out", lambda: len(calls_of(log, first)) >= len(names))
    with held_commits(place):
        wait_until("a commit waits", lambda: waiting_commits(place) > 0)
        first.process.send_signal(signal.SIGSTOP)
        wait_until("the second one takes over", lambda: second.said("owns the store"),
                   TAKE_OVER_SECONDS + SLACK_SECONDS)
    try:
        calls = calls_of(log, first)
        demand_done(place, names)
    finally:
        first.process.send_signal(signal.SIGCONT)
    demand_nothing_more(place, log, first, names, calls)


# Databases that are not there at the start.

def kill_server():
    with open(os.environ["GAL_TEST_POSTGRES_DIR"] + "/data/postmaster.pid", encoding="utf-8") as file:
        os.kill(int(file.readline()), signal.SIGQUIT)


@contextlib.contextmanager
def stopped_database():
    """What keeps the cluster up leaves it down."""
    down = pathlib.Path(os.environ["GAL_TEST_POSTGRES_DIR"], "down")
    down.touch()
    kill_server()
    try:
        yield
    finally:
        down.unlink()


@case("postgres", alone=True)
def a_database_that_is_not_up_yet_is_waited_for(place):
    place.create("pass", PASS)
    with stopped_database():
        serve = place.serve_unready()
        other = place.serve_unready()
        wait_until("it says that it waits", lambda: serve.said("trying again"))
        demand_equal(0, other.stop()[0], "exit status of one that is stopped while it waits")
        demand(serve.process.poll() is None, "serve has ended: %s" % serve.log)
    serve.wait_ready()
    wait_until("it owns the store", lambda: serve.said("serving|owns the store"))
    wait_until("an execution runs", lambda: place.verb("start", "pass", "--wait", expect=None).exit == 0)
    place.check()


@case("postgres")
def a_crowded_database_is_waited_for(place):
    place.create("pass", PASS)
    role = "narrow_%s" % place.directory.name.replace("-", "_")

    def run_sql(sql):
        subprocess.run(["psql", "-qX", "-d", place.url, "-c", sql], check=True)

    run_sql("CREATE ROLE \"%s\" LOGIN SUPERUSER; ALTER ROLE \"%s\" NOSUPERUSER CONNECTION LIMIT 0" % (role, role))
    run_sql("GRANT ALL ON SCHEMA galliard TO \"%s\"; GRANT ALL ON ALL TABLES IN SCHEMA galliard TO \"%s\"" % (role, role))
    try:
        serve = place.serve_unready("--store", place.url.replace("user=postgres", "user=" + role))
        wait_until("it says why it waits", lambda: serve.said("too many connections.*trying again"))
        run_sql("ALTER ROLE \"%s\" CONNECTION LIMIT 3" % role)
        serve.wait_ready()
        wait_until("it owns the store", lambda: serve.said("serving|owns the store"))
        demand_equal(0, serve.stop()[0], "exit status")
    finally:
        run_sql("DROP OWNED BY \"%s\"; DROP ROLE \"%s\"" % (role, role))


@case("postgres")
def mistakes_are_refused_at_the_start(place):
    subprocess.run(["psql", "-qX", "-d", place.url, "-c", "CREATE ROLE guarded LOGIN PASSWORD 'right'",
                    "-c", "CREATE ROLE poor LOGIN"], check=True)
    guarded = place.url.replace("user=postgres", "user=guarded")
    for url, text in ((guarded, "password"), (guarded + "&password=wrong", "guarded"),
                      (place.url.replace("user=postgres", "user=poor"), "GRANT CREATE ON DATABASE"),
                      (place.url.replace("?", "_no_such?"), "_no_such"),
                      (place.url.replace("user=postgres", "user=stranger"), "stranger"),
                      (place.url + "&sslmode=maybe", "sslmode")):
        serve = place.serve_unready("--store", url)
        try:
            demand_equal(2, serve.process.wait(30), "exit status: %s" % serve.log)
        except subprocess.TimeoutExpired:
            raise Fault("serve waits for %s: %s" % (url, serve.log)) from None
        wait_until("it says why", lambda: serve.said(text)) # pylint: disable=cell-var-from-loop
        demand(not serve.said("password=wrong"), "a password is in the log: %s" % serve.log)
    serve = place.serve("--store", place.url + "&password=secret&application_name=galliard")
    demand(serve.said("password=\\*\\*\\*&app") and not serve.said("secret"), "a password is in the log: %s" % serve.log)
