"""Whether a reader is there: told once for each change, to whoever watches."""

from collections.abc import Callable

from readers.errors import TransportDown

Health = Callable[[TransportDown | None], None]
"""Called on the event loop: with the reason when a reader goes down, with None when it is up."""


class Standing:
    """A reader's health as the event loop knows it; unknown at first."""

    def __init__(self) -> None:
        self.outage: TransportDown | None = None
        self._is_known = False
        self._watchers: list[Health] = []

    @property
    def is_up(self) -> bool:
        """Say whether the reader is known to be there."""
        return self._is_known and self.outage is None

    def watch(self, on_health: Health) -> None:
        """Call `on_health` at every change from now on, and at once where the health is known."""
        self._watchers.append(on_health)
        if self._is_known:
            on_health(self.outage)

    def change(self, outage: TransportDown | None) -> bool:
        """Take the news; return whether it is any. A second reason for one outage is none."""
        if self._is_known and (outage is None) == (self.outage is None):
            return False
        self._is_known, self.outage = True, outage
        for watcher in self._watchers:
            watcher(outage)
        return True
