"""Executions that end the process: it notes whose fault it was, and the fourth start leaves that one out."""
import os
import signal
import time

from cases import case, prepare_functions, status_of
from machines import EXECUTION_ARN, PASS, task, wait
from place import Fault, demand, demand_equal, wait_until

MUTATED = os.environ.get("GAL_TEST_MUTATED")


def use_mutated(place):
    if not MUTATED:
        raise Fault("GAL_TEST_MUTATED does not name the galliard that makes mistakes")
    place.galliard = MUTATED
    place.environment["GALLIARD_STATE_DIR"] = str(place.directory / "state")
    place.environment.pop("ASAN_OPTIONS", None)


def wait_dead(serve):
    try:
        serve.process.wait(60)
    except Exception:
        raise Fault("serve has not ended by its own fault") from None
    serve.end()


def poisoned(place):
    return place.verb("store", "poisoned").json["poisoned"]


def make_poison(place, seconds=1):
    """One that will end the process `seconds` from now, and others."""
    prepare_functions(place)
    place.create("wait", wait(seconds))
    place.create("task", task("quick"))
    place.create("long", wait(3600))
    place.verb("start", "long", "--name", "patient")
    place.verb("start", "wait", "--name", "poison-1") # the last: the next verb that works here would end it
    place.environment["GALLIARD_MUTATION"] = "poison"


@case()
def poisoned_execution_is_left_out(place):
    use_mutated(place)
    make_poison(place)
    arn = EXECUTION_ARN + "wait:poison-1"
    for count in range(1, 4):
        serve = place.serve_unready()
        wait_dead(serve)
        demand_equal(-signal.SIGABRT, serve.process.returncode, "end %d: %s" % (count, serve.log))
        noted = poisoned(place)
        demand_equal([(arn, count, count == 3)], [(p["executionArn"], p["count"], p["standsStill"]) for p in noted],
                     "after end %d" % count)
        demand("a seeded mistake" in noted[0]["fault"] and "run.c:" in noted[0]["fault"], noted[0]["fault"])
    serve = place.serve()
    demand(serve.said(r"%s stands still: it has ended this process 3 times .*galliard store release %s" % (arn, arn)),
           "the start reports it: %s" % serve.log)
    demand_equal("SUCCEEDED", place.verb("start", "task", "--name", "t", "--wait").json["status"], "another one")
    demand_equal("RUNNING", status_of(place, "long/patient"), "the other one")
    demand_equal("RUNNING", status_of(place, "wait/poison-1"), "the poisoned one")
    again = place.verb("start", "wait", "--name", "poison-1", "--input", '{"other": 1}', expect=2)
    demand("ExecutionAlreadyExists" in again.err, again.err)
    stopped = place.verb("stop", "wait/poison-1", expect=2)
    demand("cannot be stopped now" in stopped.err and "stands still" in stopped.err, stopped.err)
    place.check()
    serve.stop()

    # The fault is mended: it runs on.
    place.verb("store", "release", "wait/poison-1")
    demand_equal([], poisoned(place), "released")
    place.environment.pop("GALLIARD_MUTATION")
    place.serve()
    wait_until("the released one ends", lambda: status_of(place, "wait/poison-1") == "SUCCEEDED")
    place.check()


@case()
def only_faults_are_noted(place):
    """A kill, also one that looks like a fault, names nobody; neither does anything that ends well."""
    use_mutated(place)
    make_poison(place, seconds=3600)
    for number in (signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGTERM):
        serve = place.serve()
        serve.process.send_signal(number)
        wait_dead(serve)
        serve.log.clear() # a sanitizer speaks of SIGSEGV
        demand_equal([], poisoned(place), "after %s" % number.name)
    missing = place.verb("store", "release", "wait/poison-1", expect=2)
    demand("does not name" in missing.err, missing.err)


@case()
def trap_is_noted(place):
    use_mutated(place)
    make_poison(place)
    place.environment["GALLIARD_MUTATION"] = "poison-trap"
    for _ in range(3):
        wait_dead(place.serve_unready())
    noted = poisoned(place)
    demand_equal([(EXECUTION_ARN + "wait:poison-1", 3, "ILL")],
                 [(p["executionArn"], p["count"], p["fault"]) for p in noted], "noted")
    serve = place.serve()
    demand(serve.said("stands still"), "the start reports it: %s" % serve.log)


@case("sqlite")
def verbs_note_too(place):
    """A verb that does the work itself is a process like any other."""
    use_mutated(place)
    make_poison(place)
    time.sleep(1.5)
    for count in range(1, 4):
        place.verb("start", "long", expect=-signal.SIGABRT)
        demand_equal([count], [p["count"] for p in poisoned(place)], "count")
    place.verb("start", "long")
    identity = poisoned(place)[0]["id"]
    place.verb("store", "release", identity)
    demand(not os.path.exists(place.directory / "galliard.db-poisoned"), "an empty file is left")


@case("sqlite")
def file_of_poisoned_is_bounded(place):
    """One that is not ours keeps nothing from running."""
    use_mutated(place)
    place.create("pass", PASS)
    (place.directory / "galliard.db-poisoned").write_text("x" * (2 << 20))
    serve = place.serve()
    demand(serve.said("is larger than"), serve.log)
    demand_equal("SUCCEEDED", place.verb("start", "pass", "--wait").json["status"], "status")
    demand("is larger than" in place.verb("store", "poisoned", expect=2).err, "the list says so")
    serve.stop()
    (place.directory / "galliard.db-poisoned").write_text("nonsense\n\n# a comment\n" + "0" * 36 + "\n")
    demand_equal([], poisoned(place), "nonsense")
