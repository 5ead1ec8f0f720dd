"""What a user does with a store: the verbs, with and without a `serve`, and its sudden ends."""
import collections
import concurrent.futures
import json
import os
import pathlib
import pty
import random
import signal
import stat
import subprocess
import time

from machines import ARN, EXECUTION_ARN, FAIL, MACHINE_ARN, PASS, functions, steps, task, wait
from place import Connection, Fault, demand, demand_equal, wait_until

CASES = []
EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "asl"


Case = collections.namedtuple("Case", "function only alone")


def case(only=None, alone=False):
    """Registers a case for both stores, or for "sqlite" or "postgres" only. Several run side by side; `alone`: none
    beside this one, which the others would feel."""
    def add(function):
        CASES.append(Case(function, only, alone))
        return function
    return add


def status_of(place, name):
    return place.verb("describe", name).json["status"]


def types_of(place, name):
    return [event["type"] for event in place.verb("history", name).json["events"]]


def prepare_functions(place):
    log = place.directory / "attempts.log"
    place.write("galliard.json", functions(log))
    log.touch()
    return log


# The verbs.

@case()
def life_without_serve(place):
    created = place.create("pass", PASS).json
    demand_equal(MACHINE_ARN + "pass", created["stateMachineArn"], "ARN")
    demand_equal(created, place.create("pass", PASS).json, "the same again")
    other = place.create("pass", FAIL, expect=2)
    demand("StateMachineAlreadyExists" in other.err, other.err)
    place.create("wait", wait(3600))
    machines = place.verb("list").json["stateMachines"]
    demand_equal(["pass", "wait"], sorted(machine["name"] for machine in machines), "list")
    described = place.verb("describe", "pass").json
    demand_equal(PASS, json.loads(described["definition"]), "definition")

    started = place.verb("start", "pass", "--input", '{"a": 1}', "--name", "one")
    demand("no engine" not in started.err, "it ran to its end: %s" % started.err)
    ended = place.verb("describe", "pass/one").json
    demand_equal(("SUCCEEDED", '{"a": 1}'), (ended["status"], ended["input"]), "pass/one")
    demand_equal({"a": 1}, json.loads(ended["output"]), "output")
    demand_equal(["ExecutionStarted", "PassStateEntered", "PassStateExited", "PassStateEntered", "PassStateExited",
                  "ExecutionSucceeded"], types_of(place, "pass/one"), "events")

    waiting = place.verb("start", MACHINE_ARN + "wait", "--name", "two")
    demand("no engine is running" in waiting.err and "galliard serve --store" in waiting.err, waiting.err)
    demand_equal("RUNNING", status_of(place, "wait/two"), "status")
    place.verb("stop", "wait/two", "--error", "Enough", "--cause", "says who")
    stopped = place.verb("describe", EXECUTION_ARN + "wait:two").json
    demand_equal(("ABORTED", "Enough", "says who"), (stopped["status"], stopped["error"], stopped["cause"]), "wait/two")
    again = place.verb("stop", "wait/two").json
    demand_equal(stopped["stopDate"], again["stopDate"], "stopping twice")
    demand_equal([("two", "ABORTED")], [(e["name"], e["status"]) for e in
                                        place.verb("executions", "wait").json["executions"]], "executions")
    demand_equal([], place.verb("executions", "wait", "--status", "RUNNING").json["executions"], "running ones")
    place.verb("delete", "wait")
    demand_equal(["pass"], [m["name"] for m in place.verb("list").json["stateMachines"]], "list")
    place.verb("start", "wait", expect=2)
    report = place.check()
    demand_equal((2, 0), (report["executions"], report["open"]), "check")


@case()
def life_with_serve(place):
    log = prepare_functions(place)
    serve = place.serve()
    place.create("task", task("quick"))
    place.create("bad", task("bad"))
    place.create("wait", wait(3600))
    ended = place.verb("start", "task", "--input", '{"b":2}', "--wait")
    demand_equal(("SUCCEEDED", '{"done":true}'), (ended.json["status"], ended.json["output"]), "task")
    demand("no engine" not in ended.err, ended.err)
    demand_equal(1, len(log.read_text().splitlines()), "calls")
    failed = place.verb("start", "bad", "--wait", "--name", "b", expect=1).json
    demand_equal(("FAILED", "Broken"), (failed["status"], failed["error"]), "bad")
    followed = place.verb("history", "bad/b", "--follow", expect=1).lines
    demand_equal(list(range(1, len(followed) + 1)), [event["id"] for event in followed], "ids")
    demand_equal("ExecutionFailed", followed[-1]["type"], "the last event")
    place.verb("start", "wait", "--name", "w")
    demand_equal("RUNNING", status_of(place, "wait/w"), "wait/w")
    place.verb("stop", "wait/w")
    demand_equal("ABORTED", status_of(place, "wait/w"), "wait/w")
    demand(serve.said("bad/b FAILED after .*: Broken"), "the log says how it ended: %s" % serve.log)
    demand(serve.said("bad/b started"), "the log says what starts")
    place.verb("delete", "bad")
    place.check()
    status, seconds = serve.stop()
    demand_equal(0, status, "exit status")
    demand(seconds < 5, "stopping took %.1f s" % seconds)
    demand(not os.path.exists(serve.socket_path()), "the socket is left")


@case()
def history_pages(place):
    place.create("pass", PASS)
    place.verb("start", "pass", "--name", "p")
    events = place.verb("history", "pass/p").json["events"]
    backwards = place.verb("history", "pass/p", "--reverse").json["events"]
    demand_equal(events, backwards[::-1], "--reverse")
    demand_equal(events[:2], place.verb("history", "pass/p", "--max", "2").json["events"], "--max")
    page = place.verb("call", "GetExecutionHistory",
                      json.dumps({"executionArn": EXECUTION_ARN + "pass:p", "maxResults": 4})).json
    rest = place.verb("call", "GetExecutionHistory",
                      json.dumps({"executionArn": EXECUTION_ARN + "pass:p", "nextToken": page["nextToken"]})).json
    demand_equal(events, page["events"] + rest["events"], "two pages")
    demand("nextToken" not in rest, "the last page has no token")
    for i in range(5):
        place.verb("start", "pass", "--name", "n%d" % i)
    names = [e["name"] for e in place.verb("executions", "pass").json["executions"]]
    demand_equal(["n4", "n3", "n2", "n1", "n0", "p"], names, "newest first")
    demand_equal(2, len(place.verb("executions", "pass", "--max", "2").json["executions"]), "--max")


@case()
def refusals(place):
    for words, text in [(("start", "nope"), "store|StateMachineDoesNotExist"),
                        (("describe", "nope"), "store|StateMachineDoesNotExist")]:
        err = place.verb(*words, expect=2).err
        demand(any(part in err for part in text.split("|")), err)
    bad = place.verb("create", "bad", place.write("bad.json", '{"StartAt": "A", "States": {}}'), expect=2)
    demand("bad.json:1:" in bad.err, "a fault has its place: %s" % bad.err)
    place.create("pass", PASS)
    for words, text in [(("start", "pass", "--input", "{"), "not JSON"),
                        (("start", "pass", "--name", "a/b"), "InvalidName"),
                        (("describe", "pass/none"), "ExecutionDoesNotExist"),
                        (("stop", "pass"), "MACHINE/NAME"),
                        (("stop", "pass/none"), "ExecutionDoesNotExist"),
                        (("executions", "none"), "StateMachineDoesNotExist"),
                        (("executions", "pass", "--max", "0"), "--max"),
                        (("history", "pass/none", "--follow"), "ExecutionDoesNotExist"),
                        (("history", "pass/none", "--follow", "--reverse"), "--follow"),
                        (("call", "Nonsense"), "Nonsense"),
                        (("store", "polish"), "none of init"),
                        (("store", "purge", "--closed-before", "soon"), "--closed-before"),
                        (("list", "--store", "memory:"), "memory"),
                        (("serve", "--store", "memory:"), "memory"),
                        (("serve", "--store", "mongodb://x"), "mongodb")]:
        verb = place.verb(*words, expect=2)
        demand(text in verb.err, "%s: %s" % (words, verb.err))
        demand_equal("", verb.out, "standard output of %s" % (words,))
    for request, text in [("[]", "SerializationException"), ("{}", "ValidationException")]:
        verb = place.verb("call", "StartExecution", request, expect=1)
        demand(text in verb.err and verb.out == "", "call StartExecution %s: %s" % (request, verb.err))


@case("sqlite")
def no_store_is_made_by_looking(place):
    verb = place.verb("list", expect=2)
    demand("there is no store" in verb.err, verb.err)
    demand_equal([], [path.name for path in place.directory.iterdir()], "files")


@case()
def people_on_a_terminal(place):
    place.create("pass", PASS)
    place.verb("start", "pass", "--name", "p", "--input", '{"k": "\\u001b[31mred"}')
    for words, parts in [(("list",), ["pass", "20"]), (("executions", "pass"), ["NAME  STATUS", "p     SUCCEEDED"]),
                         (("describe", "pass/p"), ["status", "SUCCEEDED", "startDate", "20"]),
                         (("history", "pass/p"), ["    2  20", "PassStateEntered  A"]),
                         (("store", "check"), ["executions", "faults"]), (("store", "stats"), ["execution"])]:
        text = run_on_terminal(place, words)
        for part in parts:
            demand(part in text, "%s has no %r: %r" % (words, part, text))
        demand("\x1b[31m" not in text, "%s sends control characters" % (words,))
        demand("{" not in text.split("\n")[0], "%s prints JSON: %r" % (words, text))


def run_on_terminal(place, words):
    ours, theirs = pty.openpty()
    process = subprocess.Popen([place.galliard, *words], cwd=place.directory, env=place.environment, stdout=theirs)
    os.close(theirs)
    text = b""
    while True:
        try:
            data = os.read(ours, 65536)
        except OSError: # the other side is closed
            break
        if not data:
            break
        text += data
    os.close(ours)
    demand_equal(0, process.wait(), "exit of %s" % (words,))
    return text.decode().replace("\r\n", "\n")


@case()
def store_verbs(place):
    place.verb("store", "init")
    place.verb("store", "init")
    place.verb("store", "migrate")
    place.create("pass", PASS)
    for name in ("a", "b"):
        place.verb("start", "pass", "--name", name)
    place.create("wait", wait(3600))
    place.verb("start", "wait", "--name", "open")
    stats = place.verb("store", "stats").json
    demand(stats and all(isinstance(value, int) for value in stats.values()), "stats: %s" % stats)
    demand_equal(0, place.verb("store", "purge", "--closed-before", "1d").json["removed"], "too young")
    demand(place.verb("store", "purge", "--closed-before", "0s").json["removed"] >= 2, "purge")
    demand_equal([], place.verb("executions", "pass").json["executions"], "after the purge")
    demand_equal("RUNNING", status_of(place, "wait/open"), "the open one")
    again = place.verb("start", "pass", "--name", "a", expect=2)
    demand("ExecutionAlreadyExists" in again.err, "a name outlives its execution: %s" % again.err)
    report = place.check()
    demand_equal((1, 1), (report["executions"], report["open"]), "check")


# Idempotency and concurrency.

@case()
def start_by_name_is_idempotent(place):
    prepare_functions(place)
    place.create("wait", wait(3600))
    place.serve()
    first = place.verb("start", "wait", "--name", "x", "--input", '{"a":1}').json
    demand_equal(first, place.verb("start", "wait", "--name", "x", "--input", '{"a":1}').json, "the same again")
    other = place.verb("start", "wait", "--name", "x", "--input", '{"a":2}', expect=2)
    demand("ExecutionAlreadyExists" in other.err, other.err)
    path = place.serves[0].socket_path()

    def start(_):
        with Connection(path) as connection:
            status, _, body = connection.call("StartExecution", {"stateMachineArn": MACHINE_ARN + "wait", "name": "y",
                                                                 "input": "{}"})
            return status, body.get("startDate")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(start, range(24)))
    demand_equal(1, len(answers), "different answers to one start: %s" % answers)
    place.verb("stop", "wait/x")
    closed = place.verb("start", "wait", "--name", "x", "--input", '{"a":1}', expect=2)
    demand("ExecutionAlreadyExists" in closed.err, closed.err)
    demand_equal(2, len(place.verb("executions", "wait").json["executions"]), "executions")
    place.check()


@case()
def many_clients_at_once(place):
    """200 starts by 8 clients; every answer is one execution, and each ends."""
    prepare_functions(place)
    place.create("task", {"StartAt": "P", "States": {"P": {"Type": "Pass", "Next": "T"},
                                                     "T": {"Type": "Task", "Resource": ARN + "quick", "End": True}}})
    place.create("pass", PASS)
    serve = place.serve()

    def client(number):
        arns = []
        with Connection(serve.socket_path()) as connection:
            for i in range(25):
                machine = "task" if i % 5 == 0 else "pass"
                status, _, body = connection.call("StartExecution", {"stateMachineArn": MACHINE_ARN + machine})
                demand_equal(200, status, "client %d: %s" % (number, body))
                arns.append(body["executionArn"])
        return arns
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        arns = [arn for arns in pool.map(client, range(8)) for arn in arns]
    demand_equal(200, len(set(arns)), "executions")

    def all_done():
        open_ones = [place.verb("executions", machine, "--status", "RUNNING").json["executions"]
                     for machine in ("task", "pass")]
        return open_ones == [[], []]
    wait_until("all are done", all_done)
    listed = [e for machine in ("task", "pass")
              for e in place.verb("executions", machine, "--max", "1000").json["executions"]]
    demand_equal(set(arns), {e["executionArn"] for e in listed}, "what is listed")
    demand_equal({"SUCCEEDED"}, {e["status"] for e in listed}, "statuses")
    demand_equal(200, place.check()["executions"], "executions")


@case()
def verbs_at_once_without_serve(place):
    """Nobody owns the store: they take turns."""
    place.create("pass", PASS)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda i: place.verb("start", "pass", "--name", "n%d" % i), range(8)))
    names = {e["name"] for e in place.verb("executions", "pass").json["executions"]}
    demand_equal({"n%d" % i for i in range(8)}, names, "executions")
    place.check()


@case()
def check_while_it_works(place):
    """What changes under the check's eyes is no fault."""
    prepare_functions(place)
    place.create("steps", steps("quick", 2, 1))
    place.create("wait", wait(3600))
    place.create("pass", PASS)
    serve = place.serve("--retention", "2s")

    def client(machines):
        with Connection(serve.socket_path()) as connection:
            for machine in machines:
                status, _, body = connection.call("StartExecution", {"stateMachineArn": MACHINE_ARN + machine})
                demand_equal(200, status, str(body))
                if machine == "wait":
                    connection.call("StopExecution", {"executionArn": body["executionArn"]})
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        runs = [pool.submit(client, ["steps"] * 60), pool.submit(client, ["wait"] * 300),
                pool.submit(client, ["pass"] * 1000)]
        while not all(run.done() for run in runs):
            place.check()
        for run in runs:
            run.result()
    while place.check()["open"] > 0:
        pass


@case()
def check_of_what_begins_again(place):
    """A Map or Parallel that is retried begins again, with children in the places of the former ones."""
    prepare_functions(place)
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 2, "BackoffRate": 1}]
    failing = {"StartAt": "Bad", "States": {"Bad": task("bad")["States"]["T"]}}
    slow = {"StartAt": "Half", "States": {"Half": task("half")["States"]["T"]}}
    kinds = {"map": {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": failing},
             "parallel": {"Type": "Parallel", "Branches": [slow, failing, wait(1)]}}
    for name, state in kinds.items():
        place.create(name, {"StartAt": "S", "States": {"S": {**state, "Retry": retry, "Next": "T"},
                                                       "T": {"Type": "Pass", "End": True}}})
    place.serve()
    for name in kinds:
        for i in range(3):
            place.verb("start", name, "--name", "n%d" % i, "--input", '{"items": [1, 2, 3]}')
    while place.check()["open"] > 0:
        pass
    for name in kinds:
        types = types_of(place, name + "/n0")
        started = {"map": "MapStateStarted", "parallel": "ParallelStateStarted"}[name]
        demand_equal(3, types.count(started), "%s: begun: %s" % (name, types))


@case("sqlite")
def examples_on_a_store(place):
    """`galliard run --store` ends as in memory, and every kind of state passes the check."""
    def run_example(folder):
        store = "sqlite:%s.db" % folder.name
        for expected_path in sorted(folder.glob("expected*.json")):
            expected = json.loads(expected_path.read_text())
            words = ["run", str(folder / (folder.name + ".asl.json")), "--json", "--quiet", "--store", store]
            given = folder / expected_path.name.replace("expected", "input")
            if given.exists():
                words += ["--input", "@%s" % given]
            if expected.get("virtualTime"):
                words.append("--virtual-time")
            run = place.verb(*words, expect=None).json
            demand_equal(expected["status"], run["status"], str(expected_path))
        demand_equal([], place.verb("store", "check", "--store", store).json["faults"], folder.name)
    folders = sorted(path.parent for path in EXAMPLES.glob("*/expected.json"))
    demand(len(folders) >= 10, "examples: %s" % folders)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(run_example, folders))


# Ends of serve.

@case()
def a_verb_leaves_calls_to_serve(place):
    log = prepare_functions(place)
    place.create("task", task("quick"))
    for name in ("one", "two"):
        started = place.verb("start", "task", "--name", name)
        demand("no engine is running" in started.err, started.err)
    place.verb("stop", "task/one")
    demand_equal("", log.read_text(), "calls without an engine")
    demand_equal("RUNNING", status_of(place, "task/two"), "task/two")
    place.check()
    place.serve()
    wait_until("task/two ends", lambda: status_of(place, "task/two") == "SUCCEEDED")
    demand_equal(1, len(log.read_text().splitlines()), "calls")
    demand_equal("ABORTED", status_of(place, "task/one"), "task/one")
    place.check()


@case()
def killed_in_the_middle(place):
    """kill -9 with tasks and waits in flight, four times: everything goes on where it was."""
    log = prepare_functions(place)
    count = 7 # more than are done between the kills, however slow the machine
    place.create("steps", steps("second", count, 1))
    serve = place.serve()
    rng = random.Random(7)
    names = ["e%d" % i for i in range(12)]
    with Connection(serve.socket_path()) as connection:
        for name in names:
            status, _, body = connection.call("StartExecution", {"stateMachineArn": MACHINE_ARN + "steps", "name": name})
            demand_equal(200, status, str(body))
    seen = {}
    kills = 4
    for kill in range(kills):
        for name in rng.sample(names, 2):
            remember_history(place, seen, name)
        if kill % 2 == 0: # while a call is out
            size = log.stat().st_size
            wait_until("a call, unless the last one was made", pause=0.01, # pylint: disable=cell-var-from-loop
                       condition=lambda: log.stat().st_size > size or serve.said("SUCCEEDED"))
        else:
            time.sleep(rng.uniform(0.2, 1.1))
        serve.kill()
        demand_equal({"RUNNING", "SUCCEEDED"} | {status_of(place, "steps/e0")}, {"RUNNING", "SUCCEEDED"}, "statuses")
        serve = place.serve()
    wait_until("all are done", lambda: not place.verb("executions", "steps", "--status", "RUNNING").json["executions"],
               seconds_max=120)
    for name in names:
        remember_history(place, seen, name)
        demand_equal("SUCCEEDED", status_of(place, "steps/" + name), name)
        demand_equal(["TaskStateEntered", "LambdaFunctionScheduled"],
                     [e["type"] for e in seen[name]][1:3], "the beginning of %s" % name)
    dispatches = collections.Counter(log.read_text().splitlines())
    demand_equal(count * len(names), len(dispatches), "attempts")
    demand(max(dispatches.values()) <= 1 + kills, "dispatched too often: %s" % dispatches.most_common(3))
    demand(max(dispatches.values()) > 1, "no attempt was cut off: the case shows nothing")
    scheduled = {"%ssteps:%s/%d/0" % (EXECUTION_ARN, name, event["id"]) for name in names for event in seen[name]
                 if event["type"] == "LambdaFunctionScheduled"}
    parts = [identity.rsplit("/", 3) for identity in dispatches] # ARN and id of the execution, event, attempt
    demand_equal(scheduled, {"%s/%s/%s" % (arn, event, attempt) for arn, _, event, attempt in parts}, "identities")
    report = place.check()
    demand_equal((12, 0, 0), (report["executions"], report["open"], report["runs"]), "check")


def remember_history(place, seen, name):
    """A history once returned stays a prefix of every later one."""
    events = place.verb("history", "steps/" + name).json["events"]
    before = seen.get(name, [])
    demand_equal(before, events[:len(before)], "the history of %s has changed" % name)
    demand_equal(list(range(1, len(events) + 1)), [event["id"] for event in events], "ids of %s" % name)
    seen[name] = events


@case()
def waiting_outlives_serve(place):
    """start --wait and history --follow look at the store: they go on when serve dies, and see the end."""
    prepare_functions(place)
    place.create("steps", steps("half", 2, 1))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(place.verb, "start", "steps", "--name", "s", "--wait")
        wait_until("it is there", lambda: place.verb("describe", "steps/s", expect=None).exit == 0)
        following = pool.submit(place.verb, "history", "steps/s", "--follow")
        time.sleep(0.3)
        serve = place.serve() # nobody ran it until now
        time.sleep(1)
        serve.kill()
        time.sleep(0.3)
        place.serve()
        demand_equal("SUCCEEDED", waiting.result().json["status"], "what start --wait says")
        demand("no engine is running" in waiting.result().err, waiting.result().err)
        followed = following.result().lines
    demand_equal(place.verb("history", "steps/s").json["events"], followed, "what was followed")
    place.check()


@case()
def timers_come_due_while_nobody_runs(place):
    place.create("wait", wait(2))
    serve = place.serve()
    place.verb("start", "wait", "--name", "w")
    serve.kill()
    time.sleep(2.5)
    demand_equal("RUNNING", status_of(place, "wait/w"), "nobody runs it")
    place.serve()
    wait_until("the timer fires", lambda: status_of(place, "wait/w") == "SUCCEEDED", seconds_max=5)
    place.check()


@case()
def parked_executions_wake(place):
    """They wait for longer than a minute, so they leave memory; a stop finds them all the same."""
    place.create("wait", wait(3600))
    serve = place.serve()
    for i in range(5):
        place.verb("start", "wait", "--name", "w%d" % i)
    place.verb("stop", "wait/w0")
    serve.kill()
    place.verb("stop", "wait/w1")
    place.serve()
    place.verb("stop", "wait/w2")
    statuses = {e["name"]: e["status"] for e in place.verb("executions", "wait").json["executions"]}
    demand_equal({"w0": "ABORTED", "w1": "ABORTED", "w2": "ABORTED", "w3": "RUNNING", "w4": "RUNNING"}, statuses,
                 "statuses")
    demand_equal(2, place.check()["open"], "open")


@case()
def a_graceful_stop(place):
    log = prepare_functions(place)
    place.create("task", task("long"))
    serve = place.serve()
    place.verb("start", "task", "--name", "t")
    wait_until("the call is out", lambda: log.read_text() != "")
    begun = time.monotonic()
    status, _ = serve.stop(signal.SIGINT)
    demand_equal(0, status, "exit status: %s" % serve.log)
    demand(time.monotonic() - begun < 5, "it took longer than 5 s")
    demand(serve.said("SIGINT: stopping") and serve.said("stopped$"), "log: %s" % serve.log)
    begun = time.monotonic()
    place.create("pass", PASS)
    demand(time.monotonic() - begun < 5, "the lease was not given back")
    place.write("galliard.json", {**functions(log), "functions": {**functions(log)["functions"],
                                                                  "long": functions(log)["functions"]["quick"]}})
    place.serve()
    wait_until("it goes on", lambda: status_of(place, "task/t") == "SUCCEEDED")
    attempts = log.read_text().splitlines()
    demand_equal(2, len(attempts), "calls")
    demand_equal(1, len(set(attempts)), "identities of one attempt")
    place.check()


@case()
def starts_while_serve_stops(place):
    """An answer of 200 is an execution for ever; any other answer is a refusal that says so."""
    place.create("pass", PASS)
    serve = place.serve()
    path = serve.socket_path()
    acknowledged, others = [], []

    def client(number):
        for i in range(1000):
            name = "c%d-%d" % (number, i)
            try:
                with Connection(path) as connection:
                    status, _, body = connection.call("StartExecution", {"stateMachineArn": MACHINE_ARN + "pass",
                                                                         "name": name})
            except (OSError, EOFError):
                return
            (acknowledged if status == 200 else others).append((name, status, body))
            if status != 200:
                return
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(client, i) for i in range(4)]
        time.sleep(0.5)
        status, _ = serve.stop()
        for run in runs:
            run.result()
    demand_equal(0, status, "exit status")
    demand(acknowledged, "nothing was started")
    demand(all(status == 503 for _, status, _ in others), "refusals: %s" % others)
    names = {e["name"] for e in place.verb("executions", "pass", "--max", "100000").json["executions"]}
    missing = {name for name, _, _ in acknowledged} - names
    demand(not missing, "acknowledged and lost: %s" % missing)
    place.check()


@case("sqlite")
def a_second_serve_is_refused(place):
    first = place.serve()
    second = place.serve_unready()
    demand(second.process.wait(20) == 2, "exit status %s: %s" % (second.process.returncode, second.log))
    wait_until("it says why", lambda: second.said(r"\b%d\b" % first.process.pid))
    place.create("pass", PASS)
    demand_equal("SUCCEEDED", place.verb("start", "pass", "--wait").json["status"], "the first one works on")
    path = first.socket_path()
    demand_equal(0o600, stat.S_IMODE(os.stat(path).st_mode), "mode of the socket")
    demand_equal(str(place.directory / "galliard.db.sock"), os.path.realpath(path), "place of the socket")
    first.kill()
    demand(os.path.exists(path), "a killed process leaves its socket")
    third = place.serve()
    demand_equal(path, third.socket_path(), "the stale socket is replaced")
    demand_equal("SUCCEEDED", place.verb("start", "pass", "--wait").json["status"], "the third one")
    third.stop()
    place.write("galliard.db.sock", "mine")
    fourth = place.serve_unready()
    demand(fourth.process.wait(20) == 2, "something else is in the way: %s" % fourth.log)
    demand_equal("mine", (place.directory / "galliard.db.sock").read_text(), "what is not ours stays")


@case("sqlite")
def a_long_path(place):
    """The socket cannot stand beside the file: it is elsewhere, and the verbs find it."""
    directory = place.directory / ("d" * 100)
    directory.mkdir()
    place.environment["GALLIARD_STORE"] = "sqlite:%s/galliard.db" % directory
    serve = place.serve()
    demand(len(serve.socket_path()) < 108, serve.socket_path())
    place.create("wait", wait(3600))
    started = place.verb("start", "wait")
    demand("no engine" not in started.err, started.err)
    serve.stop()
    demand(not os.path.exists(os.path.dirname(serve.socket_path())), "the socket's directory is left")


@case("postgres")
def a_second_serve_stands_by(place):
    prepare_functions(place)
    first = place.serve()
    second = place.serve()
    demand(second.said("standing by"), "log: %s" % second.log)
    place.create("steps", steps("half", 2, 1))
    with Connection(second.socket_path()) as connection:
        status, _, _ = connection.call("StartExecution", {"stateMachineArn": MACHINE_ARN + "steps"})
        demand_equal(200, status, "the owner does what writes")
        status, _, text = connection.request("GET", "/health", {})
        demand_equal("standby", json.loads(text)["role"], "health")
    place.verb("start", "steps", "--name", "s")
    first.kill()
    wait_until("the second one takes over", lambda: second.said("owns the store"), seconds_max=5)
    wait_until("it goes on", lambda: status_of(place, "steps/s") == "SUCCEEDED")
    place.check()


def start_many(serve, machine, names):
    with Connection(serve.socket_path()) as connection:
        for name in names:
            status, _, body = connection.call("StartExecution", {"stateMachineArn": MACHINE_ARN + machine,
                                                                 "name": name})
            demand_equal(200, status, str(body))


def demand_all_done(place, machine, log, restarts):
    def none_is_open():
        listed = place.verb("executions", machine, "--status", "RUNNING", expect=None)
        return listed.exit == 0 and not listed.json["executions"] # the database may not take connections yet
    wait_until("all are done", none_is_open, seconds_max=60)
    statuses = {e["status"] for e in place.verb("executions", machine).json["executions"]}
    demand_equal({"SUCCEEDED"}, statuses, "statuses")
    dispatches = collections.Counter(log.read_text().splitlines())
    demand(max(dispatches.values()) <= 1 + restarts, "dispatched too often: %s" % dispatches.most_common(3))
    place.check()


@case("postgres")
def a_stopped_serve_is_succeeded(place):
    """SIGSTOP in the middle: the other one takes over when the lease is over; the first one, coming back, does nothing."""
    log = prepare_functions(place)
    place.create("steps", steps("half", 3, 1))
    first = place.serve()
    second = place.serve()
    start_many(first, "steps", ["s%d" % i for i in range(8)])
    time.sleep(0.7)
    first.process.send_signal(signal.SIGSTOP)
    try:
        wait_until("the second one takes over", lambda: second.said("owns the store"), seconds_max=15)
        demand_all_done(place, "steps", log, restarts=1)
        histories = {name: place.verb("history", "steps/" + name).json for name in ("s0", "s7")}
        calls = log.read_text()
    finally:
        first.process.send_signal(signal.SIGCONT)
    wait_until("the first one stands by", lambda: first.said("standing by"), seconds_max=15)
    demand_equal(calls, log.read_text(), "calls of the one that came back")
    demand_equal(histories, {name: place.verb("history", "steps/" + name).json for name in histories}, "histories")
    second.kill()
    place.verb("start", "steps", "--name", "late", "--wait")
    demand(first.said("owns the store"), "the first one owns it again: %s" % first.log)
    place.check()


@case("postgres", alone=True)
def the_database_restarts(place):
    """The engine waits, says so, and goes on."""
    log = prepare_functions(place)
    place.create("steps", steps("half", 3, 1))
    serve = place.serve()
    start_many(serve, "steps", ["s%d" % i for i in range(8)])
    pid_file = os.path.join(os.environ["GAL_TEST_POSTGRES_DIR"], "data", "postmaster.pid")
    for pause in (0.4, 2.5):
        time.sleep(pause)
        with open(pid_file) as file:
            os.kill(int(file.readline()), signal.SIGQUIT)
    demand_all_done(place, "steps", log, restarts=6) # it may reconnect more than once to a database that is starting
    demand(serve.process.poll() is None, "serve has ended: %s" % serve.log)
    demand(serve.said("error"), "it says so")
    place.verb("start", "steps", "--name", "after", "--wait")
    place.check()
