#!/usr/bin/env python3
"""Kills a working `galliard serve` with SIGKILL again and again, and then looks whether anything was lost.

    run_crash.py GALLIARD [--kills N] [--seed S] [--store sqlite|postgres] [--keep DIRECTORY]

Clients start, stop and read executions the whole time (workload.py); when all have ended, everything that they were
told and every call that was made is compared with what the store says (verdict.py). `serve` is killed N times (10),
0.1 to 1.5 s apart, and started again at once. On Postgres (tests/tools/pg_cluster.py gives a cluster) the server, too,
is stopped without a checkpoint, as `pg_ctl stop -m immediate` does: once for every three kills of `serve`.
--keep copies the store, the logs and what the clients were told, when something is wrong.

The seed settles when what is killed and what clients ask for, not how the machine schedules it: a failing seed may
need several runs to fail again.
"""
import argparse
import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(1, str(HERE.parent / "server"))

from place import Fault, demand, demand_equal, make_place, wait_until
from machines import MACHINE_ARN
from verdict import Final, check_all
from workload import CLIENTS, MACHINES, WORKERS, Client, Ledger, Worker, add_parked, functions

SKIPPED = 77
KILLS_WITH_PARKED_MIN = 100
END_SECONDS_MAX = 90
PROCESS_SECONDS_MAX = 15 # a call's children outlive a killed `serve` until they end by themselves


class Crashes:
    """Kills what a place runs."""

    def __init__(self, place, rng):
        self.place, self.rng = place, rng
        self.serve = place.serve_unready()
        self.restarts = self.reconnects = 0

    def path(self):
        """Where the newest `serve` listens; None: it does not yet."""
        return self.serve.socket_path() if self.serve.said(" unix:") else None

    def again(self):
        """A third dies while it starts, whatever that takes here; without the others a slow machine gets nowhere."""
        if self.rng.random() > 1 / 3:
            self.serve.wait_ready()
        time.sleep(self.rng.uniform(0.1, 1.5))
        demand(self.serve.process.poll() is None, "serve has ended by itself: %s" % "\n".join(self.serve.log[-30:]))
        if not self.place.is_sqlite() and self.restarts % 3 == 2 and self.reconnects * 3 < self.restarts:
            self.reconnects += 1
            kill_database()
            time.sleep(self.rng.uniform(0.1, 1.5))
        self.serve.kill()
        self.restarts += 1
        self.serve = self.place.serve_unready()


def kill_database():
    """The cluster's keeper starts it again."""
    with open(os.environ["GAL_TEST_POSTGRES_DIR"] + "/data/postmaster.pid", encoding="utf-8") as file:
        os.kill(int(file.readline()), signal.SIGQUIT)


def find_processes(directory):
    """Those that have the place's directory in their environment: `serve`, and what it has started."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/environ"):
        try:
            if ("TMPDIR=%s" % directory).encode() in path.read_bytes().split(b"\0"):
                found.append("%s %s" % (path.parent.name, (path.parent / "cmdline").read_bytes()))
        except OSError:
            pass # it has ended, or is not ours
    return found


def list_executions(client):
    """All of them; none is listed twice."""
    listed = {}
    for name in MACHINES:
        request = {"stateMachineArn": MACHINE_ARN + name, "maxResults": 100}
        while True:
            page = client.ask("ListExecutions", request)
            for execution in page["executions"]:
                demand(execution["executionArn"] not in listed, "%s is there twice" % execution["executionArn"])
                listed[execution["executionArn"]] = execution
            if "nextToken" not in page:
                break
            request["nextToken"] = page["nextToken"]
    return listed


def let_end(client, ledger):
    """Stops those that would sleep on; the others have to end by themselves."""
    for arn, execution in list_executions(client).items():
        if execution["stateMachineArn"] == MACHINE_ARN + "sleeps":
            ledger.stopped(arn, client.ask("StopExecution", {"executionArn": arn, "error": "Enough"})["stopDate"])

    def open_ones():
        requests = [{"stateMachineArn": MACHINE_ARN + name, "statusFilter": "RUNNING"} for name in MACHINES]
        return [execution["executionArn"] for request in requests
                for execution in client.ask("ListExecutions", request)["executions"]]

    try:
        wait_until("every execution ends", lambda: not open_ones(), END_SECONDS_MAX, pause=0.2)
    except Fault as fault:
        raise Fault("%s; open: %s" % (fault, open_ones()[:10])) from None


def collect(client):
    finals = {}
    for arn, listed in list_executions(client).items():
        described = client.ask("DescribeExecution", {"executionArn": arn})
        finals[arn] = Final(listed, described, client.read_pages(arn, 1000, 100))
    return finals


def work_and_crash(crashes, ledger, seed, kills):
    enough = threading.Event()
    clients = [Client(crashes.path, ledger, "%s-%d" % (seed, i)) for i in range(CLIENTS)]
    threads = [threading.Thread(target=client.work, args=[enough], daemon=True) for client in clients]
    for thread in threads:
        thread.start()
    try:
        while crashes.restarts < kills and not ledger.faults:
            crashes.again()
        crashes.serve.wait_ready()
        # A busy machine may not have come far between the kills.
        wait_until("there is something to look at", lambda: ledger.faults or len(ledger.starts) > 4 * len(MACHINES),
                   END_SECONDS_MAX)
    finally:
        enough.set()
        for thread in threads:
            thread.join()
    demand(not ledger.faults, "\n".join(ledger.faults))


@contextlib.contextmanager
def working(crashes, ledger, seed):
    """Workers of the activity, until all is over."""
    enough = threading.Event()
    workers = [Worker(crashes.path, ledger, "%s-w%d" % (seed, i)) for i in range(WORKERS)]
    threads = [threading.Thread(target=worker.work, args=[enough], daemon=True) for worker in workers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        enough.set()
        for thread in threads:
            thread.join()


def run(place, ledger, seed, kills):
    log = place.directory / "calls.log"
    log.touch()
    place.write("galliard.json", functions(log))
    for name, (definition, _, _) in MACHINES.items():
        place.create(name, definition)
    place.verb("call", "CreateActivity", '{"name": "works"}')
    crashes = Crashes(place, random.Random(seed))
    crashes.serve.wait_ready()
    client = Client(crashes.path, ledger, seed)
    with working(crashes, ledger, seed):
        work_and_crash(crashes, ledger, seed, kills)
        let_end(client, ledger)
    demand(not ledger.faults, "\n".join(ledger.faults))
    finals = collect(client)
    client.hang_up()
    place.check()
    demand_equal(0, crashes.serve.stop()[0], "exit status of serve")
    report = place.check()
    demand_equal((len(finals), 0, 0), (report["executions"], report["open"], report["runs"]), "store check")
    wait_until("no process is left", lambda: not find_processes(place.directory), PROCESS_SECONDS_MAX)
    seen = check_all(finals, ledger, log.read_text().splitlines(), crashes.restarts, crashes.reconnects)
    return "%d restarts, %d of the database: %s" % (crashes.restarts, crashes.reconnects, seen)


def keep(place, ledger, directory):
    shutil.copytree(place.directory, directory, ignore=shutil.ignore_patterns("*.sock"), dirs_exist_ok=True)
    for i, serve in enumerate(place.serves):
        pathlib.Path(directory, "serve-%03d.log" % i).write_text("\n".join(serve.log))
    told = {name: getattr(ledger, name) for name in ("starts", "stops", "ends", "events")}
    pathlib.Path(directory, "ledger.json").write_text(json.dumps(told, indent=1))


def run_and_report(place, arguments):
    ledger = Ledger()
    try:
        print(run(place, ledger, arguments.seed, arguments.kills))
        return 0
    except Fault as fault:
        print("seed %d: %s" % (arguments.seed, fault))
        print("\n".join("    " + line for line in place.serves[-1].log[-20:]) if place.serves else "")
        print("again: %s" % " ".join(sys.argv))
        if arguments.keep:
            keep(place, ledger, arguments.keep)
        return 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("galliard")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--store", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--keep")
    arguments = parser.parse_args()
    if arguments.store == "postgres" and "GAL_TEST_POSTGRES" not in os.environ:
        print("skipped: no Postgres (tests/tools/pg_cluster.py starts one)")
        return SKIPPED
    if arguments.kills >= KILLS_WITH_PARKED_MIN:
        add_parked()
    make_url = lambda directory: "sqlite:galliard.db"
    if arguments.store == "postgres":
        from run_server import make_database as make_url # pylint: disable=import-outside-toplevel
    with make_place(os.path.abspath(arguments.galliard), make_url) as place:
        return run_and_report(place, arguments)


if __name__ == "__main__":
    sys.exit(main())
