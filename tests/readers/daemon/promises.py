"""When a door's strike may be released at all, written from the promises and not from the door: causes and their ends.

It is an upper bound: nothing here says that a door must open, but for whoever leaves. Times are the house's.
"""

from datetime import datetime, timedelta

import msgspec

from policies.request import DoorMode
from readers.wire.orders import Order, Orders

STRIKE = timedelta(seconds=5)
_SLACK = timedelta(seconds=0.7)
"""From an act until its order, and until the rig looks: a card is read, a contact settles."""


class Promises(msgspec.Struct):
    """What gives somebody the right to a released strike. `is_seen_open` is what the contact last told."""

    now: datetime
    orders: Orders = Orders()
    mode: DoorMode = DoorMode.NORMAL
    fire: str = ""  # "on" while the wiring releases, "past" until somebody re-arms
    is_seen_open: bool = False
    enters_until: datetime | None = None
    leaves_until: datetime | None = None

    @property
    def may_be_free(self) -> bool:
        """Return whether anything at all gives a right to a released strike."""
        return (
            bool(self.fire)
            or self.mode is DoorMode.FREE
            or self._lasts(self.enters_until, _SLACK)
            or (self._lasts(self.leaves_until, _SLACK))
        )

    def look(self, now: datetime) -> None:
        """Go on to `now`: orders end by themselves."""
        self.now = now
        self._follow()

    def next_end(self, by: datetime) -> datetime:
        """Return when the next order ends, at the latest `by`."""
        ends = [order.until for order in self._all() if order and order.until and order.until > self.now]
        return min([*ends, by])

    def take(self, orders: Orders) -> None:
        """Take new orders."""
        self.orders = orders
        self._follow()

    def enter(self) -> None:
        """Let somebody enter."""
        if self._lasts(self.leaves_until):
            self.leaves_until = self.now + STRIKE
        self.enters_until = self.now + STRIKE

    def leave(self) -> None:
        """Let somebody leave."""
        self.leaves_until = self.now + STRIKE

    def see(self, *, is_open: bool) -> None:
        """Take what the contact tells: once the leaf is back in its frame, whoever passed has passed."""
        if self.is_seen_open and not is_open:
            self.enters_until = self.leaves_until = None
        self.is_seen_open = is_open

    def rearm(self) -> None:
        """End a release: whoever is on the way out has their time."""
        self.fire = ""
        self.leave()

    def start(self, *, unwired: bool, seen_open: bool) -> None:
        """Go on after a start: what somebody had a right to is over, orders and a release are not."""
        self.enters_until = self.leaves_until = None
        self.is_seen_open = seen_open
        if unwired:
            self.fire = "on"
        elif self.fire:
            self.fire = "past"
        self._follow()

    def _all(self) -> tuple[Order | None, ...]:
        return (self.orders.lockdown, self.orders.operator, self.orders.event)

    def _follow(self) -> None:
        was = self.mode
        standing = [order.mode for order in self._all() if order is not None and order.holds(self.now)]
        self.mode = standing[0] if standing else DoorMode.NORMAL
        if self.mode is was or self.fire:
            return
        if was is DoorMode.FREE and self.is_seen_open:
            self.leave()
        elif not self.is_seen_open and not self._lasts(self.leaves_until) and self._ends_entries(was):
            self.enters_until = None

    def _ends_entries(self, was: DoorMode) -> bool:
        return was is DoorMode.FREE or self.mode in {DoorMode.LOCKED, DoorMode.LOCKDOWN}

    def _lasts(self, until: datetime | None, slack: timedelta = timedelta()) -> bool:
        return until is not None and self.now < until + slack
