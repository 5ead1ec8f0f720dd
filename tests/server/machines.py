"""Definitions that the cases use, and the functions behind their tasks."""

ARN = "arn:aws:lambda:us-east-1:123456789012:function:"
MACHINE_ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:"
EXECUTION_ARN = "arn:aws:states:us-east-1:123456789012:execution:"

PASS = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "End": True}}}
FAIL = {"StartAt": "A", "States": {"A": {"Type": "Fail", "Error": "Sad", "Cause": "it rains"}}}


def wait(seconds):
    return {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": seconds, "End": True}}}


def task(name):
    return {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": ARN + name, "End": True}}}


def steps(name, count, seconds):
    """Tasks with waits in between."""
    states = {}
    for i in range(count):
        states["T%d" % i] = {"Type": "Task", "Resource": ARN + name, "ResultPath": "$.t%d" % i, "Next": "W%d" % i}
        states["W%d" % i] = {"Type": "Wait", "Seconds": seconds, "Next": "T%d" % (i + 1)}
    states["T%d" % count] = {"Type": "Pass", "End": True}
    return {"StartAt": "T0", "States": states}


def functions(log):
    """galliard.json: what each does, and each writes the identity of its attempt to the log first."""
    def shell(text):
        return {"command": ["/bin/sh", "-c", "cat >/dev/null; echo \"$GALLIARD_TASK_ID\" >>%s; %s" % (log, text)],
                "maxConcurrency": 50}
    return {"functions": {
        "quick": shell("echo '{\"done\": true}'"),
        "half": shell("sleep 0.5; echo '{\"done\": true}'"),
        "second": shell("sleep 1; echo '{\"done\": true}'"),
        "long": shell("sleep 30; echo '{\"done\": true}'"),
        "bad": shell("echo '{\"errorType\": \"Broken\", \"errorMessage\": \"oh\"}' >&2; exit 1"),
    }}
