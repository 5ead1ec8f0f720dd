"""Plays tests/cases/calls/*.json: calls of the API in their order, against a `serve`.

  about     what the case shows
  steps     each one of
    {"call": ACTION, "request": {...}}   with what is expected of the answer:
        "as": NAME         later texts may say ${NAME.member}, ${NAME.list.0}
        "reply": {...}     members that it has with these values; null: not there; "*": some text
        "error": NAME, "message": TEXT   instead: it is refused so
        "until": true      asked again until that is so
    {"restart": true}      the `serve` ends, and another one begins

Every answer is held to the shapes of schemas/api/states.json, and an error must be one of the action's.
"""
import json
import pathlib
import re

from cases import Case, CASES
from place import Connection, Fault, demand, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = json.loads((ROOT / "schemas" / "api" / "states.json").read_text())
COMMON_ERRORS = {"ValidationException", "SerializationException", "UnknownOperationException"}
TYPES = {"boolean": bool, "string": str, "integer": int, "long": int, "float": (int, float), "timestamp": (int, float),
         "list": list, "structure": dict, "map": dict}


def fill_in(value, answers):
    if isinstance(value, dict):
        return {key: fill_in(item, answers) for key, item in value.items()}
    if isinstance(value, list):
        return [fill_in(item, answers) for item in value]
    if isinstance(value, str):
        return re.sub(r"\$\{([^}]+)\}", lambda match: look_up(match.group(1), answers), value)
    return value


def look_up(path, answers):
    value = answers
    for part in path.split("."):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return str(value)


def difference(expected, actual, place):
    """What is not as expected; None: nothing."""
    if expected == "*":
        return None if isinstance(actual, str) and actual else "%s: some text is expected, was %r" % (place, actual)
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key, value in expected.items():
            if value is None and key in actual:
                return "%s.%s: is there: %r" % (place, key, actual[key])
            found = difference(value, actual.get(key), place + "." + key)
            if found:
                return found
        return None
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for i, value in enumerate(expected):
            found = difference(value, actual[i], "%s[%d]" % (place, i))
            if found:
                return found
        return None
    return None if expected == actual else "%s: expected %r, was %r" % (place, expected, actual)


def check_shape(name, value, place):
    shape = MODEL["shapes"][name]
    wanted = TYPES[shape["type"]]
    demand(isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool)),
           "%s: %r is no %s" % (place, value, shape["type"]))
    if shape["type"] == "structure":
        for key in shape.get("required", []):
            demand(key in value, "%s has no %s" % (place, key))
        for key, item in value.items():
            demand(key in shape["members"], "%s: %s is no member of %s" % (place, key, name))
            if item is not None:
                check_shape(shape["members"][key], item, place + "." + key)
    elif shape["type"] == "list":
        for i, item in enumerate(value):
            check_shape(shape["item"], item, "%s[%d]" % (place, i))


def check_answer(action, status, headers, body):
    if status == 200:
        check_shape(MODEL["actions"][action]["response"], body, action)
        return
    name = body["__type"]
    demand(status == 400 and headers.get("x-amzn-errortype") == name, "%s: %d %s" % (action, status, body))
    demand(name in COMMON_ERRORS or name in MODEL["actions"][action]["errors"], "%s may not answer %s" % (action, body))


def find_fault(step, answers, status, body):
    if "error" in step:
        if body.get("__type") != step["error"]:
            return "expected %s, was %d %s" % (step["error"], status, json.dumps(body)[:600])
        return difference(fill_in({"message": step.get("message", "*"), **step.get("reply", {})}, answers), body, "")
    if status != 200:
        return "%d %s" % (status, json.dumps(body)[:600])
    return difference(fill_in(step.get("reply", {}), answers), body, "")


def play_call(serve, step, answers):
    def ask():
        with Connection(serve.socket_path()) as connection:
            status, headers, body = connection.call(step["call"], fill_in(step.get("request", {}), answers))
        check_answer(step["call"], status, headers, body)
        return body, find_fault(step, answers, status, body)
    if step.get("until"):
        wait_until(json.dumps(step)[:300], lambda: ask()[1] is None)
    body, fault = ask()
    demand(fault is None, "%s: %s" % (json.dumps(step)[:300], fault))
    if "as" in step:
        answers[step["as"]] = body


def play(place, case):
    serve = place.serve()
    answers = dict(case.get("texts", {}))
    for number, step in enumerate(case["steps"]):
        try:
            if step.get("restart"):
                serve.stop()
                serve = place.serve()
            else:
                play_call(serve, step, answers)
        except Fault as fault:
            raise Fault("step %d: %s" % (number + 1, fault)) from None
    serve.stop()
    place.check()


def register(path):
    def run(place):
        play(place, json.loads(path.read_text()))
    run.__name__ = "calls_" + path.stem
    CASES.append(Case(run, None, False))


for file in sorted((ROOT / "tests" / "cases" / "calls").glob("*.json")):
    register(file)
