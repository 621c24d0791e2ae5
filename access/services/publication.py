"""Rights on their way out: signed snapshots for every source that has doors, and signed deltas for all of them.

A snapshot carries everybody and every badge, without names: leaving is never refused to a known badge, and a
refusal tells its true reason, so a door must know also those who have no right there (docs/domain.md, 3.3). Of the
building it holds the scope's own doors, of temporary grants those that reach them. A delta carries whoever changed,
read from the database at that moment; it begins at the newest snapshots or later.
"""

import hashlib
from collections.abc import Generator, Mapping, Sequence
from datetime import datetime

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import UNSET
from sqlalchemy.orm import Session

from access.services.rulebook import Rulebook
from access.store import badges, changes, holders, people, pins, publications, site, terms
from access.store.database import Database
from policies.building import Building
from policies.ids import DoorId, SourceId
from policies.roster import Badge, Person, Roster
from readers.wire import delta as change
from readers.wire import snapshot as wire
from readers.wire.bus import Message
from readers.wire.delta import Delta
from readers.wire.snapshot import Snapshot, at_doors
from readers.wire.topics import Topics


class Publication(msgspec.Struct, frozen=True):
    """What to put on the bus, in order. Once it is there, say so: `Publisher.has_gone_out`."""

    version: int
    messages: tuple[Message, ...]


class Publisher:
    """Makes snapshots and deltas. `scopes` says which doors hang on which source."""

    def __init__(
        self,
        database: Database,
        building: Building,
        rulebook: Rulebook,
        scopes: Mapping[SourceId, Sequence[DoorId]],
        key: Ed25519PrivateKey,
    ) -> None:
        self._database, self._site, self._rulebook, self._key = database, building.site, rulebook, key
        self._topics = Topics(building.site)
        self._buildings = {source: building.subset(doors) for source, doors in scopes.items() if doors}

    @property
    def public_key(self) -> Ed25519PublicKey:
        """Return what door computers verify snapshots and deltas with."""
        return self._key.public_key()

    @property
    def sources(self) -> Mapping[SourceId, Building]:
        """Return the sources that rights go to, each with its part of the building."""
        return self._buildings

    def version(self) -> int:
        """Return the version of the rights that are committed now."""
        with self._database.reading() as session:
            return publications.newest(session)

    def roster(self) -> Roster:
        """Return everybody and every badge, as doors would know them now."""
        with self._database.reading() as session:
            return _read_roster(session)

    def holders(self) -> Generator[Person | Badge, None, None]:
        """Yield everybody, then every badge, as doors would know them now: for whoever keeps less of them."""
        with self._database.reading() as session:
            yield from holders.people(session)
            yield from holders.badges(session)

    def publish(self, at: datetime) -> Publication:
        """Return the retained snapshots that bring every source up to date, under one new version."""
        with self._database.writing() as session:
            return self._whole(session, at)

    def refresh(self, at: datetime) -> Publication:
        """Return the retained snapshots of the version in force, for whoever will ask the bus for the first time."""
        with self._database.writing() as session:
            version = site.locked(session).publication
            return Publication(version, self._snapshots(session, version, at, tuple(self._buildings)))

    def changes(self, at: datetime) -> Publication | None:
        """Return the delta that brings all sources from what went out to what is committed; None if that is all.

        Where the newest snapshots did not go out, they are made anew: whoever made them is gone.
        """
        with self._database.writing() as session:
            row = site.locked(session)
            if row.publication <= row.published:
                return None
            if row.published < row.deltas_from:
                return self._whole(session, at)
            delta = self._delta(session, row.published, row.publication, at)
        message = Message(self._topics.changes(), change.sign(delta, self._key))
        return Publication(delta.version, (message,))

    def missing(self, source: SourceId, version: int | None, at: datetime) -> Publication | None:
        """Return what a source at `version` lacks: a delta, or a snapshot where none reaches so far back."""
        with self._database.writing() as session:
            row = site.locked(session)
            if version is not None and version >= row.publication:
                return None
            if version is None or version < row.deltas_from:
                snapshots = self._snapshots(session, row.publication, at, (source,))
                return Publication(row.publication, snapshots)
            delta = self._delta(session, version, row.publication, at)
        message = Message(self._topics.missing(source), change.sign(delta, self._key))
        return Publication(delta.version, (message,))

    def since(self, version: int, at: datetime) -> Delta | None:
        """Return what changed after a version, unsigned, for a decider in this process; None: load everything anew."""
        with self._database.writing() as session:
            row = site.locked(session)
            if version < row.deltas_from:
                return None
            return self._delta(session, version, row.publication, at)

    def has_gone_out(self, publication: Publication) -> None:
        """Note that a publication is on the bus, so that the next one need not say it again."""
        with self._database.writing() as session:
            publications.has_gone_out(session, publication.version)

    def first_after(self, version: int) -> datetime | None:
        """Return when the first rights newer than `version` came to be; None if there are none."""
        with self._database.reading() as session:
            return publications.first_after(session, version)

    def _whole(self, session: Session, at: datetime) -> Publication:
        version = publications.next_whole_version(session, at)
        messages = self._snapshots(session, version, at, tuple(self._buildings))
        digests = {
            source: hashlib.sha256(message.payload).hexdigest()
            for source, message in zip(self._buildings, messages, strict=True)
        }
        publications.note(session, version, at, digests)
        return Publication(version, messages)

    def _snapshots(
        self, session: Session, version: int, at: datetime, sources: Sequence[SourceId]
    ) -> tuple[Message, ...]:
        roster, policy, epoch = _read_roster(session), self._rulebook.policy, terms.epoch(session)
        return tuple(
            Message(
                self._topics.snapshot(source),
                wire.sign(
                    Snapshot(source, version, at, part, policy, _for_doors(roster, part), epoch),
                    self._key,
                ),
                retain=True,
            )
            for source in sources
            for part in (self._buildings[source],)
        )

    def _delta(self, session: Session, after: int, version: int, at: datetime) -> Delta:
        changed = changes.since(session, after)
        known = people.some(session, changed.people)
        cards = badges.some(session, changed.badges)
        return Delta(
            self._site,
            after,
            version,
            at,
            tuple(pins.with_pins(session, [person.as_known_at_doors() for person in known])),
            tuple(badge.as_known_at_doors() for badge in cards),
            tuple(sorted({*changed.people} - {person.id for person in known})),
            tuple(sorted({*changed.badges} - {badge.id for badge in cards})),
            terms.epoch(session),
        )


def _read_roster(session: Session) -> Roster:
    """Return everybody and every badge."""
    return Roster.of(pins.with_pins(session, people.everyone(session)), badges.everything(session))


def _for_doors(roster: Roster, part: Building) -> Roster:
    special = [person for person in roster.people.values() if person.grants or person.pin is not UNSET]
    less = {person.id: at_doors(person, part) for person in special}
    return msgspec.structs.replace(roster, people=roster.people | less) if less else roster
