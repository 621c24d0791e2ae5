"""The mode in force at one door, looked at again whenever it may have changed, and what it keeps through a restart."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from policies.building import Door
from readers.daemon.rights import Rights
from readers.daemon.standings import Standings
from readers.door.modes import NORMAL, InForce, Standing, in_force, next_look
from readers.ports import Clock, Timer


class Regime:
    """The modes of one door. `on_change` hears each new one."""

    def __init__(
        self,
        door: Door,
        rights: Rights,
        standings: Standings,
        clock: Clock,
        on_change: Callable[[InForce], None],
    ) -> None:
        self._door, self._rights, self._standings, self._clock = door, rights, standings, clock
        self._on_change = on_change
        self._timer: Timer | None = None
        self._due: datetime | None = None
        self.in_force = NORMAL

    @property
    def standing(self) -> Standing:
        """Return what is kept through a restart."""
        return self._standings.of(self._door.id)

    def look(self) -> InForce:
        """Return the mode in force now, told first where it is new."""
        now = self._clock.now()
        snapshot = self._rights.snapshot
        if snapshot is None:
            return self.in_force
        found = in_force(
            self._door, self.standing, snapshot.policy, now, is_fresh=not self._rights.is_stale(now)
        )
        if found != self.in_force:
            self.in_force = found
            self._on_change(found)
        self._wait(now)
        return found

    def close(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._due = None

    def note_entry(self) -> None:
        """Take note that somebody entitled went in: a free period that waited for the first person begins."""
        if self.in_force.waits:
            self._keep(arrived=self._clock.now())
            self.look()

    def note_release(self, *, unarmed: bool) -> None:
        """Keep whether the door was released and not re-armed since."""
        self._keep(unarmed=unarmed)

    def _keep(self, **changed: object) -> None:
        self._standings.keep(self._door.id, msgspec.structs.replace(self.standing, **changed))

    def _wait(self, now: datetime) -> None:
        due = next_look(self._door, self.standing.orders, now)
        if due == self._due:
            return
        self.close()
        if due is not None:
            self._due = due
            self._timer = self._clock.call_later((due - now).total_seconds(), self._look_again)

    def _look_again(self) -> None:
        self._timer = self._due = None
        self.look()
