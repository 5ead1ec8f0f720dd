"""What becomes of a store over the years: old executions go, machines are deleted, schemas change."""
import json
import pathlib
import sqlite3
import subprocess
import time

from cases import case, status_of
from machines import EXECUTION_ARN, MACHINE_ARN, PASS, wait
from place import Connection, demand, demand_equal, wait_until

HERE = pathlib.Path(__file__).resolve().parent
SCHEMAS = HERE.parents[1] / "schemas" / "sql"


def names_of(place, machine, *options):
    return [e["name"] for e in place.verb("executions", machine, *options).json["executions"]]


# Retention.

@case()
def closed_executions_go_in_time(place):
    place.create("pass", PASS)
    place.create("wait", wait(3600))
    serve = place.serve("--retention", "3s")
    place.verb("start", "wait", "--name", "open")
    with Connection(serve.socket_path()) as connection:
        for i in range(300):
            status, _, body = connection.call("StartExecution", {"stateMachineArn": MACHINE_ARN + "pass",
                                                                 "name": "p%d" % i})
            demand_equal(200, status, str(body))
    wait_until("they are gone", lambda: not names_of(place, "pass"))
    demand_equal("RUNNING", status_of(place, "wait/open"), "the open one")
    again = place.verb("start", "pass", "--name", "p7", expect=2)
    demand("ExecutionAlreadyExists" in again.err, "a name outlives its execution: %s" % again.err)
    demand_equal(1, place.check()["executions"], "executions that are left")
    demand_equal(301, place.verb("store", "stats").json["names"], "names that are taken")
    demand_equal(0, serve.stop()[0], "exit status")
    kept = place.serve("--retention", "0")
    place.verb("start", "pass", "--name", "kept", "--wait")
    time.sleep(3)
    demand_equal(["kept"], names_of(place, "pass"), "with --retention 0")
    demand(not kept.said("removed"), "nothing is removed: %s" % kept.log)


@case()
def retention_is_an_age(place):
    for wrong in ("3", "-1d", "1y", "1dd", "", "99999999999999999999d"):
        refused = place.verb("serve", "--retention", wrong, expect=2)
        demand("--retention must be an age" in refused.err, refused.err)


@case()
def the_owner_purges(place):
    place.create("pass", PASS)
    serve = place.serve()
    for name in ("a", "b", "c"):
        place.verb("start", "pass", "--name", name, "--wait")
    demand_equal(0, place.verb("store", "purge", "--closed-before", "1d").json["removed"], "too young")
    demand_equal(3, place.verb("store", "purge", "--closed-before", "0s").json["removed"], "removed")
    demand_equal([], names_of(place, "pass"), "executions")
    with Connection(serve.socket_path()) as connection:
        for request in ({}, {"closedBefore": "yesterday"}, {"closedBefore": -1}, {"closedBefore": 1e300}):
            status, _, body = connection.call("PurgeExecutions", request)
            demand_equal((400, "ValidationException"), (status, body["__type"]), str(request))
    place.verb("start", "pass", "--name", "d", "--wait")
    place.check()


# Pages.

def pages_of(place, action, request, member, between):
    """All items; `between` is called after each page."""
    items, token = [], None
    while True:
        page = place.verb("call", action, json.dumps({**request, **({"nextToken": token} if token else {})})).json
        items += page[member]
        token = page.get("nextToken")
        if token is None:
            return items
        between(token)


@case()
def pages_stay_where_they_are(place):
    place.create("pass", PASS)
    place.create("other", PASS)
    serve = place.serve()
    with Connection(serve.socket_path()) as connection:
        for i in range(7):
            connection.call("StartExecution", {"stateMachineArn": MACHINE_ARN + "pass", "name": "n%d" % i})
            time.sleep(0.002) # their ids are in the order of the clock

    arn = MACHINE_ARN + "pass"
    later = iter(range(100))
    listed = pages_of(place, "ListExecutions", {"stateMachineArn": arn, "maxResults": 2}, "executions",
                      lambda _: place.verb("start", "pass", "--name", "late%d" % next(later)))
    demand_equal(["n%d" % i for i in range(6, -1, -1)], [e["name"] for e in listed], "while others start")

    tokens = []
    pages_of(place, "ListExecutions", {"stateMachineArn": arn, "maxResults": 9}, "executions", tokens.append)
    events = {"executionArn": EXECUTION_ARN + "pass:n0", "maxResults": 2}
    pages_of(place, "GetExecutionHistory", events, "events", tokens.append)
    pages_of(place, "ListStateMachines", {"maxResults": 1}, "stateMachines", tokens.append)
    questions = [("ListExecutions", {"stateMachineArn": arn}, tokens[0]),
                 ("GetExecutionHistory", {"executionArn": EXECUTION_ARN + "pass:n0"}, tokens[1]),
                 ("ListStateMachines", {}, tokens[-1])]
    for action, request, token in questions:
        place.verb("call", action, json.dumps({**request, "nextToken": token}))
    foreign = [("ListExecutions", {"stateMachineArn": MACHINE_ARN + "other"}, tokens[0]),
               ("ListExecutions", {"stateMachineArn": arn, "statusFilter": "RUNNING"}, tokens[0]),
               ("GetExecutionHistory", {"executionArn": EXECUTION_ARN + "pass:n1"}, tokens[1]),
               ("GetExecutionHistory", {"executionArn": EXECUTION_ARN + "pass:n0", "reverseOrder": True}, tokens[1]),
               ("ListStateMachines", {}, tokens[0]), ("ListStateMachines", {}, "7")]
    for action, request, token in foreign:
        refused = place.verb("call", action, json.dumps({**request, "nextToken": token}), expect=1)
        demand("InvalidToken: Invalid Token: 'Invalid token'" in refused.err, "%s: %s" % (action, refused.err))


@case()
def pages_of_machines_while_some_go(place):
    place.serve()
    for name in "abcdef":
        place.create(name, PASS)
    gone = iter("ae")
    listed = pages_of(place, "ListStateMachines", {"maxResults": 2}, "stateMachines",
                      lambda _: place.verb("delete", next(gone)))
    demand_equal(list("abcdf"), [m["name"] for m in listed], "none is left out, none comes twice")


# Deleted machines.

@case()
def executions_of_a_deleted_machine(place):
    place.create("m", wait(3600))
    place.serve()
    place.verb("start", "m", "--name", "one")
    place.verb("start", "m", "--name", "two")
    place.verb("delete", "m")
    demand_equal([], place.verb("list").json["stateMachines"], "list")
    place.verb("describe", "m", expect=2)
    demand_equal("RUNNING", status_of(place, "m/one"), "m/one")
    place.verb("stop", "m/one")
    demand_equal("ABORTED", status_of(place, "m/one"), "m/one, stopped")
    demand_equal("ExecutionAborted", place.verb("history", "m/one").json["events"][-1]["type"], "its last event")
    place.create("m", PASS)
    for name in ("m/one", "m/two"):
        hidden = place.verb("describe", name, expect=2)
        demand("ExecutionDoesNotExist" in hidden.err, hidden.err)
    demand_equal([], names_of(place, "m"), "executions of the new one")
    place.verb("start", "m", "--name", "one", "--wait")
    place.verb("delete", "m")
    demand_equal("SUCCEEDED", status_of(place, "m/one"), "the later machine's")
    demand_equal("RUNNING", status_of(place, "m/two"), "the former machine's")
    place.verb("store", "purge", "--closed-before", "0s")
    place.verb("describe", "m/one", expect=2)
    place.verb("stop", "m/two")
    place.verb("store", "purge", "--closed-before", "0s")
    place.verb("describe", "m/two", expect=2)
    place.check()


# Account and region.

@case()
def a_store_keeps_its_account_and_region(place):
    place.verb("store", "init", "--region", "eu-west-1", "--account", "111122223333")
    arn = place.create("pass", PASS).json["stateMachineArn"]
    demand_equal("arn:aws:states:eu-west-1:111122223333:stateMachine:pass", arn, "ARN")
    place.verb("start", "pass", "--name", "a")
    other = {"GALLIARD_ACCOUNT": "999999999999"}
    for words, environment in ((("list", "--region", "us-east-1"), {}), (("describe", "pass/a"), other),
                               (("serve", "--account", "999999999999"), {}), (("start", "pass"), other),
                               (("store", "init", "--region", "us-east-1"), {})):
        refused = place.verb(*words, expect=2, environment=environment)
        demand("the store has " in refused.err and "leave out" in refused.err, refused.err)
    serve = place.serve("--region", "eu-west-1")
    demand_equal("SUCCEEDED", status_of(place, "pass/a"), "pass/a")
    demand_equal(arn, place.verb("list").json["stateMachines"][0]["stateMachineArn"], "ARN beside a serve")
    demand_equal("SUCCEEDED", place.verb("start", "pass", "--wait").json["status"], "one more")
    demand(not serve.said("key"), "the log has no keys: %s" % serve.log)


@case()
def what_is_no_account_or_region(place):
    for words in (("--account", "12"), ("--account", "12345678901x"), ("--region", "a:b"), ("--region", "")):
        refused = place.verb("store", "init", *words, expect=None)
        demand(refused.exit == 2 or words[1] == "", "%s: %s" % (words, refused.out))
        demand(" is no " in refused.err or words[1] == "", refused.err)


# Schemas. schema-1.json: the rows of a store that a release with schema 1 has written.

def fixture():
    with open(HERE / "schema-1.json") as file:
        return json.load(file)


def make_sqlite(place):
    db = sqlite3.connect(place.directory / place.url.removeprefix("sqlite:"))
    db.executescript((SCHEMAS / "sqlite" / "0001-first.sql").read_text())
    for table, data in fixture().items():
        marks = ", ".join("?" * len(data["columns"]))
        for row in data["rows"]:
            db.execute("INSERT INTO %s (%s) VALUES (%s)" % (table, ", ".join(data["columns"]), marks),
                       [bytes.fromhex(value["hex"]) if isinstance(value, dict) else value for value in row])
    db.execute("PRAGMA user_version = 1")
    db.execute("PRAGMA application_id = 1197567084")
    db.commit()
    db.close()


def literal(column, value):
    if value is None:
        return "NULL"
    if isinstance(value, dict):
        return ("'\\x%s'" if column in ("body", "snapshot") else "'%s'") % value["hex"]
    return str(value) if isinstance(value, int) else "'%s'" % value.replace("'", "''")


def run_sql(place, text):
    subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-d", place.url, "-f", "-"], input=text, text=True,
                   check=True, stdout=subprocess.DEVNULL)


def make_postgres(place):
    lines = ["CREATE SCHEMA galliard;", "CREATE TABLE galliard.schema_version (version integer NOT NULL);",
             "INSERT INTO galliard.schema_version VALUES (1);",
             (SCHEMAS / "postgres" / "0001-first.sql").read_text()]
    for table, data in fixture().items():
        for row in data["rows"]:
            values = ", ".join(map(literal, data["columns"], row))
            lines.append("INSERT INTO galliard.%s (%s) VALUES (%s);" % (table, ", ".join(data["columns"]), values))
    run_sql(place, "\n".join(lines))


@case()
def a_store_of_schema_1_is_migrated(place):
    (make_sqlite if place.is_sqlite() else make_postgres)(place)
    for words in (("list",), ("serve",), ("store", "check"), ("store", "init")):
        refused = place.verb(*words, expect=2)
        demand("has schema 1" in refused.err and "galliard store migrate" in refused.err, refused.err)
    place.verb("store", "migrate")
    report = place.check()
    demand_equal((3, 6, 3), (report["machines"], report["executions"], report["open"]), "check")
    demand_equal(["pass", "short", "wait"], [m["name"] for m in place.verb("list").json["stateMachines"]], "machines")
    demand_equal('{"a":1}', place.verb("describe", "pass/a").json["input"], "an input")
    demand_equal(2, len(names_of(place, "pass")), "executions")
    # Of a machine whose row an earlier release has removed:
    demand_equal("ABORTED", status_of(place, "gone/stopped"), "gone/stopped")
    open_ones = ("gone/open", "wait/parked", "short/due")
    demand_equal(["RUNNING"] * 3, [status_of(place, name) for name in open_ones], "open ones")
    place.serve()
    wait_until("what was due goes on", lambda: status_of(place, "short/due") == "SUCCEEDED")
    for name in open_ones: # the waits end in 2030
        place.verb("stop", name)
        demand(status_of(place, name) in ("ABORTED", "SUCCEEDED"), name)
    place.verb("store", "purge", "--closed-before", "0s")
    demand_equal(0, place.check()["executions"], "after a purge")


@case()
def a_newer_schema_is_refused(place):
    place.create("pass", PASS)
    if place.is_sqlite():
        db = sqlite3.connect(place.directory / place.url.removeprefix("sqlite:"))
        db.execute("PRAGMA user_version = 1000")
        db.close()
    else:
        run_sql(place, "UPDATE galliard.schema_version SET version = 1000")
    for words in (("list",), ("serve",), ("start", "pass"), ("store", "check"), ("store", "migrate")):
        refused = place.verb(*words, expect=2)
        demand("has schema 1000" in refused.err and "a newer one" in refused.err, refused.err)
