"""Opens a request for approval: a folder with the request in it, in which somebody leaves a file "decision".

The file is one line, "TIME approved|rejected NAME". By hand:
    echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) approved me" > FOLDER/decision
A rehearsal ("rehearsal": {"answer": ..., "by": ..., "afterMinutes": ...}) leaves it at once, dated ahead; look.sh
takes no notice of a decision before its time. With "rehearsal": null everything waits for a person.
"""
import datetime
import json
import os
import sys
import tempfile


def stamp(time):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


event = json.load(sys.stdin)
now = datetime.datetime.strptime(event["now"][:19], "%Y-%m-%dT%H:%M:%S")
deadline = now + datetime.timedelta(hours=event["deadlineHours"])
next_look = now + datetime.timedelta(minutes=event["lookEveryMinutes"])

folder = os.path.join(tempfile.gettempdir(), "galliard-approval-" + event["name"])
os.makedirs(folder, exist_ok=True)
with open(os.path.join(folder, "request"), "w") as file:
    file.write("%s\nanswer before %s\n" % (event["request"], stamp(deadline)))

rehearsal = event["rehearsal"]
if rehearsal:
    decided = now + datetime.timedelta(minutes=rehearsal["afterMinutes"])
    with open(os.path.join(folder, "decision"), "w") as file:
        file.write("%s %s %s\n" % (stamp(decided), rehearsal["answer"], rehearsal["by"]))

json.dump({"folder": folder, "deadline": stamp(deadline), "nextLook": stamp(next_look)}, sys.stdout)
