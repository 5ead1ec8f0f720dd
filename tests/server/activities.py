"""Activities and task tokens: workers that poll, answer, hang up, come late; and a `serve` that dies between any two
of these."""
import concurrent.futures
import json
import threading
import time

from cases import case
from machines import EXECUTION_ARN, MACHINE_ARN
from place import Connection, demand, demand_equal, wait_until

ACTIVITY_ARN = "arn:aws:states:us-east-1:123456789012:activity:"
TIMED_OUT = ("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
INVALID = ("InvalidToken", "Invalid Token: 'Invalid token'")


def activity_task(name, **fields):
    return {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": ACTIVITY_ARN + name, **fields, "End": True}}}


def ask(serve, action, **request):
    """The answer, which must be a good one."""
    with Connection(serve.socket_path()) as connection:
        status, _, answer = connection.call(action, request)
    demand_equal(200, status, "%s: %s" % (action, answer))
    return answer


def refused(serve, action, **request):
    """(name, message) of the error."""
    with Connection(serve.socket_path()) as connection:
        status, headers, answer = connection.call(action, request)
    demand_equal(400, status, "%s: %s" % (action, answer))
    demand_equal(headers["x-amzn-errortype"], answer["__type"], "x-amzn-errortype")
    return answer["__type"], answer["message"]


class Poll:
    """A long poll under way."""

    def __init__(self, serve, activity, worker=None):
        self.connection = Connection(serve.socket_path())
        self.connection.socket.settimeout(90)
        request = {"activityArn": ACTIVITY_ARN + activity, **({"workerName": worker} if worker else {})}
        body = json.dumps(request).encode()
        self.connection.send(b"POST / HTTP/1.1\r\nHost: galliard\r\nContent-Type: application/x-amz-json-1.0\r\n"
                             b"X-Amz-Target: AWSStepFunctions.GetActivityTask\r\nContent-Length: %d\r\n\r\n%s"
                             % (len(body), body))

    def take(self):
        """Waits for the answer."""
        try:
            status, _, text = self.connection.read_response()
        finally:
            self.connection.close()
        demand_equal(200, status, "GetActivityTask: %s" % text)
        return json.loads(text)

    def hang_up(self):
        self.connection.close()


def poll(serve, activity, worker=None):
    return Poll(serve, activity, worker).take()


def prepare(place, definition=None, name="m"):
    serve = place.serve()
    ask(serve, "CreateActivity", name="a")
    place.create(name, definition or activity_task("a"))
    return serve


# What the verbs do, without a process each.

def start(place, name, machine="m", input="{}"):
    ask(place.serves[-1], "StartExecution", stateMachineArn=MACHINE_ARN + machine, name=name, input=input)


def execution_arn(name):
    return EXECUTION_ARN + name.replace("/", ":")


def describe(place, name):
    return ask(place.serves[-1], "DescribeExecution", executionArn=execution_arn(name))


def status_of(place, name):
    return describe(place, name)["status"]


def events(place, name):
    return ask(place.serves[-1], "GetExecutionHistory", executionArn=execution_arn(name))["events"]


def types_of(place, name):
    return [event["type"] for event in events(place, name)]


def wait_status(place, name, status):
    wait_until("%s is %s" % (name, status), lambda: status_of(place, name) == status)


def wait_event(place, name, type):
    wait_until("%s in %s" % (type, name), lambda: type in types_of(place, name))


# The registry.

@case()
def activities_are_registered(place):
    serve = place.serve()
    created = ask(serve, "CreateActivity", name="a", tags=[{"key": "k", "value": "v"}])
    demand_equal(ACTIVITY_ARN + "a", created["activityArn"], "ARN")
    demand_equal(created, ask(serve, "CreateActivity", name="a"), "the same again")
    described = ask(serve, "DescribeActivity", activityArn=ACTIVITY_ARN + "a")
    demand_equal({**created, "name": "a", "encryptionConfiguration": {"type": "AWS_OWNED_KEY"}}, described, "describe")
    key = {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "alias/mine"}
    ask(serve, "CreateActivity", name="b", encryptionConfiguration=key)
    demand_equal({**key, "kmsDataKeyReusePeriodSeconds": 300},
                 ask(serve, "DescribeActivity", activityArn=ACTIVITY_ARN + "b")["encryptionConfiguration"], "its key")
    for encryption in ({"type": "CUSTOMER_MANAGED_KMS_KEY"}, {**key, "type": "AWS_OWNED_KEY"}):
        demand_equal("InvalidEncryptionConfiguration",
                     refused(serve, "CreateActivity", name="c", encryptionConfiguration=encryption)[0], "a bad one")
    demand_equal(("ActivityAlreadyExists", "Activity Already Exists: '%sb'" % ACTIVITY_ARN),
                 refused(serve, "CreateActivity", name="b"), "another configuration")
    for name in ("a b", "a\x7f", "a:b", "\x85", "a#"):
        demand_equal(("InvalidName", "Invalid Name: '%s'" % name), refused(serve, "CreateActivity", name=name), "name")

    for i in range(5):
        ask(serve, "CreateActivity", name="l%d" % i)
    page = ask(serve, "ListActivities", maxResults=4)
    rest = ask(serve, "ListActivities", maxResults=4, nextToken=page["nextToken"])
    demand("nextToken" not in rest, "the last page has no token")
    demand_equal(["a", "b", "l0", "l1", "l2", "l3", "l4"],
                 [item["name"] for item in page["activities"] + rest["activities"]], "two pages")
    demand_equal(created["creationDate"], page["activities"][0]["creationDate"], "creationDate")
    demand_equal(INVALID, refused(serve, "ListActivities", nextToken="x"), "a token that is none")

    demand_equal({}, ask(serve, "DeleteActivity", activityArn=ACTIVITY_ARN + "a"), "delete")
    demand_equal({}, ask(serve, "DeleteActivity", activityArn=ACTIVITY_ARN + "a"), "once more")
    missing = ("ActivityDoesNotExist", "Activity Does Not Exist: '%sa'" % ACTIVITY_ARN)
    demand_equal(missing, refused(serve, "DescribeActivity", activityArn=ACTIVITY_ARN + "a"), "describe")
    demand_equal(missing, refused(serve, "GetActivityTask", activityArn=ACTIVITY_ARN + "a"), "poll")
    other = ACTIVITY_ARN.replace("us-east-1", "eu-west-1") + "b"
    demand_equal("ActivityDoesNotExist", refused(serve, "DescribeActivity", activityArn=other)[0], "another region")
    for arn, reason in (("b", "Invalid ARN prefix: b"),
                        (MACHINE_ARN + "b", "Resource type not valid in this context: stateMachine")):
        for action in ("DescribeActivity", "DeleteActivity", "GetActivityTask"):
            demand_equal(("InvalidArn", "Invalid Arn: '%s'" % reason), refused(serve, action, activityArn=arn), action)
    serve.kill()
    again = place.serve()
    demand_equal(["b", "l0", "l1", "l2", "l3", "l4"],
                 [item["name"] for item in ask(again, "ListActivities")["activities"]], "after a kill")


# A life.

@case()
def a_worker_and_its_task(place):
    serve = prepare(place, activity_task("a", TimeoutSeconds=30, HeartbeatSeconds=20))
    start(place, "one", input='{"n": [1, 2]}')
    task = poll(serve, "a", "w1")
    demand_equal('{"n":[1,2]}', task["input"], "input")
    token = task["taskToken"]
    demand(len(token) <= 1024 and set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                                    "0123456789-_"), token)
    demand_equal({}, ask(serve, "SendTaskHeartbeat", taskToken=token), "heartbeat")
    demand_equal("InvalidOutput", refused(serve, "SendTaskSuccess", taskToken=token, output="{")[0], "no JSON")
    demand_equal("ValidationException",
                 refused(serve, "SendTaskSuccess", taskToken=token, output='"%s"' % ("x" * 262143))[0], "too long")
    demand_equal("RUNNING", status_of(place, "m/one"), "status")
    demand_equal({}, ask(serve, "SendTaskSuccess", taskToken=token, output='{"r": "\u00e4"}'), "success")
    demand("SUCCEEDED" == status_of(place, "m/one"), "a 200 is in the history")
    history = events(place, "m/one")
    demand_equal(["ExecutionStarted", "TaskStateEntered", "ActivityScheduled", "ActivityStarted", "ActivitySucceeded",
                  "TaskStateExited", "ExecutionSucceeded"], [event["type"] for event in history], "events")
    demand_equal({"resource": ACTIVITY_ARN + "a", "input": '{"n":[1,2]}', "inputDetails": {"truncated": False},
                  "timeoutInSeconds": 30, "heartbeatInSeconds": 20}, history[2]["activityScheduledEventDetails"], "3")
    demand_equal({"workerName": "w1"}, history[3]["activityStartedEventDetails"], "4")
    demand_equal('{"r": "\u00e4"}', history[4]["activitySucceededEventDetails"]["output"], "5")
    for action, request in (("SendTaskSuccess", {"output": "1"}), ("SendTaskFailure", {}), ("SendTaskHeartbeat", {})):
        demand_equal(TIMED_OUT, refused(serve, action, taskToken=token, **request), action + " after the end")
        for wrong in ("x", token[:-1], token + "A", ("B" if token[0] == "A" else "A") + token[1:],
                      token[:-1] + ("B" if token[-1] == "A" else "A"), "x" * 2000):
            demand_equal(INVALID, refused(serve, action, taskToken=wrong, **request), action + " with " + wrong[:120])

    start(place, "two")
    task = poll(serve, "a")
    ask(serve, "SendTaskFailure", taskToken=task["taskToken"], error="Bad", cause="luck")
    described = describe(place, "m/two")
    demand_equal(("FAILED", "Bad", "luck"), (described["status"], described["error"], described["cause"]), "two")
    demand_equal({}, events(place, "m/two")[3].get("activityStartedEventDetails", {}), "a worker without a name")
    start(place, "three")
    ask(serve, "SendTaskFailure", taskToken=poll(serve, "a")["taskToken"])
    described = describe(place, "m/three")
    demand_equal(("FAILED", None, None), (described["status"], described.get("error"), described.get("cause")), "three")
    place.check()


@case()
def a_token_whose_execution_was_purged(place):
    serve = prepare(place)
    start(place, "one")
    token = poll(serve, "a")["taskToken"]
    ask(serve, "SendTaskSuccess", taskToken=token, output="1")
    time.sleep(0.1)
    purged = ask(serve, "PurgeExecutions", closedBefore=time.time())
    demand(purged["removed"] >= 1, str(purged))
    demand_equal("TaskDoesNotExist", refused(serve, "SendTaskHeartbeat", taskToken=token)[0], "its execution is gone")


@case()
def tasks_go_to_workers_in_their_order(place):
    serve = prepare(place)
    first = Poll(serve, "a", "w1")
    time.sleep(0.2)
    second = Poll(serve, "a", "w2")
    time.sleep(0.2)
    start(place, "one", input='"one"')
    demand_equal('"one"', first.take()["input"], "the first worker")
    start(place, "two", input='"two"')
    demand_equal('"two"', second.take()["input"], "the second")
    for name in ("three", "four", "five"):
        start(place, name, input=json.dumps(name))
    demand_equal(["three", "four", "five"], [json.loads(poll(serve, "a")["input"]) for _ in range(3)], "first in, first out")


@case("sqlite")
def a_poll_lasts_a_minute(place):
    serve = prepare(place)
    begun = time.monotonic()
    waiting = Poll(serve, "a")
    demand_equal({"taskToken": None}, waiting.take(), "an empty poll")
    took = time.monotonic() - begun
    demand(59.5 < took < 62, "it took %.1f s" % took)
    stopping = Poll(serve, "a")
    time.sleep(0.3)
    status, seconds = serve.stop()
    demand_equal(0, status, "exit status")
    demand(seconds < 5, "stopping took %.1f s" % seconds)
    demand_equal({"taskToken": None}, stopping.take(), "what waits is answered when serve stops")


@case()
def a_worker_that_hangs_up_loses_nothing(place):
    serve = prepare(place)
    for i in range(20):
        gone = [Poll(serve, "a", "gone") for _ in range(3)]
        there = None
        for item in gone:
            item.hang_up()
        start(place, "e%d" % i)
        there = poll(serve, "a", "there")
        ask(serve, "SendTaskSuccess", taskToken=there["taskToken"], output="{}")
        demand_equal(["there"], [event["activityStartedEventDetails"]["workerName"] for event in events(place, "m/e%d" % i)
                                 if event["type"] == "ActivityStarted"], "who has started it")


@case()
def many_workers_some_of_which_leave(place):
    """One that leaves in the very moment may be given a task; that comes again when its time is over."""
    serve = prepare(place, activity_task("a", TimeoutSeconds=5, Retry=[
        {"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1, "MaxAttempts": 20}]))
    count, done, tokens = 120, set(), set()
    lock, stop = threading.Lock(), threading.Event()

    def work(index):
        while not stop.is_set():
            one = Poll(serve, "a", "w%d" % index)
            if index % 3 == 0:
                time.sleep(0.01)
                one.hang_up()
                continue
            answer = one.take()
            if answer["taskToken"] is None:
                continue
            with lock:
                demand(answer["taskToken"] not in tokens, "given twice: %s" % answer["input"])
                tokens.add(answer["taskToken"])
            ask(serve, "SendTaskSuccess", taskToken=answer["taskToken"], output=answer["input"])
            with lock:
                done.add(answer["input"])

    with concurrent.futures.ThreadPoolExecutor(9) as pool:
        futures = [pool.submit(work, index) for index in range(9)]
        with Connection(serve.socket_path()) as connection:
            for i in range(count):
                status, _, answer = connection.call("StartExecution", {
                    "stateMachineArn": MACHINE_ARN + "m", "name": "e%d" % i, "input": str(i)})
                demand_equal(200, status, str(answer))
        wait_until("they are done", lambda: len(done) == count, seconds_max=60)
        stop.set()
        for i in range(9):
            start(place, "last%d" % i, input='"last%d"' % i)
        for future in futures:
            future.result()
    lost = sum(types_of(place, "m/e%d" % i).count("ActivityTimedOut") for i in range(count))
    demand(lost < count / 4, "%d tasks were given to workers that had gone" % lost)
    place.check()


# Sudden ends.

@case()
def a_kill_before_and_after_a_worker_takes_the_task(place):
    serve = prepare(place)
    start(place, "one", input='"one"')
    wait_event(place, "m/one", "ActivityScheduled")
    serve.kill()
    serve = place.serve()
    task = poll(serve, "a", "w")
    demand_equal('"one"', task["input"], "input")
    serve.kill()
    serve = place.serve()
    start(place, "two", input='"two"')
    other = poll(serve, "a", "w")
    demand_equal('"two"', other["input"], "the first task is not given to another worker")
    ask(serve, "SendTaskHeartbeat", taskToken=task["taskToken"])
    ask(serve, "SendTaskSuccess", taskToken=task["taskToken"], output='"done"')
    serve.kill()
    serve = place.serve()
    demand_equal("SUCCEEDED", status_of(place, "m/one"), "status")
    demand_equal(TIMED_OUT, refused(serve, "SendTaskSuccess", taskToken=task["taskToken"], output="2"), "the same again")
    demand_equal(["ExecutionStarted", "TaskStateEntered", "ActivityScheduled", "ActivityStarted", "ActivitySucceeded",
                  "TaskStateExited", "ExecutionSucceeded"], types_of(place, "m/one"), "events")
    ask(serve, "SendTaskFailure", taskToken=other["taskToken"], error="E")
    demand_equal("FAILED", status_of(place, "m/two"), "status")
    place.check()


# Times.

@case()
def an_activity_times_out(place):
    serve = prepare(place, activity_task("a", TimeoutSeconds=1))
    start(place, "patient")
    time.sleep(1.5) # nobody has it: its clock stands still
    demand_equal("RUNNING", status_of(place, "m/patient"), "status")
    token = poll(serve, "a")["taskToken"]
    wait_status(place, "m/patient", "FAILED")
    demand_equal(["ActivityScheduled", "ActivityStarted", "ActivityTimedOut", "ExecutionFailed"],
                 types_of(place, "m/patient")[2:], "events")
    demand_equal({"error": "States.Timeout"}, events(place, "m/patient")[4]["activityTimedOutEventDetails"], "details")
    for action, request in (("SendTaskSuccess", {"output": "1"}), ("SendTaskFailure", {}), ("SendTaskHeartbeat", {})):
        demand_equal(TIMED_OUT, refused(serve, action, taskToken=token, **request), action)

    place.create("beat", activity_task("a", HeartbeatSeconds=2, TimeoutSeconds=3600))
    start(place, "b", machine="beat")
    token = poll(serve, "a")["taskToken"]
    for _ in range(6):
        time.sleep(0.5)
        ask(serve, "SendTaskHeartbeat", taskToken=token)
    demand_equal("RUNNING", status_of(place, "beat/b"), "its heart beats")
    wait_status(place, "beat/b", "FAILED")
    demand_equal(TIMED_OUT, refused(serve, "SendTaskHeartbeat", taskToken=token), "too late")
    demand("SendTaskHeartbeat" not in str(types_of(place, "beat/b")), "a heartbeat is no event")


@case()
def an_old_token_is_dead_after_a_retry(place):
    serve = prepare(place, activity_task("a", Retry=[{"ErrorEquals": ["Again"], "IntervalSeconds": 1}]))
    start(place, "one")
    old = poll(serve, "a")["taskToken"]
    ask(serve, "SendTaskFailure", taskToken=old, error="Again")
    demand_equal(TIMED_OUT, refused(serve, "SendTaskSuccess", taskToken=old, output="1"), "between the attempts")
    new = poll(serve, "a")["taskToken"]
    demand(new != old, "each attempt has its own")
    demand_equal(TIMED_OUT, refused(serve, "SendTaskSuccess", taskToken=old, output="1"), "beside the second attempt")
    ask(serve, "SendTaskSuccess", taskToken=new, output="2")
    demand_equal("2", describe(place, "m/one")["output"], "output")


@case()
def a_token_after_the_execution_was_stopped(place):
    serve = prepare(place)
    start(place, "one")
    token = poll(serve, "a")["taskToken"]
    start(place, "two")
    for name in ("m/one", "m/two"):
        ask(serve, "StopExecution", executionArn=execution_arn(name))
    demand_equal(TIMED_OUT, refused(serve, "SendTaskSuccess", taskToken=token, output="1"), "m/one")
    start(place, "three", input='"three"')
    demand_equal('"three"', poll(serve, "a")["input"], "the task of a stopped execution is nobody's")
    place.check()


# Activities that are not there.

@case()
def an_activity_that_is_not_there(place):
    serve = prepare(place, activity_task("none"))
    start(place, "one")
    described = describe(place, "m/one")
    demand_equal(("FAILED", "States.Runtime"), (described["status"], described["error"]), "status")
    demand_equal(["ExecutionStarted", "TaskStateEntered", "ExecutionFailed"], types_of(place, "m/one"), "events")
    demand(("Activity Does Not Exist: '%snone'" % ACTIVITY_ARN) in described["cause"], described["cause"])


@case()
def an_activity_is_deleted_and_made_again(place):
    serve = prepare(place)
    start(place, "one", input='"one"')
    ask(serve, "DeleteActivity", activityArn=ACTIVITY_ARN + "a")
    demand_equal("RUNNING", status_of(place, "m/one"), "its task goes on waiting")
    ask(serve, "CreateActivity", name="a")
    task = poll(serve, "a")
    demand_equal('"one"', task["input"], "for workers of that name")
    waiting = Poll(serve, "a")
    time.sleep(0.2)
    ask(serve, "DeleteActivity", activityArn=ACTIVITY_ARN + "a")
    status, _, text = waiting.connection.read_response()
    demand_equal((400, "ActivityDoesNotExist"), (status, json.loads(text)["__type"]), "who waits is told")
    ask(serve, "SendTaskSuccess", taskToken=task["taskToken"], output='"done"')
    demand_equal("SUCCEEDED", status_of(place, "m/one"), "what was taken can be finished")


# Tokens of functions.

def callback(name, **fields):
    return {"StartAt": "T", "States": {"T": {
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters": {"FunctionName": name, "Payload": {"token.$": "$$.Task.Token", "n.$": "$.n"}}, **fields,
        "End": True}}}


def prepare_callbacks(place):
    """`note` writes its event to a file and returns; `hasty` sends its token itself and does something after that."""
    seen = place.directory / "seen.log"
    done = place.directory / "done.log"
    script = place.directory / "hasty.sh"
    script.write_text("event=$(cat)\n"
                      "token=$(printf %%s \"$event\" | sed 's/.*\"token\":\"\\([^\"]*\\)\".*/\\1/')\n"
                      "%s call SendTaskSuccess \"{\\\"taskToken\\\":\\\"$token\\\",\\\"output\\\":\\\"7\\\"}\" >>%s.out 2>&1\n"
                      "sleep 1\necho done >>%s\necho '\"ignored\"'\n" % (place.galliard, done, done))
    place.write("galliard.json", {"functions": {
        "note": {"command": ["/bin/sh", "-c", "cat >>%s; echo >>%s; echo '{\"noted\": true}'" % (seen, seen)]},
        "hasty": {"command": ["/bin/sh", str(script)], "environment": {"GALLIARD_STORE": place.url}},
        "bad": {"command": ["/bin/sh", "-c", "cat >>%s; echo >>%s; exit 1" % (seen, seen)]},
    }})
    seen.touch()
    return seen, done


@case()
def a_callback(place):
    seen, _ = prepare_callbacks(place)
    serve = place.serve()
    place.create("m", callback("note", Retry=[{"ErrorEquals": ["Again"], "IntervalSeconds": 1}]))
    start(place, "one", input='{"n": 1}')
    wait_event(place, "m/one", "TaskSubmitted")
    event = json.loads(seen.read_text().splitlines()[0])
    demand_equal(1, event["n"], "the function's event")
    serve.kill()
    serve = place.serve()
    time.sleep(0.5)
    demand_equal(1, len(seen.read_text().splitlines()), "a call that was submitted is not made again")
    ask(serve, "SendTaskHeartbeat", taskToken=event["token"])
    ask(serve, "SendTaskFailure", taskToken=event["token"], error="Again", cause="please")
    second = wait_until("the second call", lambda: len(seen.read_text().splitlines()) == 2
                        and json.loads(seen.read_text().splitlines()[1]))
    demand(second["token"] != event["token"], "each attempt has its own token")
    wait_until("it is submitted", lambda: types_of(place, "m/one").count("TaskSubmitted") == 2)
    demand_equal(TIMED_OUT, refused(serve, "SendTaskSuccess", taskToken=event["token"], output="1"), "the first token")
    ask(serve, "SendTaskSuccess", taskToken=second["token"], output='{"a": 1}')
    ended = describe(place, "m/one")
    demand_equal(("SUCCEEDED", {"a": 1}), (ended["status"], json.loads(ended["output"])), "without an envelope")
    demand_equal(["TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskFailed", "TaskScheduled", "TaskStarted",
                  "TaskSubmitted", "TaskSucceeded", "TaskStateExited", "ExecutionSucceeded"],
                 types_of(place, "m/one")[2:], "events")
    submitted = events(place, "m/one")[4]["taskSubmittedEventDetails"]
    demand_equal({"noted": True}, json.loads(submitted["output"])["Payload"], "what the call returned")
    place.check()


@case()
def a_callback_before_the_call_returns(place):
    _, done = prepare_callbacks(place)
    serve = place.serve()
    place.create("m", callback("hasty"))
    start(place, "one", input='{"n": 1}')
    wait_status(place, "m/one", "SUCCEEDED")
    demand_equal("7", describe(place, "m/one")["output"], "what was sent")
    demand(not done.exists(), "the function has not returned yet")
    wait_until("the function has come to its own end", done.exists)
    time.sleep(0.3)
    demand("TaskSubmitted" not in types_of(place, "m/one"), "and nobody listens to it any more")
    demand_equal(0, serve.stop()[0], "exit status")


@case()
def a_callback_whose_call_fails_or_that_never_comes(place):
    seen, _ = prepare_callbacks(place)
    serve = place.serve()
    place.create("bad", callback("bad"))
    start(place, "one", machine="bad", input='{"n": 1}')
    wait_status(place, "bad/one", "FAILED")
    token = json.loads(seen.read_text().splitlines()[0])["token"]
    demand_equal(TIMED_OUT, refused(serve, "SendTaskSuccess", taskToken=token, output="1"), "the call has failed")
    place.create("slow", callback("note", TimeoutSeconds=2, HeartbeatSeconds=1))
    start(place, "two", machine="slow", input='{"n": 1}')
    wait_status(place, "slow/two", "FAILED")
    demand_equal(["TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskTimedOut", "ExecutionFailed"],
                 types_of(place, "slow/two")[2:], "events")
    demand_equal("States.Timeout", describe(place, "slow/two")["error"], "error")
