"""Reading what happened: lists of stored events, the newest first, and what was wrong with some.

An event tells nobody's name without a purpose and a reason, and both are in the audit before the answer is given.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import Enum

import msgspec

from access.errors import Invalid
from access.services.given import Given, given
from access.store import audit
from access.store import events as stored
from access.store.database import Database
from access.store.events import Filter, Finding, Place
from readers.wire.events import Event

__all__ = ["Events", "Filter", "Finding", "Place", "Purpose"]

EVERYBODY = "everybody"
"""What stands in the audit where the events of more than one person were opened."""

_MOST_REASON = 300
_AT_ONCE = 1_000


class Purpose(Enum):
    """What somebody's events may be opened for."""

    INCIDENT = "incident"
    REQUEST = "request"
    REFUSAL = "refusal"


class Opening(msgspec.Struct, frozen=True):
    """Why, by whom and when events are opened with the people in them."""

    purpose: Purpose
    reason: str
    actor: str
    at: datetime


class Events:
    """The use cases around stored events. Whoever calls has the right to read them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def newest(self, chosen: Filter, before: Place | None = None, limit: int = 100) -> list[Event]:
        """Return up to `limit` events, the newest first, that come before `before`, with nobody in them."""
        if chosen.person is not None:
            raise Invalid("person: somebody's events are opened for a purpose and a reason only")
        with self._database.reading() as session:
            return [_unlinked(event) for event in stored.newest(session, chosen, before, limit)]

    def opened(
        self, chosen: Filter, opening: Opening, before: Place | None = None, limit: int = 100
    ) -> list[Event]:
        """As `newest`, with the people in them; that they were opened, and what for, is kept."""
        self._note(chosen, opening)
        with self._database.reading() as session:
            return stored.newest(session, chosen, before, limit)

    def all(self, chosen: Filter, opening: Opening | None) -> Iterator[Event]:
        """Return every event that is chosen, the newest first, as `newest` or `opened` would."""
        if opening is not None:
            self._note(chosen, opening)
        elif chosen.person is not None:
            raise Invalid("person: somebody's events are opened for a purpose and a reason only")
        return self._every(chosen, shows_people=opening is not None)

    def _every(self, chosen: Filter, *, shows_people: bool) -> Iterator[Event]:
        """Yield them piece by piece: memory stays small, and nobody waits for a long transaction."""
        place: Place | None = None
        while True:
            with self._database.reading() as session:
                found = stored.newest(session, chosen, place, _AT_ONCE)
            yield from found if shows_people else map(_unlinked, found)
            if len(found) < _AT_ONCE:
                return
            last = found[-1]
            place = Place(last.at, last.source, last.epoch, last.seq)

    def given(self, events: Sequence[Event]) -> dict[str, Given]:
        """Return who gave the commands that these events name, and why, by the command."""
        with self._database.reading() as session:
            return given(session, events)

    def _note(self, chosen: Filter, opening: Opening) -> None:
        reason = " ".join(opening.reason.split())
        if not 1 <= len(reason) <= _MOST_REASON:
            raise Invalid(f"reason: expected 1 to {_MOST_REASON} characters")
        with self._database.writing() as session:
            subject, purpose = chosen.person or EVERYBODY, opening.purpose.value
            audit.append(
                session, opening.at, opening.actor, "events-opened", [subject], purpose=purpose, reason=reason
            )

    def findings(self, limit: int = 100) -> list[Finding]:
        """Return up to `limit` findings of ingest, the newest first."""
        with self._database.reading() as session:
            return stored.findings(session, limit)


def _unlinked(event: Event) -> Event:
    return msgspec.structs.replace(event, person=None, badge=None, salt=None)
