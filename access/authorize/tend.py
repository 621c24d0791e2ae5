"""What an authorizer does between taps: let expire what is due, and read what it could not, keys and rights alike."""

import logging
from datetime import datetime
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError

from access.log import Lasting
from access.services.clock import Clock
from access.services.keyring import KeyRing
from access.services.offload import Offload

_log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
"""A key that another process revoked opens nothing after this long."""


class Advancing(Protocol):
    """Whoever has something that expires, and rights that change."""

    def advance(self, now: datetime) -> None:
        """Let expire what is due."""
        ...

    def look_again(self) -> None:
        """Read rights again that could not be read when they changed; blocks."""
        ...


async def tend(authorizer: Advancing, ring: KeyRing, clock: Clock, offload: Offload) -> None:
    """Tend until cancelled."""
    unread = Lasting(_log, "keys-not-read", "keys-read-again", logging.ERROR)
    while True:
        await clock.sleep(LOOK_EVERY_S)
        authorizer.advance(clock.now())
        await offload(authorizer.look_again)
        try:
            await offload(ring.look_again)
            unread.note(None)
        except SQLAlchemyError as error:
            unread.note(type(error).__name__)
