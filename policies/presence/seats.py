"""Seats reserved by decisions in flight: who was let through a door and has not been seen on its other side yet.

A permit is not an entry; until the door says which it was, the seat is taken all the same, so that two who tap at two
doors for the last place do not both get it. One seat a person and door: a second tap at the same door renews it.
"""

from datetime import datetime, timedelta
from heapq import heappop, heappush

import msgspec

from policies.building import Building, Door
from policies.ids import DoorId, PersonId, ReaderId, SpaceId

REPORTS_WITHIN = timedelta(seconds=10)
"""What a door's report may take to arrive once its times are over (ARCHITECTURE, "Who decides", point 3)."""

_Key = tuple[PersonId, DoorId]


class Seat(msgspec.Struct, frozen=True, gc=False):
    """A place in `spaces`, those that its holder enters by going through the door; in `leaf` they will stand.

    One that `renews` another goes on with it: to take back what renewed it is not to give the place up. `reservation`
    names the verdict that gave it to a door computer.
    """

    person: PersonId
    door: DoorId
    leaf: SpaceId
    spaces: tuple[SpaceId, ...]
    since: datetime
    until: datetime
    renews: bool = False
    reservation: str | None = None


class Seats:
    """The seats of one building. Every method takes the time; what has run out by then is free again."""

    def __init__(self, building: Building) -> None:
        self._by_key: dict[_Key, Seat] = {}
        self._of: dict[PersonId, list[Seat]] = {}
        self._held: dict[SpaceId, int] = {}
        self._ends: list[tuple[datetime, _Key]] = []
        self._looks: dict[_Key, datetime] = {}
        self._gained = {reader: gained(building, reader) for reader in building.readers}
        self._leaf = {reader: building.passage(reader)[1] for reader in building.readers}
        self._door = {reader: building.doors[side.door] for reader, side in building.readers.items()}

    def __len__(self) -> int:
        return len(self._by_key)

    def hold(
        self,
        person: PersonId,
        reader: ReaderId,
        at: datetime,
        lasts: timedelta | None = None,
        reservation: str | None = None,
    ) -> Seat:
        """Reserve a seat for whoever was let pass at `reader`, for as long as its door may take to report."""
        door = self._door[reader]
        until = at + (held_for(door) if lasts is None else lasts)
        before = self._by_key.get((person, door.id))
        renews = before is not None and before.until > at
        self.end(person, door.id)
        seat = Seat(person, door.id, self._leaf[reader], self._gained[reader], at, until, renews, reservation)
        self._by_key[person, door.id] = seat
        self._of.setdefault(person, []).append(seat)
        for space in seat.spaces:
            self._held[space] = self._held.get(space, 0) + 1
        self._look_at(until, (person, door.id))
        return seat

    def end(self, person: PersonId, door: DoorId, not_before: datetime | None = None) -> bool:
        """Give a seat up, unless it was taken after `not_before`; return whether there was one."""
        seat = self._by_key.get((person, door))
        if seat is None or (not_before is not None and seat.since > not_before):
            return False
        del self._by_key[person, door]
        others = self._of[person]
        others.remove(seat)
        if not others:
            del self._of[person]
        for space in seat.spaces:
            self._held[space] -= 1
        return True

    def take_back(self, person: PersonId, door: DoorId, at: datetime) -> None:
        """Give up a seat that was taken at `at`, unless its holder had one by that door before, or took it again."""
        seat = self._by_key.get((person, door))
        if seat is not None and seat.since == at and not seat.renews:
            self.end(person, door)

    def of(self, person: PersonId, door: DoorId) -> Seat | None:
        """Return the seat that somebody has by a door."""
        return self._by_key.get((person, door))

    def expire(self, at: datetime) -> None:
        """Give up the seats that nobody reported about in time."""
        ends = self._ends
        while ends and ends[0][0] <= at:
            when, key = heappop(ends)
            if self._looks.get(key) != when:
                continue
            del self._looks[key]
            seat = self._by_key.get(key)
            if seat is not None and seat.until <= at:
                self.end(*key)
            elif seat is not None:
                self._look_at(seat.until, key)

    def _look_at(self, when: datetime, key: _Key) -> None:
        """Have `expire` look at a seat by then; one that is renewed is not queued again."""
        known = self._looks.get(key)
        if known is None or when < known:
            self._looks[key] = when
            heappush(self._ends, (when, key))

    def held(self, space: SpaceId, person: PersonId | None, door: DoorId | None) -> int:
        """Return how many seats of a space are taken, but for the one that `person` has by `door` already."""
        number = self._held.get(space, 0)
        if number and person is not None and door is not None:
            own = self._by_key.get((person, door))
            number -= own is not None and space in own.spaces
        return number

    def let_in(self, person: PersonId, door: Door) -> Seat | None:
        """Return the seat of somebody whom another door than this one has just let into where this one leads."""
        for seat in self._of.get(person, ()):
            if seat.door != door.id and seat.leaf == door.inner:
                return seat
        return None


def held_for(door: Door) -> timedelta:
    """Return how long a seat waits for the door's report: strike time, time to close, and the way of the report."""
    return timedelta(seconds=door.extended_strike_time_s + door.held_after_s) + REPORTS_WITHIN


def gained(building: Building, reader: ReaderId) -> tuple[SpaceId, ...]:
    """Return the spaces that somebody is in after passing at a reader and was not in before, the innermost first."""
    origin, target = building.passage(reader)
    left = set(building.path_up(origin))
    return tuple(space for space in building.path_up(target) if space not in left)
