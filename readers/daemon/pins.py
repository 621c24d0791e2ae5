"""A keypad: whose PIN is awaited, what has been entered, and who is locked out. The digits go nowhere from here."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from policies.ids import BadgeId, ReaderId
from readers.daemon.standings import Standings
from readers.ports import Clock, Timer
from readers.wire.lockout import BADGE_TRIES, READER_TRIES
from readers.wire.pin import LONGEST, PinCheck, check_pin

ENTER, CLEAR = "#", "*"

ENTERED_WITHIN_S = 15.0
"""How long a person has for the next key before the visit is over."""


class Keypad:
    """The keys of one reader, during one visit at a time. `on_pin` gets a whole PIN, None where none came in time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._on_pin: Callable[[str | None], None] | None = None
        self._entered = ""
        self._timer: Timer | None = None

    def ask(self, on_pin: Callable[[str | None], None]) -> None:
        """Await a PIN from now on; whoever was asked before has not entered one."""
        self.give_up()
        self._on_pin = on_pin
        self._wait()

    def press(self, key: str) -> None:
        """Take a key; without anybody who was asked it means nothing."""
        if self._on_pin is None:
            return
        self._wait()
        if key == CLEAR:
            self._entered = ""
        elif key == ENTER:
            self._finish(self._entered)
        elif key.isdigit() and len(self._entered) <= LONGEST:  # one too many is remembered, as a wrong PIN
            self._entered += key

    def give_up(self) -> None:
        """End the visit without a PIN."""
        self._finish(None)

    def close(self) -> None:
        """Forget the visit, and tell nobody."""
        self._on_pin = None
        self._finish(None)

    def _wait(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._clock.call_later(ENTERED_WITHIN_S, self.give_up)

    def _finish(self, pin: str | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        told, self._on_pin, self._entered = self._on_pin, None, ""
        if told is not None:
            told(pin)


class Lockouts:
    """The lock-outs of a computer's keypads and of the badges at them; they come through a restart."""

    def __init__(self, standings: Standings) -> None:
        self._standings = standings

    def hold(self, badge: BadgeId, reader: ReaderId, at: datetime) -> bool:
        """Return whether no PIN is taken from this badge, or at this reader."""
        return any(self._standings.lockout(name).holds(at) for name in _names(badge, reader))

    def fail(self, badge: BadgeId, reader: ReaderId, at: datetime) -> bool:
        """Count a wrong PIN; return whether the badge or the reader is locked out from now on."""
        for name, tries in zip(_names(badge, reader), (BADGE_TRIES, READER_TRIES), strict=True):
            self._standings.set_lockout(name, self._standings.lockout(name).fail(at, tries), at)
        return self.hold(badge, reader, at)

    def clear(self, badge: BadgeId, at: datetime) -> None:
        """Forget a badge's wrong PINs after a right one."""
        self._standings.set_lockout(_names(badge)[0], None, at)


class PinDesk:
    """Where the PINs of a computer's keypads are compared: in a thread, since it is made to be slow."""

    def __init__(self, lockouts: Lockouts) -> None:
        self.lockouts = lockouts
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pins")

    async def check(self, entered: str, kept: str | None) -> PinCheck:
        """Compare a PIN with what is kept of somebody's; nothing is matched by what is not there."""
        if kept is None:
            return PinCheck.WRONG
        return await asyncio.get_running_loop().run_in_executor(self._thread, check_pin, entered, kept)

    def close(self) -> None:
        """End the thread; what it was asked for and has not begun is not done."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def _names(badge: BadgeId, reader: ReaderId | None = None) -> tuple[str, ...]:
    of_badge = f"badge {badge}"
    return (of_badge,) if reader is None else (of_badge, f"reader {reader}")
