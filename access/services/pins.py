"""Giving somebody a PIN, or taking it back. Nobody can read one; the audit knows that it changed, not to what."""

import secrets
from datetime import datetime

from access.errors import Invalid, NotFound
from access.services.outbox import Outbox, RightsChanged
from access.store import audit, changes, people
from access.store import pins as stored
from access.store.database import Database
from policies.ids import PersonId
from readers.wire.pin import hash_pin, is_pin

_SALT_BYTES = 16


class Pins:
    """The use cases. `actor` is who does it, for the record; `at` is when."""

    def __init__(self, database: Database, outbox: Outbox[RightsChanged]) -> None:
        self._database, self._outbox = database, outbox

    def set(self, person: PersonId, pin: str, actor: str, at: datetime) -> None:
        """Give somebody a PIN; raise `NotFound` or `Invalid`, naming no digit."""
        if not is_pin(pin):
            raise Invalid("pin: expected 4 to 8 digits")
        if len(set(pin)) == 1:
            raise Invalid("pin: expected digits that are not all the same")
        kept = hash_pin(pin, secrets.token_bytes(_SALT_BYTES))
        with self._database.writing() as session:
            _expect_known(people.get(session, person), person)
            audit.append(session, at, actor, "pin-set", [person])
            stored.put(session, person, kept)
            version = changes.record(session, at, people=[person])
        self._outbox.tell(RightsChanged(version))

    def drop(self, person: PersonId, actor: str, at: datetime) -> None:
        """Take somebody's PIN back; raise `NotFound` for somebody unknown or without one."""
        with self._database.writing() as session:
            _expect_known(people.get(session, person), person)
            if not stored.drop(session, person):
                raise NotFound(f"person {person}: they have no PIN")
            audit.append(session, at, actor, "pin-dropped", [person])
            version = changes.record(session, at, people=[person])
        self._outbox.tell(RightsChanged(version))


def _expect_known(found: object, person: PersonId) -> None:
    if found is None:
        raise NotFound(f"person {person}: there is no such person")
