"""Whose turn it is to answer, and who else must know of a seat that is given away."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from access.authorize.judge import Judge
from access.authorize.tenure import Tenure
from access.errors import StandingBy
from policies.building import Building
from policies.ids import ReaderId, SourceId
from policies.request import Direction
from readers.wire.bus import BusDown

_log = logging.getLogger(__name__)

_TELL_WITHIN_S = 0.01
"""What a seat's asker waits at most until the other authorizers can know of it: 20 round trips to a broker near by."""


class Turn:
    """The turn of one authorizer, by its `tenure`, before `peers` that may follow it."""

    def __init__(
        self, building: Building, judge: Judge, tenure: Tenure, peers: frozenset[SourceId] = frozenset()
    ) -> None:
        self._readers, self._judge, self.tenure, self.peers = building.readers, judge, tenure, peers
        self.tell_peers: Callable[[bytes], Awaitable[None]] = _to_no_peer
        """Given the lines by which seats are taken, before the taker hears of it; may raise `BusDown`."""

    def is_ours(self, reader: ReaderId) -> bool:
        """Return whether it is this one's turn; whoever leaves is answered without knowing who is where."""
        if reader in self._judge.rights.seated:
            leaves = self._readers[reader].direction is Direction.EXIT
            return self.tenure.may_answer_plain() if leaves else self.tenure.may_answer()
        return self.tenure.may_answer_plain()

    def expect(self, reader: ReaderId) -> None:
        """Raise `StandingBy` out of turn."""
        if not self.is_ours(reader):
            raise StandingBy(
                "another authorizer answers for this site, or none has its view yet: ask that one, or again"
            )

    def is_told(self, reader: ReaderId) -> bool:
        """Return whether others may follow who must know of a seat at this reader."""
        return bool(self.peers) and reader in self._judge.rights.seated

    async def tell(self, line: bytes) -> None:
        """Let those who may follow know of a seat; whether they heard it or not, it is given."""
        try:
            async with asyncio.timeout(_TELL_WITHIN_S):
                await self.tell_peers(line)
        except (TimeoutError, BusDown) as fault:
            _log.warning("seat-not-told", extra={"fault": str(fault) or "too late"})


async def _to_no_peer(_lines: bytes) -> None:
    """Tell nobody of a seat."""
