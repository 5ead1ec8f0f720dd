"""`serve` on TCP: where it listens, what AWS clients may send, signed requests, and the pages for those who look after it."""
import json
import os
import re
import resource
import signal
import socket

from cases import case
from machines import MACHINE_ARN, PASS, task, wait
from place import Connection, demand, demand_equal, wait_until
from sign import signer

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TARGET = {"X-Amz-Target": "AWSStepFunctions.ListStateMachines", "Content-Type": "application/x-amz-json-1.0"}


@case("sqlite")
def what_clients_send(place):
    """Any host, a query, header names in any case, both content types, a body that is announced."""
    place.create("pass", PASS)
    serve = place.serve("--listen", "127.0.0.1:0", "--listen", "[::1]:0")
    addresses = serve.addresses()
    demand_equal(["127.0.0.1", "::1"], [host for host, _ in addresses], "addresses")
    for address in addresses:
        with Connection(address) as connection:
            status, headers, body = connection.call("StartExecution", {"stateMachineArn": MACHINE_ARN + "pass"})
            demand_equal(200, status, "%s: %s" % (address, body))
    with Connection(addresses[0]) as connection: # all on one connection
        for head in ("POST / HTTP/1.1\r\nHost: sync-states.eu-west-1.amazonaws.com:443\r\n"
                     "x-amz-target: AWSStepFunctions.ListStateMachines\r\nCONTENT-TYPE: application/x-amz-json-1.0\r\n",
                     "POST /?x=1 HTTP/1.1\r\nHost: a\r\nX-AMZ-TARGET: AWSStepFunctions.ListStateMachines\r\n"
                     "content-type: application/x-amz-json-1.1\r\nX-Unknown: 1\r\n"):
            connection.send((head + "Content-Length: 2\r\n\r\n{}").encode())
            status, headers, body = connection.read_response()
            demand_equal((200, "pass"), (status, json.loads(body)["stateMachines"][0]["name"]), head)
            demand("x-amzn-requestid" in headers, "a request id: %s" % headers)
        head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n"
        connection.send((head + "".join("%s: %s\r\n" % item for item in TARGET.items()) + "\r\n").encode())
        demand_equal(100, connection.read_response()[0], "before the body")
        connection.send(b"{}")
        demand_equal(200, connection.read_response()[0], "after it")
        for method, path, wanted in (("GET", "/", 405), ("HEAD", "/", 405), ("HEAD", "/other", 404),
                                     ("GET", "/other", 404), ("HEAD", "/health", 200), ("PUT", "/ready", 405)):
            demand_equal(wanted, connection.request(method, path, {})[0], "%s %s" % (method, path))
        status, headers, _ = connection.request("OPTIONS", "/", {"Origin": "http://a", "Access-Control-Request-Method": "POST"})
        demand(not any(name.startswith("access-control") for name in headers), "no CORS: %s" % headers)


def refused(place, *words):
    serve = place.serve_unready(*words)
    demand_equal(2, serve.process.wait(30), "exit status of %s: %s" % (words, serve.log))
    serve._join()
    return "\n".join(serve.log)


@case("sqlite")
def addresses(place):
    for address in ("0.0.0.0:0", "[::]:0", "[::ffff:127.0.0.1]:0", "[::ffff:0.0.0.0]:0"):
        text = refused(place, "--listen", address)
        demand("--keys" in text and "--insecure" in text and address in text, "%s: %s" % (address, text))
    for address in ("127.0.0.1", "127.0.0.1:99999", "example.com:80", "[::1:80", "::1:80", "127.0.0.1:", "x"):
        demand(address in refused(place, "--listen", address), "it says which address")
    demand("too often" in refused(place, "--listen", "a:1", "--listen", "b:2", "--listen", "c:3"), "three")
    serve = place.serve("--listen", "0.0.0.0:0", "--insecure")
    with Connection(("127.0.0.1", serve.addresses()[0][1])) as connection:
        demand_equal(200, connection.call("ListStateMachines", {})[0], "an open address")
    serve.stop()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        text = refused(place, "--listen", "127.0.0.1:%d" % taken.getsockname()[1])
        demand("another process" in text and "--listen" in text, text)
    serve = place.serve("--listen", "none")
    demand_equal([], serve.addresses(), "addresses")
    place.create("pass", PASS)
    serve.stop()
    serve = place.serve("--listen", ":0")
    demand_equal("127.0.0.1", serve.addresses()[0][0], "without a host")


def metrics(text):
    """{name and labels: value}; each line is one or a comment."""
    values = {}
    for line in text.splitlines():
        match = re.fullmatch(r"([a-z_]+(?:\{(?:[a-z]+=\"[^\"]*\",?)+\})?) (-?\d+(?:\.\d+)?)", line)
        demand(match or re.match(r"# (HELP|TYPE) galliard_[a-z_]+ ", line), "a line of metrics: %r" % line)
        if match:
            demand(match.group(1) not in values, "twice: %s" % line)
            values[match.group(1)] = float(match.group(2))
    return values


@case()
def pages(place):
    serve = place.serve()
    place.create("pass", PASS)
    place.create("wait", wait(1000))
    with Connection(serve.addresses()[0]) as connection:
        for name in ("a", "b", "b"):
            connection.call("StartExecution", {"stateMachineArn": MACHINE_ARN + "pass", "name": name, "input": "{}"})
        connection.call("StartExecution", {"stateMachineArn": MACHINE_ARN + "wait", "name": "w"})
        connection.call("StartExecution", {})
        connection.call("Non\"sense", {})
        demand_equal((200, "ready"), page(connection, "/ready", "status"), "ready")
        demand_equal((200, "ok"), page(connection, "/health", "status"), "health")

        def numbers():
            status, headers, text = connection.request("GET", "/metrics", {})
            demand_equal((200, "text/plain; version=0.0.4; charset=utf-8"), (status, headers["content-type"]), "type")
            values = metrics(text)
            return values if values["galliard_executions_closed_total{status=\"SUCCEEDED\"}"] == 2 else None
        values = wait_until("two have ended", numbers)
    wanted = {"galliard_requests_total{action=\"StartExecution\",status=\"200\"}": 3,
              "galliard_requests_total{action=\"StartExecution\",status=\"400\"}": 2,
              "galliard_request_seconds_count{action=\"StartExecution\"}": 5,
              "galliard_request_seconds_bucket{action=\"StartExecution\",le=\"+Inf\"}": 5,
              "galliard_requests_total{action=\"none\",status=\"400\"}": 1,
              "galliard_executions_started_total": 3, "galliard_executions_closed_total{status=\"FAILED\"}": 0,
              "galliard_executions_parked_total": 1, "galliard_executions_open": 0, "galliard_owner": 1,
              "galliard_commits_queued": 0, "galliard_requests_waiting": 0, "galliard_connections": 1}
    demand_equal(wanted, {name: values.get(name) for name in wanted}, "metrics")
    for name in ("galliard_commit_seconds_count", "galliard_commit_seconds_sum", "galliard_commit_rows_total",
                 "galliard_history_bytes_total", "galliard_steps_total"):
        demand(values[name] > 0, "%s: %s" % (name, values))


def page(connection, path, member):
    status, _, text = connection.request("GET", path, {})
    return status, json.loads(text)[member]


@case("postgres")
def a_stand_by_is_not_ready(place):
    first = place.serve()
    second = place.serve()
    with Connection(second.addresses()[0]) as connection:
        demand_equal(503, page(connection, "/ready", "reason")[0], "ready")
        demand_equal((200, "standby"), page(connection, "/health", "role"), "health")
        first.kill()
        wait_until("it is ready", lambda: page(connection, "/ready", "status") == (200, "ready"))


KEYS = [
    {"accessKeyId": "AKIAIOSFODNN7ADMIN00", "secretAccessKey": SECRET, "user": "admin"},
    {"accessKeyId": "AKIAIOSFODNN7STARTER", "secretAccessKey": SECRET[::-1], "actions": ["StartExecution", "states:Describe*"],
     "resources": [MACHINE_ARN + "pass*", MACHINE_ARN.replace("stateMachine", "execution") + "pass*"]},
]


@case("sqlite")
def signed_requests(place):
    place.create("pass", PASS)
    place.create("other", PASS)
    path = place.write("keys.json", KEYS)
    serve = place.serve("--listen", "0.0.0.0:0", "--keys", path)
    demand(serve.said("may be read by other users"), "a warning: %s" % serve.log)
    admin = signer("AKIAIOSFODNN7ADMIN00", SECRET)
    starter = signer("AKIAIOSFODNN7STARTER", SECRET[::-1])
    arn = {"stateMachineArn": MACHINE_ARN + "pass"}
    other = {"stateMachineArn": MACHINE_ARN + "other"}
    cases = [
        (admin, "ListStateMachines", {}, None),
        (admin, "StartExecution", other, None),
        (starter, "StartExecution", arn, None),
        (starter, "StartExecution", {"stateMachineArn": "pass"}, "AccessDeniedException"), # no name of a resource
        (admin, "StartExecution", {"stateMachineArn": "pass"}, "InvalidArn"),
        (starter, "DescribeStateMachine", arn, None),
        (starter, "StartExecution", other, "AccessDeniedException"),
        (starter, "StartExecution", {**arn, "executionArn": "arn:x"}, "AccessDeniedException"),
        (starter, "StartExecution", {}, "AccessDeniedException"),
        (starter, "StopExecution", arn, "AccessDeniedException"),
        (starter, "ListStateMachines", {}, "AccessDeniedException"),
        (None, "ListStateMachines", {}, "MissingAuthenticationTokenException"),
        (signer("AKIAIOSFODNN7ADMIN00", SECRET[1:]), "ListStateMachines", {}, "InvalidSignatureException"),
        (signer("AKIAIOSFODNN7NOBODY0", SECRET), "ListStateMachines", {}, "UnrecognizedClientException"),
        (signer("AKIAIOSFODNN7ADMIN00", SECRET, age_seconds=400), "ListStateMachines", {}, "InvalidSignatureException"),
        (signer("AKIAIOSFODNN7ADMIN00", SECRET, host="x"), "ListStateMachines", {}, "InvalidSignatureException"),
    ]
    address = ("127.0.0.1", serve.addresses()[0][1])
    for sign, action, request, wanted in cases:
        with Connection(address) as connection:
            status, headers, body = connection.call(action, request, sign)
            what = "%s %s: %s" % (action, request, body)
            demand_equal((200 if wanted is None else 400, wanted), (status, headers.get("x-amzn-errortype")), what)
    with Connection(address) as connection:
        _, _, body = connection.call("StartExecution", other, starter)
        demand_equal("User: arn:aws:iam::123456789012:user/AKIAIOSFODNN7STARTER is not authorized to perform: "
                     "states:StartExecution on resource: %s because no identity-based policy allows the "
                     "states:StartExecution action" % other["stateMachineArn"], body["message"], "the message")
        demand_equal(200, connection.request("GET", "/health", {})[0], "health needs no key")
    with Connection(serve.socket_path()) as connection:
        demand_equal(200, connection.call("ListStateMachines", {})[0], "the socket needs none either")
    demand(not serve.said(re.escape(SECRET)) and not serve.said(re.escape(SECRET[::-1])), "a secret in the log")


@case("sqlite")
def keys_are_read_again(place):
    path = place.write("keys.json", KEYS[:1])
    os.chmod(path, 0o600)
    serve = place.serve("--keys", path)
    demand(not serve.said("may be read"), "no warning: %s" % serve.log)
    admin = signer("AKIAIOSFODNN7ADMIN00", SECRET)
    changed = signer("AKIAIOSFODNN7ADMIN00", "another" + SECRET)

    def status(sign):
        with Connection(serve.addresses()[0]) as connection:
            return connection.call("ListStateMachines", {}, sign)[0]
    demand_equal((200, 400), (status(admin), status(changed)), "at first")
    place.write("keys.json", "[{\"accessKeyId\": \"%s\"" % SECRET)
    serve.process.send_signal(signal.SIGHUP)
    wait_until("it complains", lambda: serve.said(r"the keys stay as they were: .*keys.json:1:\d+: "))
    demand_equal((200, 400), (status(admin), status(changed)), "after a broken file")
    place.write("keys.json", [{**KEYS[0], "secretAccessKey": "another" + SECRET}])
    serve.process.send_signal(signal.SIGHUP)
    wait_until("it says so", lambda: serve.said("SIGHUP: 1 keys are in"))
    demand_equal((400, 200), (status(admin), status(changed)), "after the change")
    demand(not serve.said(re.escape(SECRET)), "a secret in the log")


@case("sqlite")
def functions_are_read_again(place):
    """A call that runs goes on with the function of before, the next one has the new."""
    def configure(*command):
        place.write("galliard.json", {"functions": {"f": {"command": ["sh", "-c", *command], "maxConcurrency": 1}}})

    def output(name):
        return place.verb("describe", "task/" + name).json.get("output")
    configure("touch running; while [ ! -e go ]; do sleep 0.05; done; echo 1")
    place.create("task", task("f"))
    serve = place.serve()
    place.verb("start", "task", "--name", "old")
    place.verb("start", "task", "--name", "waiting")
    wait_until("it runs", (place.directory / "running").exists)
    place.write("galliard.json", "{\"functions\": {\"f\": 1}}")
    serve.process.send_signal(signal.SIGHUP)
    wait_until("it complains", lambda: serve.said(r"the functions stay as they were: galliard.json:1:\d+: "))
    configure("echo 2")
    serve.process.send_signal(signal.SIGHUP)
    wait_until("it says so", lambda: serve.said("SIGHUP: 1 functions are in galliard.json"))
    demand_equal("2", place.verb("start", "task", "--name", "new", "--wait").json["output"], "the new one")
    place.write("go", "")
    wait_until("the old ones end", lambda: (output("old"), output("waiting")) == ("1", "1"))
    configure("sleep 1000")
    serve.process.send_signal(signal.SIGHUP)
    wait_until("it says so twice", lambda: sum("1 functions are in" in line for line in serve.log) == 2)
    place.verb("start", "task", "--name", "long")
    (place.directory / "galliard.json").unlink()
    serve.process.send_signal(signal.SIGHUP)
    wait_until("it says so", lambda: serve.said("SIGHUP: 0 functions are in"))
    demand_equal("FAILED", place.verb("start", "task", "--name", "none", "--wait", expect=None).json["status"], "none")
    status, seconds = serve.stop()
    demand(status == 0 and seconds < 5, "the stop beside a call of before: %s in %.1f s" % (status, seconds))


@case("sqlite")
def bad_files_of_keys(place):
    good = KEYS[0]
    for keys, part in (([], "at least one"), ({}, "list"), ("nonsense", "1:"), ([1], "object"),
                       ([{**good, "action": []}], "nothing else"), ([{**good, "actions": "x"}], "list of patterns"),
                       ([{**good, "resources": [1]}], "list of patterns"), ([{"accessKeyId": good["accessKeyId"]}], "secretAccessKey"),
                       ([{**good, "secretAccessKey": "short"}], "secretAccessKey"), ([good, good], "twice"),
                       ([{**good, "accessKeyId": "with space and more"}], "accessKeyId")):
        text = refused(place, "--keys", place.write("keys.json", keys))
        demand(part in text and "keys.json" in text, "%s: %s" % (keys, text))
        demand(SECRET not in text, "a secret: %s" % text)
    demand("none.json" in refused(place, "--keys", "none.json"), "a file that is not there")


@case("sqlite")
def log_lines_in_json(place):
    serve = place.serve("--log-format", "json")
    with Connection(serve.addresses()[0]) as connection:
        connection.call("StartExecution", {"stateMachineArn": "\u00e9\"\\"})
    wait_until("a refusal is logged", lambda: serve.said("StartExecution refused: 400 "))
    serve.stop()
    lines = [json.loads(line) for line in serve.log]
    demand(all(set(line) == {"time", "level", "message"} for line in lines), "members: %s" % lines)
    messages = [line["message"] for line in lines]
    demand(any(message.startswith("listening on http://127.0.0.1:") for message in messages), "start: %s" % messages)
    demand_equal(["SIGTERM: stopping", "stopped"], messages[-2:], "stop")
    demand("text or json" in refused(place, "--log-format", "xml"), "another format")


@case("sqlite")
def idle_connections(place):
    """Many that rest, on TCP; GAL_TEST_CONNECTIONS says how many."""
    count = int(os.environ.get("GAL_TEST_CONNECTIONS", "1000"))
    place.create("pass", PASS)
    serve = place.serve(preexec_fn=usual_descriptors) # raises them itself
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + 1000), hard))
    address, idle = serve.addresses()[0], []
    try:
        for i in range(count):
            idle.append(Connection(address))
            if i % 10 == 0:
                demand_equal(200, idle[-1].call("ListStateMachines", {})[0], "connection %d" % i)
        for _ in range(20):
            with Connection(address) as connection:
                status, _, body = connection.call("StartExecution", {"stateMachineArn": MACHINE_ARN + "pass"})
                demand_equal(200, status, "a start beside %d connections: %s" % (count, body))
        for connection in idle[::100]:
            demand_equal(200, connection.call("ListStateMachines", {})[0], "one that has rested")
        with Connection(address) as connection:
            values = metrics(connection.request("GET", "/metrics", {})[2])
            demand(values["galliard_connections"] >= count, "none was closed: %s" % values["galliard_connections"])
        status, seconds = serve.stop()
        demand(status == 0 and seconds < 5, "the stop: %s in %.1f s" % (status, seconds))
    finally:
        for connection in idle:
            connection.close()


def usual_descriptors():
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
