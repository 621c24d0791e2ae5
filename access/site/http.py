"""The HTTP server of a process: one port, stopped in order by either signal."""

import logging
import signal
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from access.errors import SettingsError
from access.site.line import KeptLine

_log = logging.getLogger(__name__)

_LONGEST_GOODBYE_S = 3

_KEPT_S = 75
"""How long a connection without a request is kept: door computers, controllers and proxies come back on theirs."""


async def serve_http(app: ASGIApp, listener: socket.socket, before_end: Callable[[], None]) -> None:
    """Serve until interrupted; `before_end` ends what would go on for ever."""
    # uvicorn stops in order at either signal and then raises it again: by then all is done.
    signal.signal(signal.SIGTERM, _let_pass)
    signal.signal(signal.SIGINT, _let_pass)
    config = uvicorn.Config(
        app,
        http=KeptLine,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        timeout_keep_alive=_KEPT_S,
        timeout_graceful_shutdown=_LONGEST_GOODBYE_S,
    )
    await _Server(config, before_end).serve(sockets=[listener])


def listen(host: str, port: int) -> socket.socket:
    """Take the port; raise `SettingsError` if it is somebody else's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # By its protocol asyncio knows a TCP connection, and sets TCP_NODELAY: else an answer in two parts waits 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise SettingsError(f"{host}:{port}: {error.strerror}; choose another port") from error
    return listener


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, before_end: Callable[[], None]) -> None:
        super().__init__(config)
        self._before_end = before_end

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or ():
            _log.info("serving", extra={"address": "{}:{}".format(*listener.getsockname()[:2])})

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._before_end()
        await super().shutdown(sockets)


def _let_pass(_signal: int, _frame: FrameType | None) -> None:
    """Do nothing: the signal was obeyed already."""
