"""Verbs on a store, beside a `serve`, and at its endpoint: the same words, the same answers.

A file of tests/cases/verbs/ is a story that is told in each of these ways:

    about    what it shows
    files    NAME -> content; a text stands for itself, any other value is written as JSON
    steps    calls of galliard, one after the other:
        args       its words
        exit       status, 0 unless given; a list: any of these
        members    of the answer's object; null: it is not there
        json       the whole answer; `unordered` names a list in it
        names      of the items of the answer's only list, in that order (those of list and activities: sorted)
        types      of its events;  lines: the same, of one event a line
        count      of its items
        stderr     a regular expression
        save       NAME -> member: %NAME% in later words is its value

%ARN% is the beginning of every ARN of the store.
"""
import concurrent.futures
import json
import pathlib
import re
import subprocess
import threading
import time

from cases import case, run_on_terminal
from machines import PASS, wait
from place import Connection, demand, demand_equal, wait_until

STORIES = pathlib.Path(__file__).resolve().parents[1] / "cases" / "verbs"
ACCOUNT, REGION = "555566667777", "eu-west-3"
ARN = "arn:aws:states:%s:%s" % (REGION, ACCOUNT)
KEY, SECRET = "AKIAEXAMPLEADMIN", "a-secret-that-is-tested"
READER, READER_SECRET = "AKIAEXAMPLEREADER", "another-secret-to-test"


# Ways to a store. Each returns what to add to the words, and the environment.

def on_store(place):
    place.verb("store", "init", "--account", ACCOUNT, "--region", REGION)
    return ()


def beside_serve(place):
    place.serve("--account", ACCOUNT, "--region", REGION)
    return ()


def at_endpoint(place, *words):
    serve = place.serve("--account", ACCOUNT, "--region", REGION, *words)
    del place.environment["GALLIARD_STORE"]
    url = "http://%s:%d" % serve.addresses()[0]
    return "--endpoint", url


def at_endpoint_with_keys(place):
    keys = place.write("keys.json", [{"accessKeyId": KEY, "secretAccessKey": SECRET},
                                     {"accessKeyId": READER, "secretAccessKey": READER_SECRET, "actions": ["List*"]}])
    pathlib.Path(keys).chmod(0o600)
    place.environment.update({"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "ap-south-1"})
    return at_endpoint(place, "--keys", keys)


# The two that have least in common are taken with every story and store; the others are near to one of them.
WAYS = ((on_store, None), (at_endpoint_with_keys, None), (beside_serve, "sqlite"), (at_endpoint, "sqlite"))


# Stories.

def fill(value, names):
    if isinstance(value, dict):
        return {key: fill(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [fill(item, names) for item in value]
    if isinstance(value, str):
        return re.sub("%([A-Z]+)%", lambda match: names[match.group(1)], value)
    return value


def only_list(answer):
    lists = [value for value in answer.values() if isinstance(value, list)]
    demand_equal(1, len(lists), "lists in %s" % answer)
    return lists[0]


def check_step(step, verb):
    what = " ".join(step["args"])
    demand(re.search(step.get("stderr", ""), verb.err), "%s: %s" % (what, verb.err))
    if "members" in step:
        demand_equal(step["members"], {name: verb.json.get(name) for name in step["members"]}, what)
    if "json" in step:
        expected, actual = step["json"], verb.json
        if "unordered" in step:
            for value in (expected, actual):
                value[step["unordered"]].sort(key=json.dumps)
        demand_equal(expected, actual, what)
    if "names" in step:
        names = [item["name"] for item in only_list(verb.json)]
        demand_equal(step["names"], sorted(names) if len(step["args"]) == 1 else names, what)
    if "types" in step:
        demand_equal(step["types"], [event["type"] for event in only_list(verb.json)], what)
    if "lines" in step:
        demand_equal(step["lines"], [event["type"] for event in verb.lines], what)
    if "count" in step:
        demand_equal(step["count"], len(only_list(verb.json)), what)


def tell(place, story, way):
    names = {"ARN": ARN}
    for name, content in fill(story["files"], names).items():
        place.write(name, content)
    for step in story["steps"]:
        step = fill(step, names)
        verb = place.verb(*step["args"], *way, expect=None)
        exits = step.get("exit", 0)
        demand(verb.exit in (exits if isinstance(exits, list) else [exits]),
               "%s: exit %d: %s%s" % (" ".join(step["args"]), verb.exit, verb.out[:1000], verb.err[:1000]))
        check_step(step, verb)
        for name, member in step.get("save", {}).items():
            names[name] = verb.json[member]


def register(story, way, store):
    def run(place):
        tell(place, json.loads(story.read_text()), way(place))
    run.__name__ = "verbs_%s_%s" % (story.stem, way.__name__)
    case(store)(run)


for path in sorted(STORIES.glob("*.json")):
    for function, only in WAYS:
        if only is None or path.stem == "life":
            register(path, function, only if path.stem == "life" else "sqlite")


# What a story cannot say.

@case()
def refused_at_an_endpoint(place):
    way = at_endpoint_with_keys(place)
    place.verb("create", "pass", place.write("pass.asl.json", PASS), *way)
    reader = {"AWS_ACCESS_KEY_ID": READER, "AWS_SECRET_ACCESS_KEY": READER_SECRET}
    demand_equal(1, len(place.verb("list", *way, environment=reader).json["stateMachines"]), "what the key is good for")
    for environment, words in [({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
                                ["MissingAuthenticationTokenException", "must be signed: set AWS_ACCESS_KEY_ID"]),
                               ({"AWS_SECRET_ACCESS_KEY": "a-secret-that-is-not-it"},
                                ["InvalidSignatureException", "check that AWS_SECRET_ACCESS_KEY belongs to the key '%s'" % KEY]),
                               ({"AWS_ACCESS_KEY_ID": "AKIAEXAMPLENOBODY"},
                                ["UnrecognizedClientException", "has no such key"]),
                               (reader, ["AccessDeniedException", "with the key '%s'" % READER])]:
        verb = place.verb("delete", "pass", *way, environment=environment, expect=2)
        for word in words:
            demand(word in verb.err, "%s: %s" % (environment, verb.err))
        demand(SECRET not in verb.err and READER_SECRET not in verb.err and verb.out == "", "%s%s" % (verb.out, verb.err))
    place.serves[0].stop()
    gone = place.verb("list", *way, expect=2)
    demand("nothing answers at " + way[1] in gone.err and "galliard serve" in gone.err, gone.err)


@case()
def an_endpoint_from_the_environment(place):
    _, url = at_endpoint(place)
    place.write("pass.asl.json", PASS)
    place.verb("create", "pass", "pass.asl.json", environment={"AWS_ENDPOINT_URL": url})
    for name in ("GALLIARD_ENDPOINT", "AWS_ENDPOINT_URL_SFN", "AWS_ENDPOINT_URL"):
        demand_equal(["pass"], [m["name"] for m in place.verb("list", environment={name: url}).json["stateMachines"]], name)
    both = place.verb("list", "--store", place.url, environment={"GALLIARD_ENDPOINT": "http://127.0.0.1:1"})
    demand_equal(["pass"], [m["name"] for m in both.json["stateMachines"]], "--store wins")


@case("sqlite")
def pages_over_http(place):
    way = at_endpoint(place)
    place.verb("create", "pass", place.write("pass.asl.json", PASS), *way)
    with Connection(place.serves[0].socket_path()) as connection:
        for i in range(1105):
            status, _, answer = connection.call("StartExecution", {"stateMachineArn": ARN + ":stateMachine:pass",
                                                                   "name": "e%d" % i})
            demand_equal(200, status, answer)
    for count, words in [(100, ()), (7, ("--max", "7")), (1000, ("--max", "1000")), (1105, ("--max", "2000"))]:
        names = [e["name"] for e in place.verb("executions", "pass", *words, *way).json["executions"]]
        demand_equal(["e%d" % (1104 - i) for i in range(count)], names, "executions %s" % (words,))


@case()
def history_streams_over_http(place):
    """Events come while the execution runs, also when the server is another one after a while."""
    way = at_endpoint(place)
    port = way[1].rsplit(":", 1)[1]
    place.verb("create", "wait", place.write("wait.asl.json", wait(8)), *way)
    place.verb("start", "wait", "--name", "w", *way)
    follower = subprocess.Popen([place.galliard, "history", "wait/w", "--follow", *way], cwd=place.directory,
                                env=place.environment, stdout=subprocess.PIPE, text=True)
    events = []
    reader = threading.Thread(target=lambda: events.extend(json.loads(line)["type"] for line in follower.stdout))
    try:
        reader.start()
        wait_until("the first events are told", lambda: len(events) == 2)
        demand(follower.poll() is None, "it follows on")
        place.serves[0].kill()
        place.serve("--store", place.url, "--listen", "127.0.0.1:" + port)
        wait_until("the end is told", lambda: follower.poll() is not None)
        reader.join()
    finally:
        follower.kill()
        follower.wait()
        follower.stdout.close()
    demand_equal(0, follower.returncode, "exit status")
    demand_equal(["ExecutionStarted", "WaitStateEntered", "WaitStateExited", "ExecutionSucceeded"], events, "events")


@case("sqlite")
def a_task_that_comes_later(place):
    """`task get` waits for a minute: over HTTP, and over the socket of the store's owner."""
    serve = place.serve("--account", ACCOUNT, "--region", REGION)
    url = "http://%s:%d" % serve.addresses()[0]
    machine = {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": ARN + ":activity:later", "End": True}}}
    for name in ("later", "never"):
        place.verb("activity", "create", name)
    place.verb("create", "m", place.write("m.asl.json", machine))
    ways = {"http": {"GALLIARD_STORE": "", "GALLIARD_ENDPOINT": url}, "socket": {}}

    def get(activity, environment):
        begun = time.monotonic()
        process = subprocess.run([place.galliard, "task", "get", activity], cwd=place.directory, capture_output=True,
                                 env={**place.environment, **environment}, text=True, timeout=120)
        demand_equal(0, process.returncode, "task get %s: %s" % (activity, process.stderr))
        return json.loads(process.stdout), time.monotonic() - begun
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        late = [pool.submit(get, "later", environment) for environment in ways.values()]
        never = [pool.submit(get, "never", environment) for environment in ways.values()]
        time.sleep(2)
        for name in ("one", "two"):
            place.verb("start", "m", "--name", name, "--input", json.dumps(name))
        demand_equal(['"one"', '"two"'], sorted(future.result()[0]["input"] for future in late), "inputs")
        for future in never:
            answer, seconds = future.result()
            demand(answer.get("taskToken") is None and 55 < seconds < 75, "%s after %.1f s" % (answer, seconds))


@case("sqlite")
def tables_on_a_terminal(place):
    """The same answers, for people."""
    place.verb("store", "init", "--account", ACCOUNT, "--region", REGION)
    place.environment["TZ"] = "XYZ-14:00"  # nobody lives there
    definition = {"Comment": "a text that is long enough to be shown over several lines, as a definition is", **PASS}
    place.verb("create", "pass", place.write("pass.asl.json", definition))
    place.verb("start", "pass", "--name", "p", "--input", '{"k": 1}')
    place.verb("activity", "create", "pack")
    hour = time.strftime("%Y-%m-%d %H:", time.gmtime(time.time() + 14 * 3600))
    for words, pattern in [(("list",), r"NAME  TYPE      CREATED\npass  STANDARD  %s\S+\n" % hour),
                           (("executions", "pass"), r"NAME  STATUS     STARTED +TOOK\np     SUCCEEDED  %s\S+  \S+ s\n" % hour),
                           (("executions", "pass", "--status", "FAILED"), r""),
                           (("activities",), r"NAME  CREATED\npack  %s\S+\n" % hour),
                           (("describe", "pass"), r"(?s).*^name +pass$.*^creationDate +%s\S+$.*^definition\n  {\n    \"Comment\": .*^  }\n.*" % hour),
                           (("describe", "pass/p"), r"(?s).*^status +SUCCEEDED$.*^input +{\"k\": 1}$.*"),
                           (("history", "pass/p"), r"    1  %s\S+  ExecutionStarted\n(?s:.*)" % hour)]:
        text = run_on_terminal(place, words)
        demand(re.fullmatch(pattern, text, re.M), "%s: %r" % (words, text))
        demand(json.loads(run_on_terminal(place, (*words, "--json"))) is not None, "--json on a terminal")
