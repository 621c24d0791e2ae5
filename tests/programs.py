"""Totem's programs as processes of their own, over a folder: started, killed, stopped for a while, and asked."""

import http.client
import json
import multiprocessing
import os
import random
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

PATIENCE_S = 60.0

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["access.site.authorizer", "access.site.server", "access.cli.reader"])
"""What takes seconds to import is imported once, in a process that does nothing but fork the others."""


class Program:
    """`work(*words)` in a process of its own; its log goes to a file beside the others."""

    def __init__(self, folder: Path, name: str, work: Callable[..., int], *words: str) -> None:
        self.name, self._work, self._words = name, work, words
        self._log = folder / f"{name}.log"
        self.process: multiprocessing.process.BaseProcess | None = None

    def start(self) -> None:
        self.process = CONTEXT.Process(target=_live, args=(self._log, self._work, *self._words), daemon=True)
        self.process.start()

    @property
    def lives(self) -> bool:
        return self.process is not None and self.process.is_alive()

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        assert self.process.pid is not None
        os.kill(self.process.pid, number)

    def kill(self) -> None:
        """Kill it, as a crash does, and wait until it is gone."""
        if self.process is not None:
            self.process.kill()
            self.process.join()

    def stop(self) -> None:
        """Tell it to end, and wait until it has."""
        if self.process is not None:
            self.process.terminate()
            self.process.join(PATIENCE_S)

    @property
    def log(self) -> str:
        return self._log.read_text("utf-8", "replace") if self._log.exists() else ""


def totem(*words: str) -> int:
    """Run one of Totem's commands."""
    from access.cli import main

    return main(words)


def _live(log: Path, work: Callable[..., int], *words: str) -> None:
    with log.open("ab") as told:
        os.dup2(told.fileno(), 1)
        os.dup2(told.fileno(), 2)
    sys.exit(work(*words))


class Line:
    """One kept connection to a program's port, as a controller has."""

    def __init__(self, port: int, secret: str, timeout_s: float = PATIENCE_S) -> None:
        self._port, self._timeout_s = port, timeout_s
        self._headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        self._line: http.client.HTTPConnection | None = None

    def post(self, path: str, body: object) -> tuple[int, dict[str, object]]:
        """Return the status and the body of the answer; 0 and nothing where none came."""
        try:
            if self._line is None:
                self._line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=self._timeout_s)
            self._line.request("POST", path, json.dumps(body), self._headers)
            answer = self._line.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException):
            self.close()
            return 0, {}

    def close(self) -> None:
        if self._line is not None:
            with suppress(OSError):
                self._line.close()
            self._line = None


PORTS = range(20_000, 32_000)
"""Below those that a connection takes by itself (`ip_local_port_range`)."""

_claims: list[socket.socket] = []


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Return a port on which nothing listens, for a program to be started on: no test beside this one is given it."""
    while True:
        port = random.choice(PORTS)
        claim = socket.socket(socket.AF_UNIX)
        with socket.socket(type=kind) as probe, suppress(OSError):
            claim.bind(f"\0totem-tests-{port}")
            probe.bind(("127.0.0.1", port))
            _claims.append(claim)
            return port
        claim.close()


def until(happened, what: str, within_s: float = PATIENCE_S):
    """Wait for other processes; return what `happened` returns once that is something."""
    deadline = time.monotonic() + within_s
    while not (found := happened()):
        assert time.monotonic() < deadline, f"it did not come to {what} within {within_s} s"
        time.sleep(0.01)
    return found
