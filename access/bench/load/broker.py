"""A Mosquitto of a bench's own, that can be killed and come back on the same port."""

import shutil
import socket
import subprocess
import time
from pathlib import Path

from access.bench.report import NotBuilt

_CONFIGURATION = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence false
set_tcp_nodelay true
max_queued_messages 0
user root
"""
_WITHIN_S, _LOOK_S = 10.0, 0.02


class Mosquitto:
    """The broker; raise `NotBuilt` where the program is not installed."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
        if program is None:
            raise NotBuilt("mosquitto is not installed (apt install mosquitto)")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        file = folder / "mosquitto.conf"
        file.write_text(_CONFIGURATION.format(port=self.port), "utf-8")
        self._command = (program, "-c", str(file))
        self.start()

    def start(self) -> None:
        """Run; return once it answers."""
        self._process = subprocess.Popen(self._command, stderr=subprocess.DEVNULL)  # noqa: S603 (found by us)
        end = time.monotonic() + _WITHIN_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(_LOOK_S)
            else:
                return

    def kill(self) -> None:
        """Let it die at once."""
        self._process.kill()
        self._process.wait()
