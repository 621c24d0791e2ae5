"""The outbox of rights: whom and which badges doors must know anew, written in the transaction that changes them.

A change that is committed is in it, one that was rolled back is not; so whatever dies in between, a delta made from
it says what the database says. Versions are those of `publications`.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import Enum

import msgspec
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from access.store import publications, site
from access.store.models import ChangeRow
from policies.ids import BadgeId, PersonId


class Noun(Enum):
    """What can change for doors without a new snapshot."""

    PERSON = "person"
    BADGE = "badge"


class Changed(msgspec.Struct, frozen=True):
    """What changed since some version, each named once."""

    people: tuple[PersonId, ...]
    badges: tuple[BadgeId, ...]


def record(
    session: Session, at: datetime, people: Iterable[PersonId] = (), badges: Iterable[BadgeId] = ()
) -> int:
    """Note what doors must know anew, under one new version; return it."""
    version = publications.next_version(session, at)
    subjects = [(Noun.PERSON, subject) for subject in people] + [(Noun.BADGE, subject) for subject in badges]
    rows = [
        {"version": version, "noun": noun.value, "subject": subject, "at": at}
        for noun, subject in dict.fromkeys(subjects)
    ]
    if rows:
        session.execute(insert(ChangeRow), rows)
    return version


def since(session: Session, version: int) -> Changed:
    """Return what changed after a version."""
    row = ChangeRow
    query = select(row.noun, row.subject).where(row.version > version).distinct()
    found = sorted((noun, subject) for noun, subject in session.execute(query))
    return Changed(
        tuple(PersonId(subject) for noun, subject in found if noun == Noun.PERSON.value),
        tuple(BadgeId(subject) for noun, subject in found if noun == Noun.BADGE.value),
    )


def forget(session: Session, before: datetime) -> int:
    """Delete what changed before a moment and is in the newest snapshots; return how many entries."""
    row = ChangeRow
    old = delete(row).where(row.at < before, row.version <= site.locked(session).deltas_from)
    return len(session.execute(old.returning(row.version)).all())
