#!/usr/bin/env python3
"""Runs a command beside a Postgres cluster of its own, made for it and removed after it.

    pg_cluster.py [--memory | --size MIB] [--standby] COMMAND [ARGUMENT ...]

The command finds in its environment
    GAL_TEST_POSTGRES       how to connect, as the superuser: postgresql://...
    GAL_TEST_POSTGRES_DIR   a folder; DIR/data is the cluster, DIR/log what the server prints
and may do to the server what it likes: signal the process whose id is the first line of DIR/data/postmaster.pid
(SIGINT: fast, SIGQUIT: immediate, SIGKILL). A server that has ended is started again, unless the file DIR/down is there.

The system's own clusters are never touched. As root the server runs as `postgres` or `nobody`, since it refuses
root. Where Postgres is not installed the exit code is 77, which says "skipped" to the test runner. Everything is in a
folder under $TMPDIR, or with --memory in shared memory if there is plenty: nothing is synchronised to a disk then, which
is right for a test that ends processes and wrong for measuring. The server listens on a socket there, and on a free
port of the loopback address.

--size MIB    on a small file system of that size, which can be filled up (needs root; else the exit code is 77)
--standby     and a second server that follows the first one: GAL_TEST_POSTGRES_STANDBY and _STANDBY_DIR say where
"""

import argparse
import ctypes
import glob
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SKIPPED = 77
PAUSE_SECONDS = 0.02
READY_SECONDS = 60
PR_SET_PDEATHSIG = 1
CLONE_NEWNS = 0x00020000
SHARED_MEMORY_WANTED = 4 * 1024**3

SETTINGS = """
unix_socket_directories = '{socket}'
listen_addresses = '127.0.0.1'
port = {port}
max_connections = 100
shared_buffers = 64MB
max_wal_size = 2GB
recovery_init_sync_method = syncfs
log_line_prefix = '%m [%p] %q%a '
"""


def find_programs():
    """The folder of the newest installed server's programs; None: not installed."""
    folders = glob.glob("/usr/lib/postgresql/*/bin") + glob.glob("/usr/pgsql-*/bin")
    found = shutil.which("initdb")
    if found:
        folders.append(os.path.dirname(os.path.realpath(found)))
    folders = [f for f in folders if os.path.exists(f"{f}/initdb") and os.path.exists(f"{f}/postgres")]
    return max(folders, key=lambda f: [int(n) for n in re.findall(r"\d+", f)] or [0], default=None)


def server_user():
    """What subprocess needs to run the server: as somebody else if we are root."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    sys.exit("pg_cluster.py: no user to run the server as")


def shared_memory():
    if os.access("/dev/shm", os.W_OK):
        status = os.statvfs("/dev/shm")
        if status.f_bavail * status.f_frsize > SHARED_MEMORY_WANTED:
            return "/dev/shm"
    return None


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def end_with_parent():
    # Nobody else would end the server when we are killed.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)


class Cluster:
    def __init__(self, programs, place):
        self.programs, self.user, self.port = programs, server_user(), free_port()
        self.folder = tempfile.mkdtemp(prefix="galliard-pg-", dir=place)
        self.data, self.socket = f"{self.folder}/data", f"{self.folder}/socket"
        self.server = None

    def make_folders(self):
        os.chmod(self.folder, 0o755)
        if self.user:
            os.chown(self.folder, self.user["user"], self.user["group"])
        for path in (self.data, self.socket):
            os.mkdir(path, 0o700 if path == self.data else 0o755)
            if self.user:
                os.chown(path, self.user["user"], self.user["group"])

    def make(self):
        subprocess.run(
            [f"{self.programs}/initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
             "--locale=C.UTF-8", "--no-sync", "--no-instructions"],
            cwd=self.folder, stdout=subprocess.DEVNULL, check=True, **self.user,
        )
        self.configure()

    def follow(self, other):
        """Makes this cluster a standby of a running one."""
        os.rmdir(self.data)
        subprocess.run(
            [f"{self.programs}/pg_basebackup", "-D", self.data, "-h", other.socket, "-p", str(other.port), "-U",
             "postgres", "--write-recovery-conf", "--checkpoint=fast", "--no-sync"],
            cwd=self.folder, check=True, **self.user,
        )
        self.configure()

    def configure(self):
        # One role must say a password; who comes as another one, over whatever, is trusted.
        path = f"{self.data}/pg_hba.conf"
        with open(path, encoding="utf-8") as file:
            rules = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write("local all guarded scram-sha-256\nhost all guarded all scram-sha-256\n" + rules)
        with open(f"{self.data}/postgresql.auto.conf", "a", encoding="utf-8") as file:
            file.write(SETTINGS.format(socket=self.socket, port=self.port))

    def start(self):
        with open(f"{self.folder}/log", "ab") as log:
            self.server = subprocess.Popen(
                [f"{self.programs}/postgres", "-D", self.data], cwd=self.folder, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, preexec_fn=end_with_parent, **self.user,
            )

    def is_ready(self):
        try:
            with open(f"{self.data}/postmaster.pid", encoding="utf-8") as file:
                lines = file.read().split("\n")
        except FileNotFoundError:
            return False
        return lines[0] == str(self.server.pid) and len(lines) > 7 and lines[7].strip() == "ready"

    def wait_until_ready(self):
        end = time.monotonic() + READY_SECONDS
        while not self.is_ready():
            if self.server.poll() is not None or time.monotonic() > end:
                with open(f"{self.folder}/log", encoding="utf-8", errors="replace") as file:
                    sys.exit("pg_cluster.py: the server does not start:\n" + file.read()[-4000:])
            time.sleep(PAUSE_SECONDS)

    def keep_up(self):
        """Starts the server again after it has ended, if that is wanted."""
        if self.server.poll() is not None and not os.path.exists(f"{self.folder}/down"):
            self.start()

    def remove(self):
        if self.server is not None and self.server.poll() is None:
            self.server.send_signal(signal.SIGQUIT)
            self.server.wait()
        if os.path.ismount(self.folder):
            subprocess.run(["umount", "--lazy", self.folder], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self):
        return f"postgresql:///postgres?host={self.socket}&port={self.port}&user=postgres"


def make_small(path, mib):
    """A file system of its own at the path, which is gone with this process; False: that is not allowed here."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        return False
    commands = (["mount", "--make-rprivate", "/"], ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", path])
    return all(subprocess.run(c, stderr=subprocess.DEVNULL, check=False).returncode == 0 for c in commands)


def set_up(clusters):
    """Starts the first cluster, and the second one, if any, as its standby; returns the command's environment."""
    environment = dict(os.environ)
    for cluster, suffix in zip(clusters, ("", "_STANDBY")):
        cluster.make_folders()
        if suffix:
            cluster.follow(clusters[0])
        else:
            cluster.make()
        cluster.start()
        cluster.wait_until_ready()
        environment[f"GAL_TEST_POSTGRES{suffix}"] = cluster.url()
        environment[f"GAL_TEST_POSTGRES{suffix}_DIR"] = cluster.folder
    return environment


def run(clusters, command):
    process = subprocess.Popen(command, env=set_up(clusters))
    try:
        while process.poll() is None:
            for cluster in clusters:
                cluster.keep_up()
            try:
                process.wait(PAUSE_SECONDS)
            except subprocess.TimeoutExpired:
                pass
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--size", type=int, metavar="MIB")
    parser.add_argument("--standby", action="store_true")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    if not arguments.command:
        parser.error("no command")
    return arguments


def main():
    arguments = parse_arguments()
    programs = find_programs()
    if programs is None:
        print("skipped: no Postgres server is installed (Debian: postgresql)")
        return SKIPPED
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    place = shared_memory() if arguments.memory else None
    clusters = [Cluster(programs, place) for _ in range(2 if arguments.standby else 1)]
    try:
        if arguments.size and not make_small(clusters[0].folder, arguments.size):
            print("skipped: no small file system can be mounted here")
            return SKIPPED
        return run(clusters, arguments.command)
    finally:
        for cluster in clusters:
            cluster.remove()


sys.exit(main())
