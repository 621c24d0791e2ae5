"""The site's authorizers as a door computer asks them: within the deadline or not at all.

Where one stands by, the next is asked, and asked first from then on. An answer under an older epoch than any that was
heard of counts as none: whoever gives it has been replaced and does not know. Without an answer the door's declared
fallback holds.
"""

import asyncio
import logging
from pathlib import Path

from readers.authority.epoch import Epoch
from readers.authority.line import HttpLine
from readers.errors import WireError
from readers.ports import Clock
from readers.wire.reservations import AuthorizerAddress, Reserve, Verdict

_log = logging.getLogger(__name__)

DEADLINE_S = 0.05
"""What the answer may take (ARCHITECTURE, "Who decides", point 2)."""


class HttpAuthority:
    """A `readers.ports.Authority` over HTTP/1.1. `run` holds its lines; the epoch is kept in the file `kept`."""

    def __init__(
        self,
        address: AuthorizerAddress,
        clock: Clock,
        deadline_s: float = DEADLINE_S,
        kept: Path | None = None,
    ) -> None:
        key = Path(address.key_file).read_text("utf-8").strip()
        self._lines = [
            HttpLine(host, port, key, address.ca_file, clock) for host, port in address.in_their_order()
        ]
        self._deadline_s, self._turn, self._epoch = deadline_s, asyncio.Lock(), Epoch(kept)
        self.unanswered = 0

    @property
    def up(self) -> asyncio.Event:
        """Return what is set while there is a line to the one that is asked first."""
        return self._lines[0].up

    async def run(self) -> None:
        """Hold the lines until cancelled."""
        async with asyncio.TaskGroup() as group:
            for line in tuple(self._lines):
                group.create_task(line.run(), name=f"authorizer {line.name}")

    def expect(self, epoch: int) -> None:
        """Believe nobody of an older epoch from now on."""
        self._epoch.learn(epoch)

    async def reserve(self, asked: Reserve) -> Verdict | None:
        """Ask; return None where no answer comes in time."""
        verdict = None
        try:
            async with asyncio.timeout(self._deadline_s), self._turn:
                verdict = await self._ask(asked)
        except TimeoutError:
            _log.warning("authorizer-silent", extra={"reader": asked.reader, "fault": "too late"})
        if verdict is None:
            self.unanswered += 1
        return verdict

    async def _ask(self, asked: Reserve) -> Verdict | None:
        """Ask one after the other, the one that answered last at first."""
        for line in tuple(self._lines):
            try:
                verdict = await self._believed(line, asked)
            except (OSError, EOFError, ValueError, WireError) as fault:
                _log.warning("authorizer-silent", extra={"authorizer": line.name, "fault": str(fault)})
                self._put_last(line)
                continue
            except asyncio.CancelledError:
                self._put_last(line)
                raise
            if verdict is not None:
                self._lines.remove(line)
                self._lines.insert(0, line)
                return verdict
        return None

    async def _believed(self, line: HttpLine, asked: Reserve) -> Verdict | None:
        verdict = await line.ask(asked)
        if verdict is not None and not self._epoch.learn(verdict.epoch):
            raise WireError(f"epoch {verdict.epoch}, expected {self._epoch.newest} or later")
        return verdict

    def _put_last(self, line: HttpLine) -> None:
        """Let go of a line that gave no answer, and ask the others before it from now on."""
        line.drop()
        self._lines.remove(line)
        self._lines.append(line)
