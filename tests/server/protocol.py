"""HTTP on the socket of `serve`: what is answered, what is refused, and clients that misbehave."""
import json
import re
import resource
import time

from cases import case
from machines import MACHINE_ARN, PASS, wait
from place import Connection, demand, demand_equal

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
        ("POST", "/health", {**TYPE, **TARGET}, b"{}", 405, "UnknownOperationException"),
        ("OPTIONS", "/", {**TYPE, **TARGET, "Origin": "http://x"}, b"", 405, "UnknownOperationException"),
        ("POST", "/", {**TYPE, **TARGET, "Origin": "http://x"}, b"{}", 403, "AccessDeniedException"),
        ("POST", "/", {**TYPE, **TARGET, "Content-Encoding": "gzip"}, b"{}", 415, "UnsupportedMediaTypeException"),
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


def few_descriptors():
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, 512)) # half of them are for connections


@case("sqlite")
def too_many_connections(place):
    """The one that has rested longest gives way, so a crowd keeps nobody out."""
    path = place.serve(preexec_fn=few_descriptors).socket_path()
    first = Connection(path)
    first.call("ListStateMachines", {})
    crowd = []
    try:
        for _ in range(400):
            crowd.append(Connection(path))
            if len(crowd) % 50 == 0:
                time.sleep(0.1) # the queue of those who wait to be taken is bounded, too
        with Connection(path) as connection:
            demand_equal(200, connection.call("ListStateMachines", {})[0], "a new one")
        demand_equal(b"", first.socket.recv(1), "the one that has rested longest")
        demand_equal(200, crowd[-1].call("ListStateMachines", {})[0], "the last one of the crowd")
    finally:
        for connection in crowd:
            connection.close()
    with Connection(path) as connection:
        demand_equal(200, connection.call("ListStateMachines", {})[0], "when they have gone")


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
