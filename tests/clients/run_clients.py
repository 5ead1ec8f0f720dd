#!/usr/bin/env python3
"""Real clients against a real `galliard serve`: Debian's AWS CLI, and the AWS SDK for JavaScript on Node.

    run_clients.py GALLIARD FOLDER [--store sqlite|postgres]

The SDK is installed into FOLDER, once, as package-lock.json pins it. What is not installed, or cannot be, is skipped
and said so. Requests are signed, as these clients always do, and the server verifies that.
"""
import argparse
import filecmp
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "server"))
from place import Fault, Place # pylint: disable=wrong-import-position

KEY = {"accessKeyId": "AKIAIOSFODNN7CLIENTS", "secretAccessKey": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
SECONDS_MAX = 300


def install_sdk(folder):
    """A folder that was finished before is used again. Returns why the SDK cannot be had, or None."""
    lock = folder / "package-lock.json"
    if (folder / "node_modules").is_dir() and lock.exists() and filecmp.cmp(lock, HERE / lock.name, shallow=False):
        return None
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / "package.json", folder)
    lock.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as other:
        shutil.copy(HERE / "package-lock.json", folder)
        try:
            done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder,
                                  capture_output=True, text=True, timeout=SECONDS_MAX, check=False,
                                  env={**os.environ, "TMPDIR": other})
        except (OSError, subprocess.TimeoutExpired) as error:
            lock.unlink(missing_ok=True)
            return str(error)
    if done.returncode != 0:
        lock.unlink(missing_ok=True) # not finished
        return "npm cannot install it: %s" % done.stderr.strip()[-400:]
    return None


def run(command, environment):
    """Returns (passed, failed)."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS_MAX, check=False)
    print(done.stdout, end="")
    lines = done.stdout.splitlines()
    if done.returncode not in (0, 1) or not lines or " passed, " not in lines[-1]:
        print("FAIL %s ended with %d: %s" % (command[-2], done.returncode, done.stderr[-4000:]))
        return 0, 1
    passed, failed = lines[-1].split(" passed, ")
    return int(passed), int(failed.split()[0])


def find_clients(folder):
    """Returns ({name: command before the endpoint}, [why others are left out])."""
    clients, missing = {}, []
    if os.path.exists("/usr/bin/aws"):
        clients["aws"] = [sys.executable, str(HERE / "cli.py"), "/usr/bin/aws"]
    else:
        missing.append("the AWS CLI: there is no /usr/bin/aws")
    why = "there is no node" if shutil.which("node") is None else install_sdk(folder)
    if why is None:
        shutil.copy(HERE / "sdk.mjs", folder)
        clients["sdk"] = ["node", str(folder / "sdk.mjs")]
    else:
        missing.append("the AWS SDK: %s" % why)
    return clients, missing


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("galliard", type=os.path.abspath)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    options = parser.parse_args()
    clients, missing = find_clients(options.folder.resolve())
    for why in missing:
        print("skipped: " + why)
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="gal-", dir="/tmp") as directory:
        url = "sqlite:galliard.db" if options.store == "sqlite" else os.environ["GAL_TEST_POSTGRES"]
        place = Place(options.galliard, directory, url)
        try:
            serve = place.serve("--keys", place.write("keys.json", [KEY]))
            endpoint = "http://%s:%d" % serve.addresses()[0]
            environment = {**os.environ, "AWS_ACCESS_KEY_ID": KEY["accessKeyId"], "AWS_REGION": "us-east-1",
                           "AWS_SECRET_ACCESS_KEY": KEY["secretAccessKey"], "AWS_DEFAULT_REGION": "us-east-1",
                           "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
                           "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "3"}
            for command in clients.values():
                counts = run([*command, endpoint], environment)
                passed, failed = passed + counts[0], failed + counts[1]
            place.check()
            if serve.stop()[0] != 0:
                raise Fault("serve ended badly: %s" % serve.log[-20:])
        except Fault as fault:
            failed += 1
            print("FAIL %s" % fault)
        finally:
            place.end()
    print("%d passed, %d failed, %d skipped" % (passed, failed, len(missing)))
    return 1 if failed or not passed + len(missing) else 0


if __name__ == "__main__":
    sys.exit(main())
