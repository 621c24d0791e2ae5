"""A real Mosquitto for tests: on a free port of the loopback, with nothing kept between two starts.

It stops and starts again on the same port, as a broker does that is updated or loses its power.
"""

import asyncio
import os
import shutil
from pathlib import Path

from tests.programs import free_port

_BINARY = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
_START_WITHIN_S = 10

_CONFIGURATION = """\
listener {port} 127.0.0.1
{who}
persistence false
set_tcp_nodelay {nodelay}
connection_messages false
user root
log_dest stderr
log_type notice
log_type information
"""


class Mosquitto:
    """One broker; `port` stays the same over its restarts."""

    host = "127.0.0.1"

    def __init__(self, folder: Path, *, nodelay: bool = True, passwords: Path | None = None) -> None:
        if _BINARY is None:
            raise FileNotFoundError("mosquitto is not installed: apt-get install mosquitto")
        self.port = free_port()
        self._file = folder / f"mosquitto-{self.port}.conf"
        who = f"password_file {passwords}" if passwords else "allow_anonymous true"
        self._file.write_text(
            _CONFIGURATION.format(port=self.port, nodelay=str(nodelay).lower(), who=who), "utf-8"
        )
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start, and return when it takes connections."""
        assert _BINARY is not None
        self._process = await asyncio.create_subprocess_exec(
            _BINARY, "-c", str(self._file), stderr=asyncio.subprocess.PIPE
        )
        said: list[bytes] = []
        async with asyncio.timeout(_START_WITHIN_S):
            while not (said and said[-1].endswith(b" running\n")):
                line = await self._log().readline()
                assert line, f"mosquitto ended: {b''.join(said).decode()}"
                said.append(line)

    def _log(self) -> asyncio.StreamReader:
        assert self._process is not None
        assert self._process.stderr is not None
        return self._process.stderr

    async def stop(self) -> None:
        """Kill it, so that it says goodbye to nobody."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.communicate()
        self._process = None
