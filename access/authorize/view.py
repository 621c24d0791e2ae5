"""The site as its authorizer sees it: who is where by the passages reported, and who is on the way through a door.

A fold of events and nothing else: they may come in any order, doubled or late. What a decision asks is computed when
it asks, for the few spaces that its door leads into.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from access.authorize.modes import Modes
from access.occupancy.entries import entry_of
from policies.building import Building, Door, Space
from policies.decision import Effect
from policies.ids import DoorId, PersonId, ReaderId, SourceId, SpaceId
from policies.presence import Entry, Expiry, Presence, Seat, Seats
from policies.presence.seats import REPORTS_WITHIN, held_for
from policies.request import LiveState
from readers.wire.events import Event, EventType

KEEP = timedelta(hours=36)
"""How long passages stay in memory, so that those of a door computer that was cut off find their place in the past."""

_GIVES_A_SEAT = frozenset({EventType.DECISION, EventType.RESERVED})
_TELLS_OF_A_SEAT = frozenset({EventType.PASSAGE, EventType.NO_ENTRY})


class SiteView:
    """Presence, the seats in flight and the doors' modes of one building.

    `peers` are the authorizers beside this one: what they give away is taken here too.
    """

    def __init__(
        self, building: Building, modes: Modes, expiry: Expiry, peers: frozenset[SourceId] = frozenset()
    ) -> None:
        self._building, self.modes, self._peers = building, modes, peers
        self._presence = Presence(building, expiry, KEEP)
        self.seats = Seats(building)
        self._leaves = _leaves_under(building)
        self._readers = building.readers
        self.seated: Container[ReaderId] = building.readers
        """The readers at which a seat is given. A tap at another, as on the way out, gives none and ends none."""
        nobody = (self._presence, self.seats, None, None)
        self.plain = LiveState(modes.now, _Counts(self, None, None), _Inside(*nobody), _Since(*nobody))
        """What decisions are made from where no seat is given: everybody by the passages reported."""

    @property
    def longest_seat(self) -> timedelta:
        """Return how far back a decision can lie that still holds a seat."""
        return max(map(held_for, self._building.doors.values()), default=REPORTS_WITHIN)

    def take(self, events: Iterable[Event]) -> None:
        """Take in what doors and operators report; what is seen already changes nothing."""
        entries: list[Entry] = []
        for event in events:
            entry = entry_of(event, self._building)
            if entry is not None:
                entries.append(entry)
            if event.type in _TELLS_OF_A_SEAT:
                self._end(event)
            elif event.type is EventType.DECISION and event.effect is Effect.DENY:
                self._cancel(event)
            elif self._peers and self._is_of_a_peer(event):
                self._hold(event)
                self.modes.hear(event, event.at)
        if entries:
            self._presence.add(entries)

    def _end(self, event: Event) -> None:
        """Give a seat up whose holder came in or did not; what an authorizer takes back bears the tap's own time.

        Who did not pass the other way has not given up the way in.
        """
        seat, at = self._seat_of(event), event.at
        if seat is None:
            return
        if event.type is EventType.PASSAGE:
            self.seats.end(seat.person, seat.door, at)
        elif event.space != seat.leaf:
            return
        elif seat.since >= at:
            self.seats.take_back(seat.person, seat.door, at)
        else:
            self.seats.end(seat.person, seat.door, at)

    def _cancel(self, event: Event) -> None:
        """Give up the seat of a tap that its door refused after the site had granted it: a lockdown came meanwhile."""
        seat, inputs = self._seat_of(event), event.inputs
        named = inputs.reservation if inputs is not None else None
        if seat is not None and named is not None and seat.reservation == named:
            self.seats.take_back(seat.person, seat.door, seat.since)

    def _seat_of(self, event: Event) -> Seat | None:
        person, door = event.person, event.door
        return self.seats.of(person, door) if person is not None and door is not None else None

    def resume(self, lately: Iterable[Event]) -> None:
        """Take up events in their order, and hold again the seats that their decisions gave away."""
        for event in lately:
            if event.type in _GIVES_A_SEAT and event.effect is Effect.GRANT:
                self._hold(event)
            else:
                self.take([event])

    def _is_of_a_peer(self, event: Event) -> bool:
        """Return whether a peer gave the seat that an event tells of: its own word, or a door's that names it."""
        if event.type not in _GIVES_A_SEAT:
            return False
        named = event.inputs.reservation if event.inputs is not None else None
        return event.source in self._peers or (named is not None and named.split(":")[0] in self._peers)

    def _hold(self, event: Event) -> None:
        """Hold the seat of a permit, unless a later one is held or its holder has come in since."""
        person, reader, at = event.person, event.reader, event.at
        reservation = event.id if event.type is EventType.RESERVED else None
        if event.effect is not Effect.GRANT or person is None or reader is None:
            return
        if reader not in self.seated:
            return
        door, leaf = self._readers[reader].door, self._building.passage(reader)[1]
        stay = self._presence.stays.get(person)
        has_entered = stay is not None and stay.target == leaf and stay.at >= at
        known = self.seats.of(person, door)
        if not has_entered and (known is None or known.since < at):
            self.seats.hold(person, reader, at, reservation=reservation)

    def advance(self, now: datetime) -> None:
        """Let expire what is due."""
        self.seats.expire(now)
        self.modes.look(now)
        self._presence.advance(now)

    def asked(self, door: Door, person: PersonId | None) -> LiveState:
        """Return what a decision about `person` at `door` is made from; it holds until the next change."""
        asked = (self._presence, self.seats, person, door)
        return LiveState(self.modes.now, _Counts(self, person, door.id), _Inside(*asked), _Since(*asked))

    def count(self, space: SpaceId, person: PersonId | None, door: DoorId | None) -> int:
        """Return who is in a space or on the way into it, but for `person` on the way through `door`."""
        state = self._presence.state
        there = sum(map(state.leaf, self._leaves[space]))
        return there + self.seats.held(space, person, door)

    @property
    def spaces(self) -> Mapping[SpaceId, Space]:
        """Return the building's spaces."""
        return self._building.spaces


class _Counts(Mapping[SpaceId, int]):
    """How many are in a space or were let in, but for whoever asks."""

    def __init__(self, view: SiteView, person: PersonId | None, door: DoorId | None) -> None:
        self._view, self._person, self._door = view, person, door

    def __getitem__(self, space: SpaceId) -> int:
        return self._view.count(space, self._person, self._door)

    def __iter__(self) -> Iterator[SpaceId]:
        return iter(self._view.spaces)

    def __len__(self) -> int:
        return len(self._view.spaces)


class _Asked:
    """Where everybody is, by their last passage, and whoever asks to pass `door` by their seats too."""

    def __init__(self, presence: Presence, seats: Seats, person: PersonId | None, door: Door | None) -> None:
        self._presence, self._seats, self._person, self._door = presence, seats, person, door

    def _seat(self, person: PersonId) -> Seat | None:
        """Return the seat by which somebody is behind the door already: another door has just let them there."""
        door = self._door
        return self._seats.let_in(person, door) if door is not None and person == self._person else None

    def __iter__(self) -> Iterator[PersonId]:
        return iter(self._presence.stays)

    def __len__(self) -> int:
        return len(self._presence.stays)


class _Inside(_Asked, Mapping[PersonId, SpaceId]):
    """The leaf space that everybody is in."""

    def __getitem__(self, person: PersonId) -> SpaceId:
        seat = self._seat(person)
        return seat.leaf if seat is not None else self._presence.stays[person].target


class _Since(_Asked, Mapping[PersonId, datetime]):
    """Since when everybody is there."""

    def __getitem__(self, person: PersonId) -> datetime:
        seat = self._seat(person)
        return seat.since if seat is not None else self._presence.stays[person].at


def _leaves_under(building: Building) -> dict[SpaceId, tuple[SpaceId, ...]]:
    """Return, for every space, those in it where people can stand."""
    under: dict[SpaceId, list[SpaceId]] = {space: [] for space in building.spaces}
    for leaf in building.leaves():
        for space in building.path_up(leaf.id):
            under[space].append(leaf.id)
    return {space: tuple(leaves) for space, leaves in under.items()}
