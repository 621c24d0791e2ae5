"""PINs as they are kept: hashes, in a table of their own, so that nothing that lists people ever reads them."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from access.store.door_models import PinRow
from policies.ids import PersonId
from policies.roster import Person

_MOST_IDS = 500
"""How many ids one statement names; for more people, all PINs are read."""


def put(session: Session, person: PersonId, pin: str) -> None:
    """Keep the hash of somebody's PIN."""
    session.merge(PinRow(person=person, hash=pin))
    session.flush()


def drop(session: Session, person: PersonId) -> bool:
    """Forget somebody's PIN; return whether there was one."""
    found = session.execute(delete(PinRow).where(PinRow.person == person).returning(PinRow.person))
    return found.first() is not None


def is_set(session: Session, person: PersonId) -> bool:
    """Return whether somebody has a PIN."""
    return session.scalar(select(PinRow.person).where(PinRow.person == person)) is not None


def with_pins(session: Session, people: Sequence[Person]) -> list[Person]:
    """Return people with the hashes of their PINs, as doors need them."""
    query = select(PinRow)
    if len(people) <= _MOST_IDS:
        query = query.where(PinRow.person.in_([person.id for person in people]))
    pins = {row.person: row.hash for row in session.scalars(query)}
    return [
        msgspec.structs.replace(person, pin=pins[person.id]) if person.id in pins else person
        for person in people
    ]
