"""The site's authorizer for door computers of the same process: asked without a line, within the same deadline."""

from collections.abc import Callable
from datetime import datetime
from time import monotonic

from access.services.decisions import Decides
from readers.wire.reservations import Reserve, Verdict


class Beside:
    """A `readers.ports.Authority` over an authorizer at hand. `now` is the building's time."""

    def __init__(self, authorizer: Decides, now: Callable[[], datetime]) -> None:
        self._authorizer, self._now = authorizer, now

    async def reserve(self, asked: Reserve) -> Verdict | None:
        """Ask."""
        return await self._authorizer.reserve(asked, self._now(), arrived=monotonic())

    def expect(self, epoch: int) -> None:
        """Do nothing: nobody else answers in this process."""
