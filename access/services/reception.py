"""What a reception desk and a guard ask: who is this, which badge was that, why was it refused, where was somebody.

The last is no everyday question: it needs a purpose and a reason, and both are in the audit before the answer is given.
"""

from datetime import datetime, timedelta

import msgspec

from access.errors import NotFound
from access.services.events import Events, Opening, Purpose
from access.services.rights import EVERYWHERE, Reach
from access.store import badges, events, people
from access.store.badges import BadgeRecord
from access.store.database import Database
from access.store.events import Filter
from access.store.people import PersonRecord
from policies.decision import Effect, Reason
from policies.ids import PersonId
from readers.wire.events import Event, EventType

__all__ = ["Found", "Purpose", "Reception"]

_LATELY = timedelta(minutes=15)
_MOST = 20
_LEAST_TEXT = 2


class Found(msgspec.Struct, frozen=True):
    """Somebody with their badges."""

    person: PersonRecord
    badges: tuple[BadgeRecord, ...]


class Reception:
    """The use cases of a desk. Whoever calls has the right to people and badges."""

    def __init__(self, database: Database, reach: Reach = EVERYWHERE) -> None:
        self._database, self._reach = database, reach
        self._events = Events(database)

    def within(self, reach: Reach) -> "Reception":
        """Return the same use cases for whoever's rights hold only there: nobody else is found, and no tap is seen."""
        return Reception(self._database, reach)

    def find(self, text: str) -> list[Found]:
        """Return people by the words of their name, or who have that id or badge; nobody for less than two letters."""
        wanted = " ".join(text.split())
        if len(wanted) < _LEAST_TEXT:
            return []
        with self._database.reading() as session:
            known = people.found(session, wanted, _MOST, self._reach.organisation)
            held = badges.of_people(session, [one.id for one in known])
        return [Found(one, tuple(held[one.id])) for one in known]

    def refusals(self, now: datetime, limit: int = 10) -> list[Event]:
        """Return the taps refused lately, the newest first."""
        return self._lately(
            Filter(since=now - _LATELY, types=(EventType.DECISION,), effect=Effect.DENY), limit
        )

    def unknown_badges(self, now: datetime, limit: int = 5) -> list[Event]:
        """Return the taps of badges that nobody knows, lately, one for each badge, the newest first."""
        if not self._reach.is_everywhere:
            return []
        chosen = Filter(since=now - _LATELY, types=(EventType.DECISION,), reason=Reason.UNKNOWN_CREDENTIAL)
        seen: dict[str, Event] = {}
        with self._database.reading() as session:
            for event in events.newest(session, chosen, None, 100):
                if event.badge is not None and badges.get(session, event.badge) is None:
                    seen.setdefault(event.badge, event)
        return list(seen.values())[:limit]

    def events_of(
        self, person: PersonId, purpose: Purpose, reason: str, actor: str, at: datetime, limit: int = 200
    ) -> list[Event]:
        """Return somebody's events that are kept, the newest first; that they were read, and what for, is kept too."""
        with self._database.reading() as session:
            if people.get(session, person) is None:
                raise NotFound(f"person {person}: there is no such person")
        return self._events.opened(Filter(person=person), Opening(purpose, reason, actor, at), limit=limit)

    def _lately(self, chosen: Filter, limit: int) -> list[Event]:
        if not self._reach.is_everywhere:
            return []
        with self._database.reading() as session:
            return events.newest(session, chosen, None, limit)
