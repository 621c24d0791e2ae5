"""A real pcscd with vsmartcard's virtual reader, in a mount, network and process namespace of its own.

`run_inside` runs a pytest file (or one test of it) in there; whatever such a test starts lives and dies there too, and
nothing of the machine is disturbed: vpcd's open ports stay inside. Such files are called `inside_*.py`, so that they
are collected only that way, and use `Pcscd` themselves. A missing part is told loudly; with CI=true it is a failure.
"""

import fcntl
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

import pytest

from tests.parts import leave_out

FIRST_READER, SECOND_READER = "Virtual PCD 00 00", "Virtual PCD 00 01"
FIRST_SLOT, SECOND_SLOT = 35963, 35964

_PCSCD = shutil.which("pcscd", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
_DRIVER = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
_SOCKET = "/run/pcscd/pcscd.comm"
_NAMESPACES = ("--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")
_MARK = Path("/run/totem-tests")
_START_S = 10.0
_SIOCSIFFLAGS = 0x8914  # linux/sockios.h
_IFF_UP = 0x1


def run_inside(*arguments: str, timeout_s: float = 250) -> None:
    """Run pytest with these arguments in namespaces of its own, and fail with its output if it does."""
    _require_parts()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [*_unshare(), sys.executable, "-m", "tests.pcscd", *arguments],
        env=inherited | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    if done.returncode != 0:
        pytest.fail(f"inside the namespace:\n{done.stdout}", pytrace=False)


class Pcscd:
    """The daemon. Only inside the namespaces: it would take the machine's own place otherwise."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end(signal.SIGTERM)

    def start(self) -> None:
        """Start it and wait until it takes clients; its readers are there by then."""
        assert _MARK.exists(), "pcscd may be started inside the namespaces only"
        assert _PCSCD is not None
        self._process = subprocess.Popen([_PCSCD, "--foreground"], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + _START_S
        while not takes_clients():
            assert self._process.poll() is None, "pcscd ended while it started"
            assert time.monotonic() < deadline, "pcscd did not start in time"
            time.sleep(0.005)

    def end(self, how: signal.Signals) -> None:
        """End it, gently or not, and wait until it is gone."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=_START_S)
            self._process = None


def takes_clients() -> bool:
    """Return whether it lives, and is asked."""
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(_SOCKET) == 0


def _unshare() -> list[str]:
    as_root = () if os.geteuid() == 0 else ("--user", "--map-root-user")
    return [shutil.which("unshare") or "unshare", *as_root, *_NAMESPACES, "--"]


def _require_parts() -> None:
    missing = [
        f"{what} ({package})"
        for what, package, is_there in (
            ("pcscd", "Debian package pcscd", _PCSCD is not None),
            ("vpcd", "Debian package vsmartcard-vpcd", _DRIVER.exists()),
            ("namespaces", "unshare as root, or user namespaces", _may_unshare()),
        )
        if not is_there
    ]
    if missing:
        leave_out(f"NOT TESTED, missing: {', '.join(missing)}")


def _may_unshare() -> bool:
    try:
        return subprocess.run([*_unshare(), "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _enter() -> None:
    """Make the namespaces habitable: an empty /run for pcscd's socket, and loopback."""
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    _MARK.touch()
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh", b"lo", _IFF_UP))
    os.execv(  # noqa: S606 (pytest is to be the first process of the namespace)
        sys.executable, [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *sys.argv[1:]]
    )


if __name__ == "__main__":
    _enter()
