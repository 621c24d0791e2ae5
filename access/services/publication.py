"""Rights on their way out: a signed snapshot for every source that has doors, under a version that never goes back.

A snapshot carries everybody and every badge, without names: leaving is never refused to a known badge, and a
refusal tells its true reason, so a door must know also those who have no right there (DOMAIN section 3.3). Of the
building it holds the scope's own doors, of temporary grants those that reach them.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy.orm import Session

from access.store import badges, people, publications
from access.store.database import Database
from policies.building import Building
from policies.conditions import permit_covers
from policies.ids import DoorId, SourceId
from policies.policy import Policy
from policies.roster import Person, Roster
from readers.wire import snapshot as wire
from readers.wire.bus import Message
from readers.wire.snapshot import Snapshot
from readers.wire.topics import Topics


class Publisher:
    """Makes the snapshots. `scopes` says which doors hang on which source."""

    def __init__(
        self,
        database: Database,
        building: Building,
        policy: Policy,
        scopes: Mapping[SourceId, Sequence[DoorId]],
        key: Ed25519PrivateKey,
    ) -> None:
        self._database, self._policy, self._key = database, policy, key
        self._topics = Topics(building.site)
        self._buildings = {source: building.subset(doors) for source, doors in scopes.items() if doors}

    @property
    def public_key(self) -> Ed25519PublicKey:
        """Return what door computers verify snapshots with."""
        return self._key.public_key()

    def roster(self) -> Roster:
        """Return everybody and every badge, as doors would know them now."""
        with self._database.reading() as session:
            return _read_roster(session)

    def publish(self, at: datetime) -> tuple[Message, ...]:
        """Return the retained messages that bring every source up to date, under one new version."""
        with self._database.writing() as session:
            version = publications.next_version(session, at)
            roster = _read_roster(session)
            payloads = {
                source: wire.sign(
                    Snapshot(source, version, at, part, self._policy, _for_doors(roster, part)), self._key
                )
                for source, part in self._buildings.items()
            }
            digests = {source: hashlib.sha256(payload).hexdigest() for source, payload in payloads.items()}
            publications.note(session, version, at, digests)
        return tuple(
            Message(self._topics.snapshot(source), payload, retain=True)
            for source, payload in payloads.items()
        )


def _read_roster(session: Session) -> Roster:
    """Return everybody and every badge."""
    return Roster.of(people.everyone(session), badges.everything(session))


def _for_doors(roster: Roster, part: Building) -> Roster:
    granted = {person.id: _with_grants_at(person, part) for person in roster.people.values() if person.grants}
    return msgspec.structs.replace(roster, people=roster.people | granted) if granted else roster


def _with_grants_at(person: Person, part: Building) -> Person:
    reaching = tuple(
        grant
        for grant in person.grants
        if any(permit_covers(grant.doors, grant.spaces, part, door) for door in part.doors)
    )
    return msgspec.structs.replace(person, grants=reaching)
