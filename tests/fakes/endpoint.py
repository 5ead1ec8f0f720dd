"""A Lambda endpoint that behaves and misbehaves on request.

The function's name says how: /2015-03-31/functions/NAME/invocations, or /NAME. It works on the socket itself, since half of
what it has to do is not HTTP. Prints its port, serves until its standard input ends.
"""

import json
import os
import socket
import sys
import threading
import time

ERROR = b'{"errorMessage": "no money", "errorType": "ChargeError", "stackTrace": []}'
connections = 0


class Done(Exception):
    """The connection is to be closed."""


def answer(connection, body, status="200 OK", headers=()):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Content-Type: application/json", *headers]
    connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def lambda_headers():
    return ["X-Amz-Executed-Version: $LATEST", "x-amzn-RequestId: 11111111-2222-4333-8444-555555555555"]


def echo(connection, request):
    answer(connection, request["body"], headers=lambda_headers())


def mirror(connection, request):
    seen = {key: request[key] for key in ("method", "target", "headers")}
    seen["body"] = request["body"].decode()
    answer(connection, json.dumps(seen).encode())


def counted(connection, request):
    answer(connection, str(connections).encode())


def late(connection, request):
    time.sleep(30)


def slow(connection, request):
    time.sleep(0.2)
    echo(connection, request)


def garbage(connection, request):
    connection.sendall(b"220 this is a mail server\r\n")
    raise Done


def early(connection, request):
    raise Done


def half(connection, request):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"half\":")
    raise Done


def headless(connection, request):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Le")
    raise Done


def chunked(connection, request):
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for i in range(0, len(request["body"]), 7):
        piece = request["body"][i : i + 7]
        connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
    connection.sendall(b"0\r\n\r\n")


def halfchunk(connection, request):
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n")
    raise Done


def badchunk(connection, request):
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n")
    raise Done


def interim(connection, request):
    connection.sendall(b"HTTP/1.1 103 Early Hints\r\nX-Early: yes\r\n\r\n")
    echo(connection, request)


def failing(connection, request):
    answer(connection, ERROR, headers=["X-Amz-Function-Error: Unhandled", *lambda_headers()])


def untyped(connection, request):
    answer(connection, b'{"errorMessage": "hm"}', headers=["X-Amz-Function-Error: Unhandled"])


def page(connection, request):
    answer(connection, b"<html>hello</html>")


def nothing(connection, request):
    answer(connection, b"")


def large(connection, request):
    answer(connection, b'"' + b"a" * (257 * 1024) + b'"')


def huge(connection, request):
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    piece = b"a" * 65536
    try:
        for _ in range(160):
            connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
    except OSError:
        pass
    raise Done


def manyheaders(connection, request):
    answer(connection, b"{}", headers=[f"X-Header-{i}: {'v' * 90}" for i in range(1000)])


def shortheaders(connection, request):
    answer(connection, b"{}", headers=[f"{i:x}:" for i in range(1000)])


def oddheaders(connection, request):
    answer(connection, b"{}", headers=["Set-Cookie: a", "Set-Cookie: b", "X-Latin: caf\\xe9", "X-Empty:", "not a header: x"])


def moved(connection, request):
    answer(connection, b"", status="301 Moved Permanently", headers=["Location: http://127.0.0.1:1/"])


def closing(connection, request):
    answer(connection, request["body"], headers=["Connection: close"])
    raise Done


def dropidle(connection, request):
    echo(connection, request)
    raise Done


def accepted(connection, request):
    answer(connection, b"", status="202 Accepted", headers=lambda_headers())


def logged(connection, request):
    answer(connection, request["body"], headers=["X-Amz-Log-Result: bG9n"])


def status(connection, request):
    code = request["name"].partition("-")[2]
    answer(connection, json.dumps({"Message": f"status {code} it is"}).encode(), status=f"{code} Whatever")


def typed(connection, request):
    """typed-CODE: an x-amzn-ErrorType that the status does not give away."""
    kind = request["name"].partition("-")[2]
    answer(connection, b'{"message": "typed"}', "400 Bad Request", [f"x-amzn-ErrorType: {kind}:http://x/", *lambda_headers()])


BEHAVIOURS = [echo, mirror, counted, late, slow, garbage, early, half, headless, chunked, halfchunk, badchunk, interim]
BEHAVIOURS += [failing, untyped, page, nothing, large, huge, manyheaders, shortheaders, oddheaders, moved, closing, dropidle, accepted]
BEHAVIOURS += [logged, status, typed]
TABLE = {behaviour.__name__: behaviour for behaviour in BEHAVIOURS}


def read_request(stream):
    if stream.peek(1)[:1] == b"\x16":  # a TLS handshake
        raise Done
    line = stream.readline().decode("latin-1").split()
    if len(line) < 2:
        raise Done
    headers = {}
    while (header := stream.readline().decode("latin-1").strip()):
        name, _, value = header.partition(":")
        headers[name.strip().lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", 0)))
    path = line[1].partition("?")[0].strip("/").split("/")
    name = path[path.index("functions") + 1] if "functions" in path else path[-1]
    return {"method": line[0], "target": line[1], "headers": headers, "body": body, "name": name}


def serve(connection):
    stream = connection.makefile("rb")
    try:
        while True:
            request = read_request(stream)
            TABLE.get(request["name"].partition("-")[0], echo)(connection, request)
    except (Done, OSError):
        pass
    finally:
        stream.close()
        connection.close()


def main():
    global connections
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    print(listener.getsockname()[1], flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connections += 1
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()
