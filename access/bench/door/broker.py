"""A Mosquitto of the bench's own on a free port of the loopback, with TCP_NODELAY as deploy/mosquitto sets it."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from access.bench.report import NotBuilt
from readers.wire.bus import Broker

_CONFIGURATION = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence false
set_tcp_nodelay true
user root
"""
_STARTS_WITHIN_S, _LOOK_S = 10.0, 0.02


@asynccontextmanager
async def mosquitto(directory: Path) -> AsyncIterator[Broker]:
    """Run a broker; raise `NotBuilt` where Mosquitto is not installed."""
    program = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if program is None:
        raise NotBuilt("mosquitto is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    file = directory / "mosquitto.conf"
    file.write_text(_CONFIGURATION.format(port=port), "utf-8")
    process = await asyncio.create_subprocess_exec(
        program, "-c", str(file), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await _answers(port)
        yield Broker(port=port)
    finally:
        process.kill()
        await process.wait()


async def _answers(port: int) -> None:
    async with asyncio.timeout(_STARTS_WITHIN_S):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(_LOOK_S)
            else:
                writer.close()
                return
