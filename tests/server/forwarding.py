"""Requests that write, sent to a process that stands by: the owner does them."""
import json
import os
import threading

from cases import case, status_of
from machines import EXECUTION_ARN, MACHINE_ARN, PASS, wait
from place import Connection, demand, demand_equal, wait_until
from sign import signer

ACTIVITY_ARN = "arn:aws:states:us-east-1:123456789012:activity:"
WORK = {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": ACTIVITY_ARN + "work", "End": True}}}


def keys(place, name, *entries):
    return place.write(name, [{"accessKeyId": key, "secretAccessKey": "secret-of-" + key, **more}
                              for key, more in entries])


def hide_socket(serve):
    """As if it were on another machine."""
    os.rename(serve.socket_path(), serve.socket_path() + ".hidden")


def ask(serve, action, key=None, headers=None, **request):
    """(status, the answer) over TCP, signed when there is a key."""
    sign = signer(key, "secret-of-" + key) if key else None
    with Connection(serve.addresses()[0]) as connection:
        connection.socket.settimeout(70)

        def add(all_headers, body):
            all_headers.update(headers or {})
            if sign:
                sign(all_headers, body)
        status, _, answer = connection.call(action, request, add)
    return status, answer


def demand_ok(answer):
    demand_equal(200, answer[0], "status of %s" % (answer[1],))
    return answer[1]


@case("postgres")
def writes_go_to_the_owner(place):
    first = place.serve()
    second = place.serve()
    for name, hide in (("near", lambda: None), ("far", lambda: hide_socket(first))):
        hide()
        demand_ok(ask(second, "CreateStateMachine", name=name, definition=json.dumps(wait(3600)), 
                      roleArn="arn:aws:iam::123456789012:role/r"))
        demand_ok(ask(second, "StartExecution", stateMachineArn=MACHINE_ARN + name, name="a"))
        again = demand_ok(ask(second, "StartExecution", stateMachineArn=MACHINE_ARN + name, name="a"))
        demand_equal(EXECUTION_ARN + name + ":a", again["executionArn"], "the same")
        status, answer = ask(second, "StartExecution", stateMachineArn=MACHINE_ARN + "none")
        demand_equal((400, "StateMachineDoesNotExist"), (status, answer["__type"]), "a refusal comes back")
        demand_ok(ask(second, "StopExecution", executionArn=EXECUTION_ARN + name + ":a", error="Enough"))
        described = demand_ok(ask(second, "DescribeExecution", executionArn=EXECUTION_ARN + name + ":a"))
        demand_equal(("ABORTED", "Enough"), (described["status"], described["error"]), "it was stopped")
    status, answer = ask(second, "StopExecution", headers={"X-Galliard-Forwarded": "1"},
                         executionArn=EXECUTION_ARN + "near:a")
    demand_equal((503, "ServiceUnavailable"), (status, answer["__type"]), "what was forwarded goes no further")
    first.kill()
    wait_until("the second one takes over", lambda: second.said("owns the store"))
    demand_ok(ask(second, "StartExecution", stateMachineArn=MACHINE_ARN + "near", name="b"))
    demand_equal("RUNNING", status_of(place, "near/b"), "the next one")


@case("postgres")
def who_may_write_is_looked_at_where_it_comes_in(place):
    """The owner does not know these keys; the one that stands by does, and signs with the store's."""
    first = place.serve("--keys", keys(place, "owner.json", ("KEY-OF-THE-OWNER", {})))
    second = place.serve("--keys", keys(place, "other.json", ("KEY-OF-THE-ADMIN", {}), ("KEY-OF-THE-READER", {"actions": ["Describe*"]})))
    place.create("pass", PASS)
    hide_socket(first)
    request = {"stateMachineArn": MACHINE_ARN + "pass"}
    demand_equal("UnrecognizedClientException", ask(first, "StartExecution", "KEY-OF-THE-ADMIN", **request)[1]["__type"], "there")
    demand_equal("AccessDeniedException", ask(second, "StartExecution", "KEY-OF-THE-READER", **request)[1]["__type"], "a reader")
    demand_equal("MissingAuthenticationTokenException", ask(second, "StartExecution", **request)[1]["__type"], "none")
    demand_ok(ask(second, "StartExecution", "KEY-OF-THE-ADMIN", **request))
    status, answer = ask(first, "StartExecution", "galliard-forwarding", **request)
    demand_equal((400, "InvalidSignatureException"), (status, answer["__type"]), "a guess")


@case("postgres")
def workers_may_ask_who_stands_by(place):
    first = place.serve()
    second = place.serve()
    demand_ok(ask(second, "CreateActivity", name="work"))
    place.create("work", WORK)
    hide_socket(first)
    # One that leaves takes nothing with it.
    leaver = Connection(second.addresses()[0])
    body = json.dumps({"activityArn": ACTIVITY_ARN + "work"}).encode()
    leaver.send(b"POST / HTTP/1.1\r\nHost: galliard\r\nX-Amz-Target: AWSStepFunctions.GetActivityTask\r\n"
                b"Content-Type: application/x-amz-json-1.0\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    wait_until("it waits at the owner", lambda: "\ngalliard_polls_waiting 1\n" in metrics(first))
    leaver.close()
    wait_until("the owner has noticed", lambda: "\ngalliard_polls_waiting 0\n" in metrics(first))
    answers = []
    worker = threading.Thread(target=lambda: answers.append(
        ask(second, "GetActivityTask", activityArn=ACTIVITY_ARN + "work", workerName="w")))
    worker.start()
    demand_ok(ask(second, "StartExecution", stateMachineArn=MACHINE_ARN + "work", name="a", input='{"n": 1}'))
    worker.join(30)
    task = demand_ok(answers[0])
    demand_equal({"n": 1}, json.loads(task["input"]), "its input")
    demand_ok(ask(second, "SendTaskSuccess", taskToken=task["taskToken"], output="7"))
    wait_until("it has ended", lambda: status_of(place, "work/a") == "SUCCEEDED")


def metrics(serve):
    with Connection(serve.addresses()[0]) as connection:
        return connection.request("GET", "/metrics", {})[2]
