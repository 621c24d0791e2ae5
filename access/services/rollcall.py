"""Who may be inside, by name: for an alarm and a drill, and for nothing else. Every look is in the audit.

A roll-call freezes the list of everybody counted inside and of everybody only inferred to have left; a release by the
building's own wiring freezes it by itself. Wardens mark people safe, all in one state; who was seen going out is told
apart, and who is safe is out of the building once it is closed.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from access.errors import Invalid, NotFound
from access.names import bare
from access.occupancy.live import LiveBuilding
from access.occupancy.muster import Left, Release, Sight, left_since, release, sight
from access.services.own import OwnEvents
from access.store import audit, musters, people
from access.store.database import Database
from access.store.musters import Listed, Muster, Safe, Unnamed
from policies.building import Building
from policies.ids import PersonId
from policies.presence import Passage
from readers.wire.events import Draft, Event, EventType

__all__ = ["Listed", "Muster", "Release", "RollCall", "Safe", "Sight", "Unnamed"]

_ACCOUNTED = 0.9


class RollCall:
    """The use cases around roll-calls. Pass `seen` from the loop that the live view is kept on: `RollCall.look`."""

    def __init__(self, database: Database, building: Building, live: LiveBuilding, own: OwnEvents) -> None:
        self._database, self._building, self._live, self._own = database, building, live, own

    def look(self) -> Sight:
        """Return who may be inside, as the live view has it; call it on its loop."""
        return sight(self._live)

    def release(self) -> Release | None:
        """Return a release by the building's own wiring that lasts, if any; call it on the live view's loop."""
        return release(self._live)

    def now(self, seen: Sight, reason: str, actor: str, at: datetime) -> tuple[Listed, ...]:
        """Return everybody who may be inside; that it was looked at, and why, is kept."""
        reason = " ".join(reason.split())
        if not reason:
            raise Invalid("reason: expected why the roll-call is looked at")
        with self._database.writing() as session:
            audit.append(session, at, actor, "roll-call-read", [reason[:200]])
        return self._listed(seen)

    def unnamed(self, seen: Sight) -> tuple[Unnamed, ...]:
        """Return for every space how many more are counted than are known by name, in the building's order."""
        return tuple(Unnamed(space, more.count, more.low, more.high) for space, more in seen.unnamed.items())

    def open(self, seen: Sight, actor: str, at: datetime, *, is_drill: bool) -> Muster:
        """Open a roll-call: the list stands still from now on; during a release, as it was when that began."""
        listed, more = self._listed(seen), self.unnamed(seen)
        muster = Muster(secrets.token_hex(6), at, actor, is_drill, None, listed, (), more)
        with self._database.writing() as session:
            audit.append(session, at, actor, "roll-call-opened", [muster.id])
            musters.add(session, muster)
        return muster

    def follow(self, muster: Muster) -> Muster:
        """Return a roll-call with who was seen going out since it opened; call it on the live view's loop."""
        if muster.closed_at is not None:
            return muster
        left, stays = left_since(self._live, muster.opened_at), self._live.stays
        people = (_seen(one, left.get(one.person), stays.get(one.person)) for one in muster.people)
        return replace(muster, people=tuple(people))

    def get(self, muster: str) -> Muster:
        """Return a roll-call with who is safe; raise `NotFound`."""
        with self._database.reading() as session:
            found = musters.get(session, muster)
        if found is None:
            raise NotFound(f"roll-call {muster}: there is no such roll-call")
        return found

    def newest(self, limit: int = 20) -> list[Muster]:
        """Return roll-calls, the newest first."""
        with self._database.reading() as session:
            return musters.newest(session, limit)

    def mark_safe(self, muster: str, whom: list[PersonId], actor: str, at: datetime) -> Muster:
        """Mark people safe; raise `NotFound` for somebody who is not on the list, `Invalid` once it is closed."""
        found = self.get(muster)
        if found.closed_at is not None:
            raise Invalid(f"roll-call {muster}: it is closed")
        listed = {one.person for one in found.people}
        if unknown := [person for person in whom if person not in listed]:
            raise NotFound(f"person {unknown[0]}: not on this roll-call")
        with self._database.writing() as session:
            musters.mark(session, muster, [Safe(person, at, actor) for person in whom])
        return self.get(muster)

    def close(self, found: Muster, actor: str, at: datetime) -> tuple[Muster, list[Event]]:
        """End a roll-call as it was followed: whoever is safe is out. Return it with the events to tell on the loop."""
        with self._database.writing() as session:
            if not musters.close(session, found.id, at, found.people):
                return found, []
            audit.append(session, at, actor, "roll-call-closed", [found.id])
            drafts = [Draft(at, EventType.MUSTERED, person=one.person) for one in found.safe]
            events = self._own.append(session, drafts)
        return self.get(found.id), events

    def _listed(self, seen: Sight) -> tuple[Listed, ...]:
        inside, unconfirmed = seen.inside, seen.unconfirmed
        release = seen.release
        with self._database.reading() as session:
            known = {person: people.get(session, person) for person in {**unconfirmed, **inside}}
        listed = []
        for confirmed, some in ((True, inside), (False, unconfirmed)):
            for person, last in some.items():
                record, left = known[person], seen.left.get(person)
                listed.append(
                    Listed(
                        person,
                        record.name if record is not None else person,
                        record.type.value if record is not None else "unknown",
                        record.organisation if record is not None else None,
                        last.target,
                        last.door,
                        last.at,
                        confirmed,
                        release.since if release is not None and person in release.found else None,
                        left.at if left is not None else None,
                        left.door if left is not None else None,
                    )
                )
        order = {space: number for number, space in enumerate(self._building.spaces)}
        gone = len(order)  # of a space that has been taken out of the building since: behind all others
        return tuple(sorted(listed, key=lambda one: (order.get(one.space, gone), bare(one.name), one.person)))


def lines_and_total(
    building: Building, told: Sequence[Unnamed]
) -> tuple[tuple[Unnamed, ...], tuple[Unnamed, ...]]:
    """Return of what is told the spaces without others in them, and the topmost: the one space, or a site's whole.

    A kept roll-call outlives an edit of the building: a space that is gone since is a line, and within the topmost.
    """
    parents, there = {space.parent for space in building.spaces.values()}, {one.space for one in told}
    lines = tuple(one for one in told if one.space not in parents)
    known = ((one, building.spaces.get(one.space)) for one in told)
    topmost = tuple(one for one, space in known if space is not None and space.parent not in there)
    return lines, topmost or lines


def time_to_accounted(muster: Muster, share: float = _ACCOUNTED) -> timedelta | None:
    """Return how long it took until that share of the list was safe or had left; None as long as it is not."""
    times = {one.person: one.left_at for one in muster.people if one.left_at is not None}
    for one in muster.safe:
        times[one.person] = min(one.at, times.get(one.person, one.at))
    needed = -int(-share * len(muster.people) // 1)
    if not needed or len(times) < needed:
        return None
    return max(sorted(times.values())[needed - 1] - muster.opened_at, timedelta())


def _seen(one: Listed, left: Left | None, stay: Passage | None) -> Listed:
    """Return somebody on a list as they were seen since: gone, or back again."""
    if left is not None:
        return replace(one, left_at=left.at, left_by=left.door)
    if stay is not None and stay.at > (one.left_at or one.seen_at):
        return replace(one, space=stay.target, door=stay.door, seen_at=stay.at, left_at=None, left_by=None)
    return one
