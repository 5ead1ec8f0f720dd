"""`store check` finds what is wrong: rows of an SQLite store are changed behind its back, one way a time."""
import contextlib
import json
import shutil
import sqlite3

from cases import case, prepare_functions
from machines import ARN, PASS, task, wait
from place import demand, demand_equal

# What is done to the rows -> what the check must say (a part of it).
DAMAGE = [
    ("DELETE FROM history WHERE sequence = 1", "chunk 2 stands where 1 should"),
    ("UPDATE history SET sequence = sequence + 1 WHERE sequence = 3", "chunk 4 stands where 3 should"),
    ("UPDATE history SET first_event_id = first_event_id + 1 WHERE sequence > 1", "begins with event"),
    ("UPDATE history SET event_count = event_count + 1", "events and says"),
    ("UPDATE history SET body = CAST('nonsense' AS BLOB)", "cannot be read"),
    ("DELETE FROM run", "no run row"),
    ("DELETE FROM execution WHERE status = 'RUNNING'", "no open execution"),
    ("INSERT INTO run SELECT slot, execution_id, 0, 0, NULL FROM execution WHERE status = 'SUCCEEDED'",
     "it is closed and has a run row"),
    ("UPDATE run SET wake_ms = wake_ms + 1000 WHERE wake_ms > 0", "it is parked until"),
    ("UPDATE run SET snapshot = CAST('{}' AS BLOB) WHERE snapshot IS NOT NULL", "its snapshot at chunk"),
    ("UPDATE run SET sequence = 9 WHERE snapshot IS NOT NULL", "its snapshot is of chunk 9"),
    ("UPDATE run SET snapshot = CAST(replace(CAST(snapshot AS TEXT), '\"events\":', '\"events\":1') AS BLOB)",
     "differ in last_id"),
    ("UPDATE execution SET status = 'FAILED' WHERE status = 'SUCCEEDED'", "its status is FAILED"),
    ("UPDATE execution SET status = 'SUCCEEDED' WHERE status = 'RUNNING'", "its status is SUCCEEDED"),
    ("UPDATE execution SET event_count = event_count + 1 WHERE status = 'SUCCEEDED'", "events and has"),
    ("UPDATE execution SET output = '{}' WHERE status = 'SUCCEEDED'", "its output"),
    ("UPDATE execution SET input = '{\"x\":1}'", "its input"),
    ("UPDATE execution SET started_ms = started_ms - 1", "its start"),
    ("UPDATE execution SET stopped_ms = stopped_ms + 1 WHERE stopped_ms > 0", "its end"),
    ("UPDATE execution SET error = 'E' WHERE status = 'SUCCEEDED'", "its error"),
    ("UPDATE execution_name SET execution_id = zeroblob(16)", "leads to another execution"),
    ("UPDATE execution_name SET reusable_ms = reusable_ms - 1 WHERE reusable_ms < 9223372036854775807", "free again at"),
    ("DELETE FROM execution_name", "name leads nowhere"),
    ("DELETE FROM state_machine_revision", "does not compile"),
    ("DELETE FROM activity_task", "waits for a worker of a and is not in the queue"),
    ("UPDATE activity_task SET scheduled_ms = scheduled_ms + 1", "is not in the queue"),
    ("UPDATE activity_task SET activity = 'b'", "is not in the queue"),
    ("INSERT INTO activity_task SELECT 'a', 1, execution_id, 3, slot FROM execution WHERE status = 'SUCCEEDED'",
     "is in the queue of a, and it is not open"),
]

# Changes to one record of a body -> what the check must say.
BODIES = [
    (lambda records: records[0].update(ms=records[0]["ms"] + 3600000), "earlier than the one before"),
    (lambda records: [r for r in records if "i" in r][-1].update(i=9), "does not follow"),
    (lambda records: records[1].update(p=99), "no earlier event"),
    (lambda records: records.insert(1, dict(records[0])), ""),
    (lambda records: records.pop(1), ""),
    (lambda records: records[1].update(f=7), "its frame is not there"),
    (lambda records: [r.update(t="PassStateExited") for r in records if r["t"] == "PassStateEntered"], ""),
    (lambda records: [r.update(t="MapIterationSucceeded") for r in records if r["t"].endswith("Exited")], ""),
    (lambda records: [r.update(t="$BranchEnded") for r in records if r["t"].endswith("Exited")], ""),
    (lambda records: [r.update(t="TaskSucceeded") for r in records if r["t"].endswith("Exited")], ""),
]


def fill(place):
    prepare_functions(place)
    place.create("pass", PASS)
    place.create("wait", wait(3600))
    place.create("task", task("quick"))
    serve = place.serve()
    place.verb("start", "pass", "--name", "p", "--input", '{"a":1}')
    place.verb("start", "wait", "--name", "w")
    place.verb("start", "task", "--name", "t", "--input", '{"a":1}', "--wait")
    place.verb("call", "CreateActivity", '{"name": "a"}')
    place.create("act", {"StartAt": "T", "States": {"T": {
        "Type": "Task", "Resource": "arn:aws:states:us-east-1:123456789012:activity:a", "End": True}}})
    place.verb("start", "act", "--name", "a")
    serve.stop()
    place.check()


def damaged(place, change):
    """Runs the check on a copy of the store that `change(database)` has been at."""
    copy = place.directory / "copy.db"
    for end in ("", "-wal", "-shm"):
        (place.directory / ("copy.db" + end)).unlink(missing_ok=True)
    shutil.copy(place.directory / "galliard.db", copy)
    with contextlib.closing(sqlite3.connect(copy)) as database:
        change(database)
        database.commit()
        demand(database.total_changes > 0, "nothing was changed")
    return place.verb("store", "check", "--store", "sqlite:%s" % copy, expect=None)


@case("sqlite")
def damage_is_found(place):
    fill(place)
    demand_equal([], place.check()["faults"], "before the damage")
    for statement, wanted in DAMAGE:
        report = damaged(place, lambda database: database.execute(statement))
        messages = [fault["message"] for fault in report.json["faults"]]
        demand_equal(1, report.exit, "exit of the check after %s" % statement)
        demand(any(wanted in message for message in messages), "%s: %s" % (statement, messages))


@case("sqlite")
def damaged_records_are_found(place):
    """Whatever stands in a body, the check says so and lives."""
    fill(place)
    for index, (change, wanted) in enumerate(BODIES):
        def rewrite(database):
            rows = database.execute("SELECT rowid, body FROM history").fetchall()
            for rowid, body in rows:
                value = json.loads(body)
                if len(value["records"]) > 2:
                    change(value["records"])
                database.execute("UPDATE history SET body = ? WHERE rowid = ?",
                                 (json.dumps(value, separators=(",", ":")).encode(), rowid))
        report = damaged(place, rewrite)
        messages = [fault["message"] for fault in report.json["faults"]]
        demand_equal(1, report.exit, "exit of the check after change %d" % index)
        demand(any(wanted in message for message in messages), "change %d: %s" % (index, messages))
