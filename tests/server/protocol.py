"""HTTP on the socket of `serve`: what is answered, what is refused, and clients that misbehave."""
import json
import re
import time

from cases import case
from machines import MACHINE_ARN, PASS, wait
from place import Connection, demand, demand_equal, wait_until

TYPE = {"Content-Type": "application/x-amz-json-1.0"}
TARGET = {"X-Amz-Target": "AWSStepFunctions.ListStateMachines"}


@case("sqlite")
def answers(place):
    place.create("pass", PASS)
    path = place.serve().socket_path()
    with Connection(path) as connection:
        for _ in range(3): # one connection
            status, headers, body = connection.call("ListStateMachines", {})
            demand_equal((200, "application/x-amz-json-1.0"), (status, headers["content-type"]), "list")
            demand_equal(["pass"], [m["name"] for m in body["stateMachines"]], "list")
            demand(re.fullmatch(r"[0-9a-f-]{36}", headers["x-amzn-requestid"]), "request id: %s" % headers)
        status, headers, body = connection.call("DescribeStateMachine", {"stateMachineArn": MACHINE_ARN + "none"})
        demand_equal((400, "StateMachineDoesNotExist", "StateMachineDoesNotExist"),
                     (status, headers["x-amzn-errortype"], body["__type"]), "an error")
        status, _, text = connection.request("GET", "/health", {})
        demand_equal((200, {"status": "ok", "role": "owner"}), (status, json.loads(text)), "health")
        status, _, body = connection.call("CreateStateMachine", {"name": "big", "roleArn": "r", "definition":
                                          json.dumps({**PASS, "Comment": "\u00e9" * 900000}, ensure_ascii=False)})
        demand_equal(200, status, "a long definition: %.300s" % body)


@case("sqlite")
def refusals_of_http(place):
    path = place.serve().socket_path()
    cases = [
        ("GET", "/", {}, b"", 405, "UnknownOperationException"),
        ("POST", "/other", {**TYPE, **TARGET}, b"{}", 404, "UnknownOperationException"),
        ("POST", "/health", {**TYPE, **TARGET}, b"{}", 404, "UnknownOperationException"),
        ("POST", "/", TARGET, b"{}", 415, "UnsupportedMediaTypeException"),
        ("POST", "/", {**TARGET, "Content-Type": "text/plain"}, b"{}", 415, "UnsupportedMediaTypeException"),
        ("POST", "/", {**TARGET, "Content-Type": "application/x-amz-json-1.01"}, b"{}", 415,
         "UnsupportedMediaTypeException"),
        ("POST", "/", TYPE, b"{}", 400, "UnknownOperationException"),
        ("POST", "/", {**TYPE, "X-Amz-Target": "DynamoDB_20120810.ListTables"}, b"{}", 400, "UnknownOperationException"),
        ("POST", "/", {**TYPE, "X-Amz-Target": "AWSStepFunctions.Nonsense"}, b"{}", 400, "UnknownOperationException"),
        ("POST", "/", {**TYPE, **TARGET}, b"", 400, "SerializationException"),
        ("POST", "/", {**TYPE, **TARGET}, b"[1]", 400, "SerializationException"),
        ("POST", "/", {**TYPE, **TARGET}, b"{\"a\": \xff}", 400, "SerializationException"),
        ("POST", "/", {**TYPE, **TARGET}, b"[" * 100000, 400, "SerializationException"),
    ]
    for method, url, headers, body, wanted, kind in cases:
        with Connection(path) as connection:
            status, answer, text = connection.request(method, url, headers, body)
            what = "%s %s %s %.30r" % (method, url, headers, body)
            demand_equal((wanted, kind, kind), (status, answer.get("x-amzn-errortype"), json.loads(text)["__type"]), what)
    with Connection(path) as connection:
        status, _, _ = connection.request("POST", "/", {**TARGET, "Content-Type": "application/x-amz-json-1.0; charset=utf-8"},
                                          b"{}")
        demand_equal(200, status, "a type with a parameter")


@case("sqlite")
def bodies_that_are_too_long(place):
    path = place.serve().socket_path()
    head = "POST / HTTP/1.1\r\nHost: g\r\nX-Amz-Target: AWSStepFunctions.ListStateMachines\r\n" \
           "Content-Type: application/x-amz-json-1.0\r\n"
    with Connection(path) as connection: # not a byte of it is read
        connection.send((head + "Content-Length: 100000000\r\n\r\n").encode())
        demand_equal(413, connection.read_response()[0], "status")
    with Connection(path) as connection:
        connection.send((head + "Transfer-Encoding: chunked\r\n\r\n").encode())
        piece = b"10000\r\n" + b" " * 65536 + b"\r\n"
        for _ in range(120):
            connection.send(piece)
        connection.send(b"0\r\n\r\n")
        demand_equal(413, connection.read_response()[0], "status of a chunked one")
    with Connection(path) as connection:
        connection.send((head + "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n").encode())
        demand_equal(200, connection.read_response()[0], "a short chunked one")
    with Connection(path) as connection:
        connection.send((head + "X-Long: " + "a" * 100000 + "\r\n\r\n").encode())
        demand(connection.read_response()[0] in (413, 431), "long headers")


@case("sqlite")
def clients_that_hang_up(place):
    """In the middle of their request, and while their start waits for its commit."""
    place.create("pass", PASS)
    place.create("wait", wait(3600))
    serve = place.serve()
    path = serve.socket_path()
    body = json.dumps({"stateMachineArn": MACHINE_ARN + "wait"}).encode()
    head = ("POST / HTTP/1.1\r\nHost: g\r\nX-Amz-Target: AWSStepFunctions.StartExecution\r\n"
            "Content-Type: application/x-amz-json-1.0\r\nContent-Length: %d\r\n\r\n" % len(body)).encode()
    whole = head + body
    for cut in range(0, len(whole) + 1, 7):
        connection = Connection(path)
        connection.send(whole[:cut])
        connection.close()
    for i in range(60):
        connection = Connection(path)
        connection.send(whole)
        time.sleep(0.0002 * i)
        connection.close()
    with Connection(path) as connection: # two requests at once on one connection
        connection.send(whole + whole)
        demand_equal([200, 200], [connection.read_response()[0] for _ in range(2)], "pipelined")
    demand(serve.process.poll() is None, "serve has ended: %s" % serve.log)
    started = len(place.verb("executions", "wait", "--max", "1000").json["executions"])
    demand(started > 10, "only %d were started: the case shows nothing" % started)
    status, _ = serve.stop()
    demand_equal(0, status, "exit status")
    place.check()


@case("sqlite")
def too_many_connections(place):
    """The ones past the bound wait; those that are served go on."""
    path = place.serve().socket_path()
    connections, refused = [], 0
    while refused < 20:
        try:
            connections.append(Connection(path))
            refused = 0
        except BlockingIOError: # the queue is full
            refused += 1
            time.sleep(0.02)
    demand(400 <= len(connections) <= 600, "%d connections" % len(connections))
    try:
        status, _, _ = connections[0].call("ListStateMachines", {})
        demand_equal(200, status, "the first one")
    finally:
        for connection in connections[1:]:
            connection.close()
    status, _, _ = connections[0].call("ListStateMachines", {})
    demand_equal(200, status, "the first one, later")
    connections[0].close()
    wait_until("a new one is served", lambda: fresh_call(path), seconds_max=10)


def fresh_call(path):
    try:
        with Connection(path) as connection:
            return connection.call("ListStateMachines", {})[0] == 200
    except BlockingIOError:
        return False


@case("sqlite")
def stopping_with_idle_connections(place):
    serve = place.serve()
    idle = [Connection(serve.socket_path()) for _ in range(3)]
    idle[0].call("ListStateMachines", {})
    idle[1].send(b"POST / HTTP/1.1\r\nHost: g\r\n") # half a request
    time.sleep(0.1)
    status, seconds = serve.stop()
    demand_equal(0, status, "exit status")
    demand(seconds < 5, "it took %.1f s" % seconds)
    for connection in idle:
        connection.close()
