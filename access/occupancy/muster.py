"""Who may be inside, for a roll-call: everybody counted now, and in a release who was inside when it began.

Nobody drops from that list by themselves: who was seen going out since is told apart, and stays on it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from access.occupancy.live import LiveBuilding
from policies.building import SpaceKind
from policies.ids import DoorId, PersonId, SpaceId
from policies.presence import Entry, Passage


class Release(msgspec.Struct, frozen=True):
    """Doors released by the building's own wiring and not re-armed, since when the first, and who was inside then."""

    since: datetime
    doors: tuple[DoorId, ...]
    found: frozenset[PersonId]


class Left(msgspec.Struct, frozen=True):
    """When somebody was seen going out, and by which door; None where an operator or a warden says so."""

    at: datetime
    door: DoorId | None


class Unnamed(msgspec.Struct, frozen=True):
    """How many more are counted than are known by name. The truth lies from `low` to `high` 19 times of 20."""

    count: int
    low: int
    high: int


class Sight(msgspec.Struct, frozen=True):
    """Everybody who may be inside, by their last passage, and who of them left since the release began.

    `unnamed` has every space but the outside: who is counted there now and was named by no badge.
    """

    inside: Mapping[PersonId, Passage]
    unconfirmed: Mapping[PersonId, Passage]
    left: Mapping[PersonId, Left] = {}
    release: Release | None = None
    unnamed: Mapping[SpaceId, Unnamed] = {}


def sight(live: LiveBuilding) -> Sight:
    """Return who may be inside, as the live view has it; call it on the view's loop."""
    inside = dict(live.stays)
    unconfirmed = {person: doubt.seen for person, doubt in live.doubts.items()}
    freeze, more = live.freeze, unnamed(live)
    if freeze is None:
        return Sight(inside, unconfirmed, unnamed=more)
    then = {person: doubt.seen for person, doubt in freeze.doubts.items()} | unconfirmed
    there = {**freeze.inside, **inside}
    then = {person: seen for person, seen in then.items() if person not in there}
    return Sight(there, then, left_since(live, freeze.since), release(live), more)


def release(live: LiveBuilding) -> Release | None:
    """Return the release that lasts, if any, without a look at who is inside."""
    if (freeze := live.freeze) is None:
        return None
    doors = tuple(sorted(door for door in live.released if door is not None))
    return Release(freeze.since, doors, frozenset(freeze.inside) | frozenset(freeze.doubts))


def unnamed(live: LiveBuilding) -> dict[SpaceId, Unnamed]:
    """Return how many more each space counts than the badges named there, in the building's order.

    Above other spaces it is their sum: where more are named than counted, that takes nobody off another space.
    """
    building, estimates = live.building, live.estimates()
    named, more = Counter[SpaceId](), Counter[SpaceId]()
    for stay in live.stays.values():
        named.update(building.path_up(stay.target))
    for leaf in building.leaves():
        over = max(estimates[leaf.id].count - named[leaf.id], 0)
        for space in building.path_up(leaf.id):
            more[space] += over
    return {
        space: Unnamed(more[space], max(one.low - named[space], 0), max(one.high - named[space], more[space]))
        for space, one in estimates.items()
    }


def left_since(live: LiveBuilding, since: datetime) -> Mapping[PersonId, Left]:
    """Return who went out since that instant and did not come back."""
    outside = {space.id for space in live.building.spaces.values() if space.kind is SpaceKind.OUTSIDE}
    return _left(live.entries(since), outside)


def _left(entries: Iterable[Entry], outside: set[SpaceId]) -> dict[PersonId, Left]:
    left: dict[PersonId, Left] = {}
    for entry in entries:
        if entry.person is None:
            continue
        if not isinstance(entry, Passage):
            left[entry.person] = Left(entry.at, None)
        elif entry.target in outside and entry.taken:
            left[entry.person] = Left(entry.at, entry.door)
        elif entry.taken:
            left.pop(entry.person, None)
    return left
