"""The line to the site's authorizer: one kept HTTP connection, asked within the deadline or not at all.

A tap never waits for a name to be looked up or a connection to be made: while there is none, there is no answer, and
the door's declared fallback holds. After a late answer the line is dropped, so that no answer is taken for another's.
"""

import asyncio
import logging
import ssl
from pathlib import Path

import msgspec

from readers.errors import WireError
from readers.ports import Clock
from readers.wire.reservations import PATH, AuthorizerAddress, Reserve, Verdict, read_verdict

_log = logging.getLogger(__name__)

DEADLINE_S = 0.05
"""What the answer may take (ARCHITECTURE, "Who decides", point 2)."""

_CONNECT_WITHIN_S, _RETRY_S = 3.0, 1.0
_OK, _STATUS_END = b" 200", len(b"HTTP/1.1 200")
_LONGEST = 64 * 1024


class HttpAuthority:
    """A `readers.ports.Authority` over HTTP/1.1. `run` holds the line."""

    def __init__(self, address: AuthorizerAddress, clock: Clock, deadline_s: float = DEADLINE_S) -> None:
        self._address, self._clock, self._deadline_s = address, clock, deadline_s
        self._line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._turn = asyncio.Lock()
        self._is_lost = asyncio.Event()
        self.up = asyncio.Event()
        """Set while there is a line; without one nobody is asked."""
        self._epoch = 0
        self.unanswered = 0
        key = Path(address.key_file).read_text("utf-8").strip()
        host = f"{address.host}:{address.port}"
        self._head = f"POST {PATH} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\n".encode()

    async def run(self) -> None:
        """Connect, and connect again whenever the line is lost, until cancelled."""
        try:
            while True:
                await self._connect()
                await self._is_lost.wait()
        finally:
            self._drop()

    async def reserve(self, asked: Reserve) -> Verdict | None:
        """Ask; return None where no answer comes in time."""
        try:
            async with asyncio.timeout(self._deadline_s), self._turn:
                verdict = await self._ask(asked)
        except (TimeoutError, OSError, EOFError, ValueError, WireError) as fault:
            self._drop()
            _log.warning(
                "authorizer-silent", extra={"reader": asked.reader, "fault": str(fault) or "too late"}
            )
            verdict = None
        if verdict is None:
            self.unanswered += 1
        return verdict

    async def _ask(self, asked: Reserve) -> Verdict | None:
        if self._line is None:
            return None
        reader, writer = self._line
        body = msgspec.json.encode(asked)
        writer.write(self._head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        head = await reader.readuntil(b"\r\n\r\n")
        answer = await reader.readexactly(_length(head))
        status = head[:_STATUS_END]
        if not status.endswith(_OK):
            raise WireError(f"authorizer: {status!r}, expected 200")
        verdict = read_verdict(answer)
        if verdict.epoch < self._epoch:
            raise WireError(f"authorizer: epoch {verdict.epoch}, expected {self._epoch} or later")
        self._epoch = verdict.epoch
        return verdict

    async def _connect(self) -> None:
        address = self._address
        tls = ssl.create_default_context(cafile=address.ca_file) if address.ca_file else None
        while True:
            try:
                async with asyncio.timeout(_CONNECT_WITHIN_S):
                    opened = await asyncio.open_connection(
                        address.host, address.port, ssl=tls, limit=_LONGEST
                    )
            except OSError as fault:  # TimeoutError is one
                _log.info("authorizer-down", extra={"fault": str(fault)})
                await self._clock.sleep(_RETRY_S)
                continue
            self._is_lost.clear()
            self._line = opened
            self.up.set()
            return

    def _drop(self) -> None:
        if self._line is not None:
            self._line[1].close()
            self._line = None
        self.up.clear()
        self._is_lost.set()


def _length(head: bytes) -> int:
    """Return what the head of an answer says of its body's length; raise `WireError` for one without."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length" and value.strip().isdigit() and int(value) <= _LONGEST:
            return int(value)
    raise WireError("authorizer: an answer without a length, expected one")
