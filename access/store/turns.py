"""Whose turn it is to write: one at a time, in the order they came.

SQLite has one write lock and lets who waits for it try again by chance: beside an import and a stream of events
somebody may wait for ever. Here nobody is passed by, and who waits holds no connection that a reader could have.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from sqlalchemy.exc import TimeoutError as WaitedTooLong


class Turns:
    """The queue of those who write."""

    def __init__(self, longest_s: float) -> None:
        self._longest_s = longest_s
        self._guard, self._waiting, self._is_taken = Lock(), deque[Lock](), False

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one's turn and hold it; raise `WaitedTooLong` if it does not come in time."""
        self._take()
        try:
            yield
        finally:
            self._pass_on()

    @property
    def length(self) -> int:
        """Return how many wait."""
        return len(self._waiting)

    def _take(self) -> None:
        with self._guard:
            if not self._is_taken:
                self._is_taken = True
                return
            mine = Lock()
            mine.acquire()
            self._waiting.append(mine)
        if mine.acquire(timeout=self._longest_s):
            return
        with self._guard:
            if mine in self._waiting:
                self._waiting.remove(mine)
                raise WaitedTooLong(f"the database is being written to for more than {self._longest_s:g} s")

    def _pass_on(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_taken = False
