"""Who may be inside, by name: for an alarm and a drill, and for nothing else. Every look is in the audit.

A roll-call freezes the list of everybody counted inside and of everybody only inferred to have left. Wardens mark
people safe, all in one state; who is safe is out of the building once it is closed.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from access.errors import Invalid, NotFound
from access.occupancy.live import LiveBuilding
from access.services.own import OwnEvents
from access.store import audit, musters, people
from access.store.database import Database
from access.store.musters import Listed, Muster, Safe
from policies.building import Building
from policies.ids import PersonId
from policies.presence import Passage
from readers.wire.events import Draft, Event, EventType

__all__ = ["Listed", "Muster", "RollCall", "Safe"]

_ACCOUNTED = 0.9


class RollCall:
    """The use cases around roll-calls. Pass `seen` from the loop that the live view is kept on: `RollCall.look`."""

    def __init__(self, database: Database, building: Building, live: LiveBuilding, own: OwnEvents) -> None:
        self._database, self._building, self._live, self._own = database, building, live, own

    def look(self) -> tuple[Mapping[PersonId, Passage], Mapping[PersonId, Passage]]:
        """Return who is inside and who is not confirmed out, as the live view has it; call it on its loop."""
        return dict(self._live.stays), {person: doubt.seen for person, doubt in self._live.doubts.items()}

    def now(
        self,
        seen: tuple[Mapping[PersonId, Passage], Mapping[PersonId, Passage]],
        reason: str,
        actor: str,
        at: datetime,
    ) -> tuple[Listed, ...]:
        """Return everybody who may be inside; that it was looked at, and why, is kept."""
        reason = " ".join(reason.split())
        if not reason:
            raise Invalid("reason: expected why the roll-call is looked at")
        with self._database.writing() as session:
            audit.append(session, at, actor, "roll-call-read", [reason[:200]])
        return self._listed(seen)

    def open(
        self,
        seen: tuple[Mapping[PersonId, Passage], Mapping[PersonId, Passage]],
        actor: str,
        at: datetime,
        *,
        is_drill: bool,
    ) -> Muster:
        """Open a roll-call: the list stands still from now on."""
        muster = Muster(secrets.token_hex(6), at, actor, is_drill, None, self._listed(seen), ())
        with self._database.writing() as session:
            audit.append(session, at, actor, "roll-call-opened", [muster.id])
            musters.add(session, muster)
        return muster

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

    def close(self, muster: str, actor: str, at: datetime) -> tuple[Muster, list[Event]]:
        """End a roll-call: whoever is safe is out. Return it with the events to tell on the live view's loop."""
        found = self.get(muster)
        if found.closed_at is not None:
            return found, []
        with self._database.writing() as session:
            audit.append(session, at, actor, "roll-call-closed", [muster])
            musters.close(session, muster, at)
            drafts = [Draft(at, EventType.MUSTERED, person=one.person) for one in found.safe]
            events = self._own.append(session, drafts)
        return self.get(muster), events

    def _listed(
        self, seen: tuple[Mapping[PersonId, Passage], Mapping[PersonId, Passage]]
    ) -> tuple[Listed, ...]:
        inside, unconfirmed = seen
        with self._database.reading() as session:
            known = {person: people.get(session, person) for person in {**unconfirmed, **inside}}
        listed = []
        for confirmed, some in ((True, inside), (False, unconfirmed)):
            for person, last in some.items():
                record = known[person]
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
                    )
                )
        order = {space: number for number, space in enumerate(self._building.spaces)}
        return tuple(sorted(listed, key=lambda one: (order[one.space], one.name, one.person)))


def time_to_accounted(muster: Muster, share: float = _ACCOUNTED) -> timedelta | None:
    """Return how long it took until that share of the list was safe; None as long as it is not."""
    needed = -int(-share * len(muster.people) // 1)
    if not needed or len(muster.safe) < needed:
        return None
    return sorted(one.at for one in muster.safe)[needed - 1] - muster.opened_at
