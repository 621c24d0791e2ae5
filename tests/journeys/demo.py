"""`totem run` as a process of its own, for tests that use it as somebody does who has just typed it."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from http import HTTPStatus

import httpx

from tests.programs import free_port

TOTEM = (sys.executable, "-c", "import sys; from access.cli import main; sys.exit(main())", "run")
PATIENCE_S = 60.0


class Demo:
    """A running `totem run`."""

    def __init__(self, *words: str) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        command = [*TOTEM, "--port", str(self.port), *words]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        greeting = []
        for line in self._process.stdout:
            greeting.append(line)
            if "Stop: Ctrl-C" in line:
                break
        self.greeting = "".join(greeting)
        key = re.search(r"KEY=(\S+)", self.greeting)
        assert key, self.greeting
        self._headers = {"Authorization": f"Bearer {key[1]}"}
        self._wait()

    @property
    def password(self) -> str:
        """The administrator's one-time password."""
        found = re.search(r"one-time password (\S+)", self.greeting)
        assert found, self.greeting
        return found[1]

    def _wait(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                assert httpx.get(self.address + "/healthz").status_code == HTTPStatus.OK
            except httpx.TransportError:
                assert time.monotonic() < deadline
                time.sleep(0.02)
            else:
                return

    def post(self, path: str, body: Mapping[str, object]) -> httpx.Response:
        return httpx.post(self.address + path, json=body, headers=self._headers, timeout=PATIENCE_S)

    def count(self, space: str) -> int:
        spaces = httpx.get(self.address + "/v1/occupancy", headers=self._headers).json()
        return next(int(each["count"]) for each in spaces if each["space"] == space)

    def interrupt(self) -> int:
        self._process.send_signal(signal.SIGINT)
        self._process.communicate(timeout=PATIENCE_S)
        return self._process.returncode
