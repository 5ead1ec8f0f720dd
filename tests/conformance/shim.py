#!/usr/bin/env python3
"""A small AWS JSON 1.0 front for the command line, so that recorded calls can be replayed against it.

    shim.py GALLIARD --lambda-endpoint URL          prints the address it listens on, then serves

Machines live in a dictionary; `galliard validate` judges a definition, and `galliard run --virtual-time` runs an
execution to its end before StartExecution answers. So nothing is ever seen RUNNING, and whatever a client does to a
running execution (stop it, answer a token, poll an activity) cannot be replayed through here.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ACCOUNT, REGION = "123456789012", "us-east-1"
RUN_SECONDS_MAX = 100
NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f \[\]{}<>?*\"#%\\^|~`$&,;:/]{1,80}")


class Refusal(Exception):
    """An error of the service: its code, and what it says."""

    def __init__(self, code, message, **fields):
        super().__init__(message)
        self.code, self.message, self.fields = code, message, fields


class Service:
    def __init__(self, galliard, lambda_endpoint, folder):
        self.galliard, self.folder = galliard, folder
        self.machines, self.executions = {}, {}
        self.lock = threading.Lock()
        self.functions = self.write("functions.json", json.dumps({"lambdaEndpoint": lambda_endpoint}))

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def call_galliard(self, *arguments):
        """Returns (exit code, the JSON on standard output or None, standard error)."""
        done = subprocess.run([self.galliard, *arguments], capture_output=True, timeout=RUN_SECONDS_MAX,
                              stdin=subprocess.DEVNULL, cwd=self.folder)
        try:
            answer = json.loads(done.stdout)
        except ValueError:
            answer = None
        return done.returncode, answer, done.stderr.decode("utf-8", "replace")

    # -- definitions -----------------------------------------------------

    def diagnostics(self, args):
        path = self.write(f"{uuid.uuid4().hex}/definition.asl.json", args["definition"])
        kind = args.get("type", "STANDARD")
        code, answer, complaint = self.call_galliard("validate", "--json", "--type", kind, path)
        if code not in (0, 2) or not isinstance(answer, dict):
            raise Refusal("InternalFailure", f"galliard validate ended with {code}: {complaint}")
        return answer["diagnostics"]

    def ValidateStateMachineDefinition(self, args):
        found = self.diagnostics(args)
        worst = {"ERROR"} if args.get("severity", "ERROR") == "ERROR" else {"ERROR", "WARNING"}
        shown = [{key: item[key] for key in ("severity", "code", "message", "location") if item.get(key) is not None}
                 for item in found if item["severity"] in worst]
        failed = any(item["severity"] == "ERROR" for item in found)
        return {"result": "FAIL" if failed else "OK", "diagnostics": shown, "truncated": False}

    def CreateStateMachine(self, args):
        name = args["name"]
        if not NAME.fullmatch(name):
            raise Refusal("InvalidName", f"Invalid Name: '{name}'")
        errors = [f"{item['code']}: {item['message']} at {item.get('location') or 'null'}"
                  for item in self.diagnostics(args) if item["severity"] == "ERROR"]
        if errors:
            raise Refusal("InvalidDefinition", f"Invalid State Machine Definition: '{', '.join(errors)}'")
        arn = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{name}"
        machine = {
            "stateMachineArn": arn, "name": name, "status": "ACTIVE", "definition": args["definition"],
            "roleArn": args["roleArn"], "type": args.get("type", "STANDARD"), "creationDate": time.time(),
            "loggingConfiguration": {"level": "OFF", "includeExecutionData": False},
            "tracingConfiguration": {"enabled": False},
        }
        with self.lock:
            old = self.machines.setdefault(arn, machine)
        if any(old[key] != machine[key] for key in ("definition", "roleArn", "type")):
            raise Refusal("StateMachineAlreadyExists", f"State Machine Already Exists: '{arn}'", stateMachineArn=arn)
        return {"stateMachineArn": arn, "creationDate": old["creationDate"]}

    def machine(self, arn):
        if not arn.startswith("arn:aws:states:"):
            raise Refusal("InvalidArn", f"Invalid Arn: 'Invalid ARN prefix: {arn}'")
        if arn not in self.machines:
            raise Refusal("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")
        return self.machines[arn]

    def DescribeStateMachine(self, args):
        return self.machine(args["stateMachineArn"])

    def DeleteStateMachine(self, args):
        self.machines.pop(args["stateMachineArn"], None)
        return {}

    def CreateActivity(self, args):
        return {"activityArn": f"arn:aws:states:{REGION}:{ACCOUNT}:activity:{args['name']}", "creationDate": time.time()}

    # -- executions ------------------------------------------------------

    def StartExecution(self, args):
        machine = self.machine(args["stateMachineArn"])
        name, given = args.get("name") or str(uuid.uuid4()), args.get("input", "{}")
        try:
            json.loads(given)
        except ValueError as error:
            raise Refusal("InvalidExecutionInput", f"Invalid State Machine Execution Input: '{error}'") from None
        arn = f"{machine['stateMachineArn'].replace(':stateMachine:', ':execution:')}:{name}"
        begun = time.time()
        result = self.run(machine, name, given)
        execution = {
            "executionArn": arn, "stateMachineArn": machine["stateMachineArn"], "name": name,
            "status": result["status"], "startDate": begun, "stopDate": time.time(),
            "input": given, "inputDetails": {"included": True}, **closing_fields(result),
        }
        with self.lock:
            self.executions[arn] = (execution, result["events"])
        return {"executionArn": arn, "startDate": begun}

    def run(self, machine, name, given):
        """Runs one execution and returns what `run --json` prints, with the machine's own role in it."""
        place = uuid.uuid4().hex
        definition = self.write(f"{place}/{machine['name']}.asl.json", machine["definition"])
        given = self.write(f"{place}/input.json", given)
        code, answer, complaint = self.call_galliard(
            "run", definition, "--input", f"@{given}", "--functions", self.functions, "--name", name,
            "--json", "--quiet", "--virtual-time")
        if code not in (0, 1) or not isinstance(answer, dict):
            raise Refusal("InternalFailure", f"galliard run ended with {code}: {complaint}")
        role = answer["events"][0]["executionStartedEventDetails"].get("roleArn", machine["roleArn"])
        return json.loads(json.dumps(answer).replace(role, machine["roleArn"]))

    def execution(self, arn):
        if not arn.startswith("arn:aws:states:"):
            raise Refusal("InvalidArn", f"Invalid Arn: 'Invalid ARN prefix: {arn}'")
        if arn not in self.executions:
            raise Refusal("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
        return self.executions[arn]

    def DescribeExecution(self, args):
        return self.execution(args["executionArn"])[0]

    def GetExecutionHistory(self, args):
        events = self.execution(args["executionArn"])[1]
        return {"events": events[::-1] if args.get("reverseOrder") else events}


def closing_fields(result):
    """What an execution's end adds to its description."""
    fields = {"redriveCount": 0}
    if result["status"] == "SUCCEEDED":
        output = result["output"]
        fields["output"] = output if isinstance(output, str) else json.dumps(output)
        fields["outputDetails"] = {"included": True}
        fields["redriveStatus"] = "NOT_REDRIVABLE"
        fields["redriveStatusReason"] = "Execution is SUCCEEDED and cannot be redriven"
    else:
        fields["redriveStatus"] = "REDRIVABLE"
        if result["status"] != "TIMED_OUT":  # then only the history names the error
            fields.update({key: result[key] for key in ("error", "cause") if result.get(key) is not None})
    return fields


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    service = None

    def log_message(self, *args):
        pass

    def do_POST(self):
        args = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
        name = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        action = getattr(self.service, name, None) if name[:1].isupper() else None
        try:
            if action is None:
                raise Refusal("UnknownOperationException", f"the shim does not know {name}")
            self.answer(200, action(args))
        except Refusal as refusal:
            self.answer(400, {"__type": refusal.code, "message": refusal.message, **refusal.fields})
        except Exception as error:  # a fault of the shim, or an answer of galliard in another shape
            self.answer(500, {"__type": "InternalFailure", "message": f"{type(error).__name__}: {error}"})

    def answer(self, status, body):
        payload = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)


def make_server(galliard, lambda_endpoint, folder):
    handler = type("ShimHandler", (Handler,), {"service": Service(galliard, lambda_endpoint, folder)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    return server


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("galliard")
    parser.add_argument("--lambda-endpoint", required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = make_server(os.path.abspath(options.galliard), options.lambda_endpoint, folder)
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
