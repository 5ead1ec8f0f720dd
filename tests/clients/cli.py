"""What people do with the AWS CLI, unchanged but for the endpoint: prints a line a check."""
import json
import subprocess
import sys
import time

AWS, ENDPOINT = sys.argv[1:3]
ROLE = "arn:aws:iam::123456789012:role/any"
PASS = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": {"done": True}, "End": True}}})
WAIT = json.dumps({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 3600, "End": True}}})




def aws(*words, fails=None):
    done = subprocess.run([AWS, "stepfunctions", *words, "--endpoint-url", ENDPOINT, "--output", "json", "--no-cli-pager"],
                          capture_output=True, text=True, timeout=120, check=False)
    if fails:
        assert done.returncode == 254 and "(%s)" % fails in done.stderr, (words, done.returncode, done.stderr)
        return None
    assert done.returncode == 0, (words, done.stderr)
    return json.loads(done.stdout) if done.stdout.strip() else None


def outcome(arn):
    for _ in range(60):
        execution = aws("describe-execution", "--execution-arn", arn)
        if execution["status"] != "RUNNING":
            return execution
        time.sleep(0.1)
    raise AssertionError("%s does not end" % arn)


def create(name, definition=PASS):
    return aws("create-state-machine", "--name", name, "--definition", definition, "--role-arn", ROLE)["stateMachineArn"]


def a_machine_and_its_executions():
    arn = create("cli-life")
    execution = aws("start-execution", "--state-machine-arn", arn, "--name", "one", "--input", "{}")["executionArn"]
    assert outcome(execution)["output"] == '{"done":true}'
    history = aws("get-execution-history", "--execution-arn", execution, "--page-size", "2")["events"]
    assert [event["id"] for event in history] == [1, 2, 3, 4], history
    listed = aws("list-executions", "--state-machine-arn", arn, "--status-filter", "SUCCEEDED")["executions"]
    assert [one["name"] for one in listed] == ["one"], listed
    aws("update-state-machine", "--state-machine-arn", arn, "--definition", WAIT)
    waiting = aws("start-execution", "--state-machine-arn", arn)["executionArn"]
    assert json.loads(aws("describe-state-machine-for-execution", "--execution-arn", waiting)["definition"]) == json.loads(WAIT)
    aws("stop-execution", "--execution-arn", waiting, "--error", "Enough", "--cause", "of it")
    assert outcome(waiting)["error"] == "Enough"
    aws("delete-state-machine", "--state-machine-arn", arn)


def errors():
    arn = create("cli-errors")
    aws("create-state-machine", "--name", "cli-errors", "--definition", WAIT, "--role-arn", ROLE,
        fails="StateMachineAlreadyExists")
    aws("start-execution", "--state-machine-arn", arn, "--input", "{", fails="InvalidExecutionInput")
    aws("describe-state-machine", "--state-machine-arn", arn + "x", fails="StateMachineDoesNotExist")
    aws("list-executions", "--state-machine-arn", arn, "--starting-token",
        "eyJuZXh0VG9rZW4iOiAibm9uc2Vuc2UifQ==", fails="InvalidToken")


def tags():
    arn = create("cli-tags")
    aws("tag-resource", "--resource-arn", arn, "--tags", "key=team,value=a", "key=stage,value=b")
    aws("untag-resource", "--resource-arn", arn, "--tag-keys", "stage")
    assert aws("list-tags-for-resource", "--resource-arn", arn)["tags"] == [{"key": "team", "value": "a"}]


def activities():
    arn = aws("create-activity", "--name", "cli-work")["activityArn"]
    task = {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": arn, "End": True}}}
    execution = aws("start-execution", "--state-machine-arn", create("cli-works", json.dumps(task)))["executionArn"]
    token = aws("get-activity-task", "--activity-arn", arn, "--worker-name", "shell")["taskToken"]
    aws("send-task-success", "--task-token", token, "--task-output", "42")
    assert outcome(execution)["output"] == "42"
    aws("send-task-success", "--task-token", token, "--task-output", "42", fails="TaskTimedOut")
    aws("delete-activity", "--activity-arn", arn)


def main():
    failed = 0
    checks = [a_machine_and_its_executions, errors, tags, activities]
    for check in checks:
        try:
            check()
            print("ok   aws: %s" % check.__name__)
        except AssertionError as error:
            failed += 1
            print("FAIL aws: %s: %s" % (check.__name__, error))
    print("%d passed, %d failed" % (len(checks) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
