"""One kept HTTP connection to one authorizer. A tap never waits for a name to be looked up or a connection to be made.

After an answer that is late or none the line is dropped, so that no answer is taken for another's.
"""

import asyncio
import logging
import socket
import ssl
from contextlib import suppress

import msgspec

from readers.errors import WireError
from readers.ports import Clock
from readers.wire.reservations import PATH, Reserve, Verdict, read_verdict

_log = logging.getLogger(__name__)

_CONNECT_WITHIN_S, _RETRY_S, _LOOK_EVERY_S = 3.0, 1.0, 0.5
_OK, _BUSY, _STATUS_END = b" 200", b" 503", len(b"HTTP/1.1 200")
_LONGEST = 64 * 1024


class HttpLine:
    """The line to `host`:`port`, with a `key` that may ask. `run` holds it; `on_up` hears when there is one."""

    def __init__(self, host: str, port: int, key: str, ca_file: str | None, clock: Clock) -> None:
        self._host, self._port, self._clock = host, port, clock
        self._tls = ssl.create_default_context(cafile=ca_file) if ca_file else None
        self._line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._is_lost = asyncio.Event()
        self.up = asyncio.Event()
        """Set while there is a line; without one nobody is asked."""
        self.name = f"{host}:{port}"
        self._head = f"POST {PATH} HTTP/1.1\r\nHost: {self.name}\r\nAuthorization: Bearer {key}\r\n".encode()

    async def run(self) -> None:
        """Connect, and connect again whenever the line is lost, until cancelled."""
        try:
            while True:
                await self._connect()
                while not self._is_lost.is_set():
                    await self._look()
        finally:
            self.drop()

    async def _look(self) -> None:
        """Let go of a line that the other side has closed before a tap finds out."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_EVERY_S):
                await self._is_lost.wait()
        if self._line is not None and self._line[0].at_eof():
            self.drop()

    async def ask(self, asked: Reserve) -> Verdict | None:
        """Ask; return None where there is no line, or another authorizer is the one to ask.

        Raise `WireError`, `OSError`, `EOFError` or `ValueError` for an answer that is none.
        """
        if self._line is None or self._line[0].at_eof():
            return None
        reader, writer = self._line
        body = msgspec.json.encode(asked)
        writer.write(self._head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError as fault:  # which is none of those above
            raise WireError(f"authorizer {self.name}: a head of more than {_LONGEST} bytes") from fault
        answer = await reader.readexactly(_length(head))
        status = head[:_STATUS_END]
        if status.endswith(_BUSY):
            return None
        if not status.endswith(_OK):
            raise WireError(f"authorizer {self.name}: {status!r}, expected 200")
        return read_verdict(answer)

    def drop(self) -> None:
        """End the line; another is made."""
        if self._line is not None:
            self._line[1].close()
            self._line = None
        self.up.clear()
        self._is_lost.set()

    async def _connect(self) -> None:
        while True:
            try:
                async with asyncio.timeout(_CONNECT_WITHIN_S):
                    opened = await asyncio.open_connection(
                        self._host, self._port, ssl=self._tls, limit=_LONGEST
                    )
            except OSError as fault:  # TimeoutError is one
                _log.info("authorizer-down", extra={"authorizer": self.name, "fault": str(fault)})
                await self._clock.sleep(_RETRY_S)
                continue
            _watch(opened[1].get_extra_info("socket"))
            self._is_lost.clear()
            self._line = opened
            self.up.set()
            return


def _watch(line: socket.socket) -> None:
    """Let the system find out within half a minute that the other side is gone without a word."""
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in ((socket.TCP_KEEPIDLE, 10), (socket.TCP_KEEPINTVL, 5), (socket.TCP_KEEPCNT, 4)):
        line.setsockopt(socket.IPPROTO_TCP, option, value)


def _length(head: bytes) -> int:
    """Return what the head of an answer says of its body's length; raise `WireError` for one without."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length" and value.strip().isdigit() and int(value) <= _LONGEST:
            return int(value)
    raise WireError("authorizer: an answer without a length, expected one")
