"""What must be true when every execution has ended, whatever happened on the way."""
import collections
import json

from place import demand, demand_equal
from workload import BACKOFF, ENDED, MACHINES, RETRY_SECONDS, TIMEOUT_SECONDS


def is_last(event):
    return event["type"] in ("ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut")


class Final:
    """An execution in the end: `listed` in ListExecutions, `described`, and its events with their texts."""

    def __init__(self, listed, described, texts):
        self.arn = listed["executionArn"]
        self.machine = self.arn.split(":")[-2]
        self.listed, self.described, self.texts = listed, described, texts
        self.events = [json.loads(text) for text in texts]

    def previous(self, event):
        return self.events[event["previousEventId"] - 1] if event["previousEventId"] > 0 else None


def check_answers(finals, ledger):
    """Nothing that a client was told has become untrue."""
    for arn, date in ledger.starts.items():
        demand(arn in finals, "%s: its start was acknowledged, and it is not there" % arn)
        demand(date in (None, finals[arn].described["startDate"]), "%s: another startDate" % arn)
    unnamed = sum(not name.startswith("n") or not name[1:].isdigit() for name in (arn.split(":")[-1] for arn in finals))
    demand(unnamed <= ledger.sent, "%d executions by %d requests without a name" % (unnamed, ledger.sent))
    for arn, date in ledger.stops.items():
        demand_equal(date, finals[arn].described["stopDate"], "stopDate of %s" % arn)
    for arn, answer in ledger.ends.items():
        demand_equal(answer, finals[arn].described, "how %s ended" % arn)
    for arn, events in ledger.events.items():
        final = finals[arn].texts
        for event_id, text in events.items():
            demand(event_id <= len(final), "%s had an event %d, and has %d: %s" % (arn, event_id, len(final), text))
            demand_equal(text, final[event_id - 1], "event %d of %s" % (event_id, arn))


def check_end(final, stops):
    """It ended, and as its machine does unless it was stopped."""
    status, described = final.described["status"], final.described
    demand(status in ENDED and final.listed["status"] == status, "%s is %s" % (final.arn, status))
    _, wanted, make_output = MACHINES[final.machine]
    if status == "ABORTED":
        demand(final.arn in stops, "%s was stopped by nobody" % final.arn)
        demand_equal("Enough", described.get("error"), "error of %s" % final.arn)
        return
    demand_equal(wanted, status, "status of %s: %s" % (final.arn, described))
    if make_output is not None:
        demand_equal(make_output(json.loads(described["input"])), json.loads(described["output"]),
                     "output of %s" % final.arn)


def check_history(final):
    demand_equal(list(range(1, 1 + len(final.events))), [event["id"] for event in final.events],
                 "ids of %s" % final.arn)
    demand([is_last(event) for event in final.events] == [False] * (len(final.events) - 1) + [True],
           "%s: the last event is not its end" % final.arn)
    times = [event["timestamp"] for event in final.events]
    demand_equal(sorted(times), times, "timestamps of %s" % final.arn)
    demand_equal(final.described["stopDate"], times[-1], "the end of %s" % final.arn)


def find_wait(final, name, where=None):
    """The Seconds of the Wait state of that name, wherever it is in the machine."""
    where = MACHINES[final.machine][0] if where is None else where
    if isinstance(where, dict):
        if name in where.get("States", {}):
            return where["States"][name]["Seconds"]
        where = list(where.values())
    if isinstance(where, list):
        return next(filter(None, (find_wait(final, name, part) for part in where)), None)
    return None


def count_failures(final, scheduled):
    """Before this attempt of its task."""
    count, event = 0, final.previous(scheduled)
    while event["type"] == "LambdaFunctionFailed":
        count += 1
        while event["type"] != "LambdaFunctionScheduled":
            event = final.previous(event)
        event = final.previous(event)
    return count


def check_timers(final):
    """None fires early. How many there were."""
    timers = 0

    def demand_seconds(seconds, earlier, later):
        passed = round((later["timestamp"] - earlier["timestamp"]) * 1000)
        demand(passed >= 1000 * seconds, "%s: event %d came after %d ms instead of %g s" %
               (final.arn, later["id"], passed, seconds))

    for event in final.events:
        kind, before = event["type"], final.previous(event)
        if kind == "WaitStateExited":
            demand_equal("WaitStateEntered", before["type"], "%s: before event %d" % (final.arn, event["id"]))
            demand_seconds(find_wait(final, before["stateEnteredEventDetails"]["name"]), before, event)
        elif kind == "LambdaFunctionTimedOut":
            while before["type"] != "LambdaFunctionScheduled":
                before = final.previous(before)
            demand_seconds(TIMEOUT_SECONDS, before, event)
        elif kind == "LambdaFunctionScheduled" and before["type"] == "LambdaFunctionFailed":
            demand_seconds(RETRY_SECONDS * BACKOFF ** (count_failures(final, event) - 1), before, event)
        else:
            continue
        timers += 1
    return timers


def check_calls(finals, lines, restarts, reconnects):
    """Each call was made for an attempt that is in the history, and each result there came from one. How many
    attempts were called again."""
    calls = collections.Counter(line.split()[0] for line in lines)
    by_process = collections.Counter(lines)
    demand(all(count <= 1 + reconnects for count in by_process.values()),
           "called twice by one process: %s" % by_process.most_common(3))
    demand(all(count <= 1 + restarts + reconnects for count in calls.values()),
           "called too often: %s" % calls.most_common(3))
    called = set()
    for identity in calls:
        arn, _, event_id, _ = identity.split("/") # the second part tells executions of one name apart
        demand(arn in finals, "a call for an execution that is not there: %s" % identity)
        events = finals[arn].events
        demand(int(event_id) <= len(events) and events[int(event_id) - 1]["type"] == "LambdaFunctionScheduled",
               "a call without its LambdaFunctionScheduled: %s" % identity)
        demand((arn, int(event_id)) not in called, "two identities of one attempt: %s" % identity)
        called.add((arn, int(event_id)))
    for final in finals.values():
        for event in final.events:
            if event["type"] == "LambdaFunctionSucceeded":
                while event["type"] != "LambdaFunctionScheduled":
                    event = final.previous(event)
                demand((final.arn, event["id"]) in called, "%s: a result of event %d without a call" %
                       (final.arn, event["id"]))
    return sum(count > 1 for count in calls.values())


def check_tasks(finals, ledger):
    """What a worker was told is in the history. How many tasks were given."""
    for arn, results in ledger.results.items():
        written = [event["activitySucceededEventDetails"]["output"] for event in finals[arn].events
                   if event["type"] == "ActivitySucceeded"]
        demand(len(results) == len(set(results)) and set(results) <= set(written),
               "%s: acknowledged %s, written %s" % (arn, results, written))
    given = collections.Counter(ledger.tasks.values())
    for arn, count in given.items():
        started = sum(event["type"] == "ActivityStarted" for event in finals[arn].events)
        demand(count <= started, "%s: %d workers were given a task that %d have started" % (arn, count, started))
    return len(ledger.tasks)


def check_all(finals, ledger, lines, restarts, reconnects):
    """What there was to see, as text: a run in which little happened shows little."""
    check_answers(finals, ledger)
    timers = 0
    for final in finals.values():
        check_end(final, ledger.stops)
        check_history(final)
        timers += check_timers(final)
    repeated = check_calls(finals, lines, restarts, reconnects)
    tasks = check_tasks(finals, ledger)
    demand(len(ledger.starts) > 2 * len(MACHINES), "only %d executions: the run shows nothing" % len(ledger.starts))
    demand(ledger.repeats > 0, "no request was ever repeated: the run shows nothing")
    return "%d executions, %d events, %d timers, %d calls (%d attempts called again), %d tasks of workers, " \
        "%d answers (%d requests repeated)" \
        % (len(finals), sum(len(final.events) for final in finals.values()), timers, len(lines), repeated, tasks,
           ledger.answers, ledger.repeats)
