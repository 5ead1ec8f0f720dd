"""What the crash test runs: machines of which the result is known beforehand, and clients that start, stop and look at
their executions, ask again until they have an answer, and write down each one.
"""
import json
import random
import sys
import threading
import time

from machines import ARN, FAIL, MACHINE_ARN
from place import Connection, Fault, demand, demand_equal

ANSWER_SECONDS_MAX = 300 # a slow machine gets through the starts of `serve` in a few of its short lives
PAUSE_SECONDS = 0.03
CLIENTS = 4
WORKERS = 3
ENDED = ("SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT")
RETRY_SECONDS, BACKOFF, TIMEOUT_SECONDS = 1, 2, 1


def functions(log):
    """galliard.json. The log has a line for each call: the attempt's identity, and the process that made the call."""
    def shell(text):
        return {"command": ["/bin/sh", "-c", "event=$(cat); echo \"$GALLIARD_TASK_ID $PPID\" >>%s; %s" % (log, text)],
                "maxConcurrency": 50}
    return {"functions": {
        "echo": shell("printf %s \"$event\""),
        "half": shell("sleep 0.5; printf %s \"$event\""),
        "slow": shell("sleep 3"),
        "broken": shell("echo '{\"errorType\": \"Broken\", \"errorMessage\": \"oh\"}' >&2; exit 1"),
    }}


def machine(*states, **more):
    """The states one after another, and `more` that are reached by name."""
    names = [name for name, _ in states]
    chain = {name: {**state, **({"Next": following} if following else {"End": True})}
             for (name, state), following in zip(states, names[1:] + [None])}
    return {"StartAt": names[0], "States": {**chain, **more}}


def call(name, **more):
    return {"Type": "Task", "Resource": ARN + name, **more}


def sleep(seconds):
    return {"Type": "Wait", "Seconds": seconds}


ONLY_N = {"n.$": "$.n"}
RECOVERED = {"Type": "Pass", "Result": "recovered", "End": True}
LOOP = {"StartAt": "Zero", "States": {
    "Zero": {"Type": "Pass", "Parameters": {"n.$": "$.n", "i": 0}, "Next": "Enough"},
    "Enough": {"Type": "Choice", "Choices": [{"Variable": "$.i", "NumericGreaterThanEquals": 4, "Next": "Done"}],
               "Default": "Call"},
    "Call": call("echo", Next="Count"),
    "Count": {"Type": "Pass", "Parameters": {"n.$": "$.n", "i.$": "States.MathAdd($.i, 1)"}, "Next": "Enough"},
    "Done": {"Type": "Succeed"},
}}
PARALLEL = {"Type": "Parallel", "Branches": [
    machine(("Half", call("half", Parameters=ONLY_N))),
    machine(("Sleep", sleep(1)), ("Slept", {"Type": "Pass", "Result": "slept"})),
    machine(("One", call("echo")), ("Two", call("echo", Parameters=ONLY_N))),
]}
MAP = {"Type": "Map", "ItemsPath": "$.list", "MaxConcurrency": 2, "ResultPath": "$.mapped",
       "ItemProcessor": machine(("Item", call("echo")))}

# A worker may die with the task, or with the answer to it.
ACTIVITY_ARN = "arn:aws:states:us-east-1:123456789012:activity:works"
WORK = {"Type": "Task", "Resource": ACTIVITY_ARN, "Parameters": {"id.$": "$$.Execution.Id"}, "ResultPath": "$.work",
        "TimeoutSeconds": 3, "Retry": [{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1, "BackoffRate": 1,
                                        "MaxAttempts": 1000}]}

# Name: definition, what its status is in the end, and its output for an input.
MACHINES = {
    "chain": (machine(("A", call("echo", Parameters=ONLY_N, ResultPath="$.a")),
                      ("B", call("half", Parameters=ONLY_N, ResultPath="$.b"))), "SUCCEEDED",
              lambda given: {**given, "a": {"n": given["n"]}, "b": {"n": given["n"]}}),
    "parallel": (machine(("Fork", PARALLEL)), "SUCCEEDED",
                 lambda given: [{"n": given["n"]}, "slept", {"n": given["n"]}]),
    "map": (machine(("Each", MAP)), "SUCCEEDED", lambda given: {**given, "mapped": given["list"]}),
    "waits": (machine(("First", sleep(1)), ("Call", call("echo")), ("Second", sleep(2))), "SUCCEEDED",
              lambda given: given),
    "retries": (machine(("Try", call("broken", Catch=[{"ErrorEquals": ["Broken"], "Next": "Recovered"}],
                                     Retry=[{"ErrorEquals": ["Broken"], "IntervalSeconds": RETRY_SECONDS,
                                             "BackoffRate": BACKOFF, "MaxAttempts": 2}])), Recovered=RECOVERED),
                "SUCCEEDED", lambda given: "recovered"),
    "timeouts": (machine(("Slow", call("slow", TimeoutSeconds=TIMEOUT_SECONDS,
                                       Catch=[{"ErrorEquals": ["States.Timeout"], "Next": "Recovered"}])),
                         Recovered=RECOVERED), "SUCCEEDED", lambda given: "recovered"),
    "loop": (LOOP, "SUCCEEDED", lambda given: {"n": given["n"], "i": 4}),
    "broken": (machine(("Broken", call("broken"))), "FAILED", None),
    "fail": (FAIL, "FAILED", None),
    "works": (machine(("Work", WORK), ("Forget", {"Type": "Pass", "Parameters": {"n.$": "$.n", "list.$": "$.list"}})),
              "SUCCEEDED", lambda given: given),
    "sleeps": (machine(("Sleep", sleep(3600))), "ABORTED", None),
}
NAMES = list(MACHINES)


def add_parked():
    """For runs that take minutes: an execution that waits this long leaves memory meanwhile."""
    MACHINES["parked"] = (machine(("Long", sleep(65)), ("Call", call("echo"))), "SUCCEEDED", lambda given: given)
    NAMES.append("parked")


def make_input(number):
    return {"n": number, "list": [number, number + 1, number + 2]}


def split_events(text):
    """The events of an answer of GetExecutionHistory, each as the text it was sent in."""
    decoder, texts = json.JSONDecoder(), []
    at = text.index("\"events\":[") + len("\"events\":[")
    while text[at] != "]":
        _, end = decoder.raw_decode(text, at)
        texts.append(text[at:end])
        at = end + (text[end] == ",")
    return texts


class Ledger:
    """What the clients were told. Each of them adds to it under its lock."""

    def __init__(self):
        self.lock = threading.Lock()
        self.number = 0  # of the newest name
        self.starts = {} # ARN: startDate, None when only its existence was said
        self.sent = 0    # starts without a name: each may have become an execution, asked again or not
        self.stops = {}  # ARN: stopDate
        self.ends = {}   # ARN: the answer that said first how it ended
        self.events = {} # ARN: {id: text}
        self.tasks = {}  # token: the execution's ARN, of each that a worker was given
        self.results = {} # ARN: results that were acknowledged
        self.answers = self.repeats = 0
        self.faults = []

    def started(self, arn, date):
        with self.lock:
            known = self.starts.get(arn)
            demand(known is None or date is None or known == date, "%s was started at %s and %s" % (arn, known, date))
            self.starts[arn] = known or date

    def stopped(self, arn, date):
        with self.lock:
            demand_equal(self.stops.setdefault(arn, date), date, "stopDate of " + arn)

    def described(self, arn, answer):
        if answer["status"] in ENDED:
            with self.lock:
                demand_equal(self.ends.setdefault(arn, answer), answer, "how %s ended" % arn)

    def read(self, arn, texts):
        with self.lock:
            known = self.events.setdefault(arn, {})
            for text in texts:
                event_id = json.loads(text)["id"]
                demand_equal(known.setdefault(event_id, text), text, "event %d of %s" % (event_id, arn))

    def given(self, token, arn):
        with self.lock:
            demand(token not in self.tasks, "a task of %s was given twice" % arn)
            self.tasks[token] = arn

    def acknowledged(self, arn, result):
        with self.lock:
            self.results.setdefault(arn, []).append(result)

    def some_arn(self, rng):
        with self.lock:
            arns = list(self.starts)
        return rng.choice(arns[-40:]) if arns and rng.random() < 0.8 else rng.choice(arns) if arns else None


class Client:
    """One connection, opened again whenever it is lost; a request is repeated until there is an answer to it."""

    def __init__(self, find_path, ledger, seed):
        self.find_path, self.ledger, self.rng = find_path, ledger, random.Random(seed)
        self.connection = None
        self.answers = self.repeats = 0

    def call(self, action, request):
        """(status, text)"""
        end = time.monotonic() + ANSWER_SECONDS_MAX
        body = json.dumps(request).encode()
        headers = {"X-Amz-Target": "AWSStepFunctions." + action, "Content-Type": "application/x-amz-json-1.0"}
        while time.monotonic() < end:
            try:
                self.connection = self.connection or self.connect()
                status, _, text = self.connection.request("POST", "/", headers, body)
                if status < 500:
                    self.answers += 1
                    return status, text
            except TimeoutError:
                raise Fault("%s %s: no answer on a connection that is open" % (action, request)) from None
            except (OSError, EOFError):
                self.hang_up()
            self.repeats += 1
            time.sleep(PAUSE_SECONDS)
        raise Fault("%s %s: no answer in %d s" % (action, request, ANSWER_SECONDS_MAX))

    def connect(self):
        path = self.find_path()
        if path is None:
            raise ConnectionRefusedError
        return Connection(path)

    def ask(self, action, request):
        status, text = self.call(action, request)
        demand_equal(200, status, "%s %s: %.400s" % (action, request, text))
        return json.loads(text)

    def hang_up(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    # What it does.

    def start_named(self):
        """Often a name that another client starts, or has started, too."""
        with self.ledger.lock:
            if self.rng.random() < 0.7:
                self.ledger.number += 1
            number = max(1, self.ledger.number - self.rng.choice([0, 0, 0, 1, 2, 30]))
        machine_arn = MACHINE_ARN + NAMES[number % len(NAMES)]
        name = "n%d" % number
        request = {"stateMachineArn": machine_arn, "name": name, "input": json.dumps(make_input(number))}
        status, text = self.call("StartExecution", request)
        answer = json.loads(text)
        if status == 400:
            demand_equal("ExecutionAlreadyExists", answer["__type"], "answer to the start of " + name)
            self.ledger.started(machine_arn.replace(":stateMachine:", ":execution:") + ":" + name, None)
            return
        demand_equal(200, status, "answer to the start of %s: %s" % (name, text))
        self.ledger.started(answer["executionArn"], answer["startDate"])

    def start_unnamed(self):
        request = {"stateMachineArn": MACHINE_ARN + self.rng.choice(NAMES), "input": json.dumps(make_input(0))}
        before = self.repeats
        answer = self.ask("StartExecution", request)
        with self.ledger.lock:
            demand(answer["executionArn"] not in self.ledger.starts, "%s was started twice" % answer["executionArn"])
            self.ledger.sent += 1 + self.repeats - before
        self.ledger.started(answer["executionArn"], answer["startDate"])

    def stop(self):
        arn = self.ledger.some_arn(self.rng)
        if arn:
            self.ledger.stopped(arn, self.ask("StopExecution", {"executionArn": arn, "error": "Enough"})["stopDate"])

    def describe(self):
        arn = self.ledger.some_arn(self.rng)
        if arn:
            self.ledger.described(arn, self.ask("DescribeExecution", {"executionArn": arn}))

    def read_history(self):
        arn = self.ledger.some_arn(self.rng)
        if arn:
            self.read_pages(arn, self.rng.choice([1, 3, 10, 1000]), self.rng.randint(1, 4), self.rng.random() < 0.3)

    def read_pages(self, arn, size, pages, reverse=False):
        """Pages in a row, across ends of `serve`: their ids are without a gap."""
        request = {"executionArn": arn, "maxResults": size, "reverseOrder": reverse}
        texts = []
        while pages > 0:
            status, text = self.call("GetExecutionHistory", request)
            demand_equal(200, status, "%s: %s" % (request, text))
            texts += split_events(text)
            pages -= 1
            token = json.loads(text).get("nextToken")
            if token is None:
                break
            request["nextToken"] = token
        ids = [json.loads(text)["id"] for text in texts]
        first = ids[0] if reverse else 1
        wanted = range(first, first - len(ids), -1) if reverse else range(1, 1 + len(ids))
        demand_equal(list(wanted), ids, "ids of %s" % request)
        self.ledger.read(arn, texts)
        return texts

    def actions(self):
        return [self.start_named] * 9 + [self.start_unnamed] * 3 + [self.read_history] * 5 + [self.describe] * 2 \
            + [self.stop] * 2

    def work(self, enough):
        actions = self.actions()
        try:
            while not enough.is_set():
                self.rng.choice(actions)()
                time.sleep(self.rng.uniform(0.01, 0.15))
        except Fault as fault:
            self.ledger.faults.append(str(fault))
        except Exception: # pylint: disable=broad-except
            self.ledger.faults.append("%s: %s" % sys.exc_info()[:2])
            raise
        finally:
            self.hang_up()
            with self.ledger.lock:
                self.ledger.answers += self.answers
                self.ledger.repeats += self.repeats


class Worker(Client):
    """Polls for tasks, now and then with little patience; says how each went, until it is heard or too late."""

    def actions(self):
        return [self.take_task]

    def poll(self):
        request = {"activityArn": ACTIVITY_ARN, "workerName": "w%d" % self.rng.randrange(1 << 40)}
        headers = {"X-Amz-Target": "AWSStepFunctions.GetActivityTask", "Content-Type": "application/x-amz-json-1.0"}
        try:
            connection = self.connect()
        except OSError:
            return {}
        try:
            connection.socket.settimeout(self.rng.choice([0.02, 0.5, 3]))
            status, _, text = connection.request("POST", "/", headers, json.dumps(request).encode())
            demand(status in (200, 503), "GetActivityTask: %d %s" % (status, text))
            return json.loads(text)
        except (OSError, EOFError):
            return {}
        finally:
            connection.close()

    def take_task(self):
        task = self.poll()
        if not task.get("taskToken"):
            time.sleep(PAUSE_SECONDS)
            return
        arn = json.loads(task["input"])["id"]
        self.ledger.given(task["taskToken"], arn)
        result = json.dumps({"by": self.rng.randrange(1 << 60)})
        for _ in range(self.rng.choice([0, 0, 1])):
            if not self.tell("SendTaskHeartbeat", task["taskToken"]):
                return
        if self.tell("SendTaskSuccess", task["taskToken"], output=result):
            self.ledger.acknowledged(arn, result)
            demand(not self.tell("SendTaskSuccess", task["taskToken"], output=result), "%s: acknowledged twice" % arn)

    def tell(self, action, token, **more):
        """False: it is over. When the answer is lost, the next one may say so of what was done."""
        status, text = self.call(action, {"taskToken": token, **more})
        demand(status == 200 or json.loads(text)["__type"] == "TaskTimedOut", "%s: %d %s" % (action, status, text))
        return status == 200
