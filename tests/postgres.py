"""A real PostgreSQL for tests: a private cluster in a temporary folder, on a Unix socket, gone afterwards.

PostgreSQL refuses to run as root, so root runs it as the user that Debian's package made.
"""

import os
import pwd
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

from tests.parts import leave_out

_OWNER = "postgres"
_STARTS_WITHIN_S = 20
_PORT = "54329"  # names the socket only: nothing listens on the network


def binaries():
    """Return the folder of the newest PostgreSQL's programs; None if there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


def required():
    """Return the programs' folder; without it skip loudly, or fail where CI asks for everything."""
    found = binaries()
    if found is None:
        leave_out("PostgreSQL is MISSING: nothing is proven on it (apt install postgresql)")
    return found


class Cluster:
    """One cluster; `address` is a URL without a database's name. It can be killed, and started again."""

    def __init__(self, *, fsync: bool = False):
        self._programs = required()
        self._folder = Path(mkdtemp(prefix="totem-pg-", dir="/tmp"))
        self._data = self._folder / "data"
        self._settings = f"-c fsync={'on' if fsync else 'off'}"
        self.address = f"postgresql+psycopg://totem@/{{name}}?host={self._folder}&port={_PORT}"

    def make(self):
        """Make the cluster's files."""
        if os.geteuid() == 0:
            owner = pwd.getpwnam(_OWNER)
            os.chown(self._folder, owner.pw_uid, owner.pw_gid)
        words = ("-D", self._data, "-U", "totem", "-A", "trust", "-E", "UTF8", "--no-sync")
        _run(self._programs / "initdb", *words)

    def start(self):
        """Start, and return when it takes connections."""
        options = f"-c listen_addresses='' -c unix_socket_directories={self._folder} -c port={_PORT} {self._settings}"
        log = self._folder / "log"
        command = (self._programs / "pg_ctl", "-D", self._data, "-o", options, "-l", log, "-w", "start")
        until = time.monotonic() + _STARTS_WITHIN_S
        while (fault := _fault(*command)) and time.monotonic() < until:
            time.sleep(0.1)  # what is left of one that was killed holds its memory a moment longer
        assert not fault, fault

    def kill(self):
        """Kill every process of it, as a loss of power does."""
        postmaster = int((self._data / "postmaster.pid").read_text().split()[0])
        parts = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        for pid in (postmaster, *map(int, parts)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def stop(self):
        """Stop it, and forget its files."""
        try:
            _run(self._programs / "pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)


@contextmanager
def running():
    """Run a cluster and yield its address, a URL without a database's name."""
    cluster = Cluster()
    cluster.make()
    cluster.start()
    try:
        yield cluster.address
    finally:
        cluster.stop()


def _run(*command):
    fault = _fault(*command)
    assert not fault, fault


def _fault(*command):
    """Return what a command said where it failed; None where it did not."""
    words = [str(word) for word in command]
    if os.geteuid() == 0:
        words = ["runuser", "-u", _OWNER, "--", *words]
    done = subprocess.run(words, cwd="/", capture_output=True, text=True, check=False)
    return f"{' '.join(words)}: {done.stdout}{done.stderr}" if done.returncode else None
