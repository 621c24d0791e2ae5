"""Word that something was committed: to whoever publishes rights, and to whoever watches events.

Callbacks are called in the thread that committed; one that belongs to an event loop brings itself there.
"""

import logging
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

_log = logging.getLogger(__name__)

_NewsT = TypeVar("_NewsT")


class Outbox(Generic[_NewsT]):
    """Hands each piece of news to every listener, in the order of their coming. News without a listener is dropped."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[_NewsT], None]] = []

    def listen(self, listener: Callable[[_NewsT], None]) -> Callable[[], None]:
        """Call `listener` with all news from now on; return what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def tell(self, news: _NewsT) -> None:
        """Hand out the news."""
        for listener in tuple(self._listeners):
            try:
                listener(news)
            except Exception:  # noqa: BLE001  (one listener's fault must not cost the others the news)
                _log.exception("listener-failed")


class RightsChanged(msgspec.Struct, frozen=True):
    """Something that doors decide from was committed, under this version. Ask the publisher what.

    Not `goes_out`: another server sends it, and this one only has to know.
    """

    version: int
    goes_out: bool = True
